//! Keeping the broker's exchanges, queues and bindings as the catalogue asks for.
//!
//! Administration has a connection of its own: on one that publishes, every call hangs while the broker holds
//! publishers back (<https://www.rabbitmq.com/docs/connection-blocked>).

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use super::Options;
use crate::topology::Topology;

mod address;
mod declaring;
mod management;
mod repairing;
mod session;
mod trouble;
mod words;

pub use address::Address;
pub use management::{Management, ManagementError};
pub use repairing::{Applied, Recreate, apply, inspect};
pub use trouble::Trouble;

use declaring::{Declared, declare};
use session::Session;

/// Makes what is missing on the broker.
pub(super) struct Administration {
    options: Options,
    begun: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    session: Option<Session>,
    last: Option<(u64, Result<(), Trouble>)>,
}

impl Administration {
    pub(super) fn new(options: Options) -> Self {
        Self { options, begun: AtomicU64::new(0), state: Mutex::default() }
    }

    /// Declares what is missing, one caller at a time; a caller that waited for a run that began after its call shares
    /// that run's result.
    ///
    /// # Errors
    /// [`Trouble`]. After [`Trouble::Different`] everything else is made; after [`Trouble::Recovery`] nothing is.
    pub(super) async fn ensure(&self) -> Result<(), Trouble> {
        let called = self.begun.load(Ordering::SeqCst);
        let mut state = self.state.lock().await;
        if let Some((run, result)) = &state.last
            && *run > called
        {
            return result.clone();
        }
        let run = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let result = match self.run(&mut state.session).await {
            Ok(declared) if declared.differences.is_empty() => Ok(()),
            Ok(declared) => Err(Trouble::Different(declared.differences)),
            Err(trouble) => Err(trouble),
        };
        state.last = Some((run, result.clone()));
        result
    }

    /// The session goes back into its place only when it is known to be sound: not when this fails, nor when it is
    /// dropped half way.
    async fn run(&self, place: &mut Option<Session>) -> Result<Declared, Trouble> {
        let mut session = match place.take().filter(Session::connected) {
            Some(session) => session,
            None => Session::open(&self.options.url).await?,
        };
        let declared = declare(&mut session, &Topology::of_catalogue(), &self.options.recover).await?;
        *place = Some(session);
        Ok(declared)
    }
}

#[cfg(test)]
pub(super) mod tests;
