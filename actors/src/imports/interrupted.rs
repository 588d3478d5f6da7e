//! Imports that ended with the actor or the process that ran them.
//!
//! Several processes may work on one database. Each has a data directory of its own, with a lock on it, so what was left
//! unfinished from the same directory is certainly dead; of the others only long silence tells.

use std::time::Duration;

use actix::{AsyncContext, Context, WrapFuture};
use uuid::Uuid;

use super::{Error, Imports, store};
use crate::event_store::Origin;
use crate::service::Campus;

/// The pause after storage failed.
const PAUSE: Duration = Duration::from_secs(1);

impl Imports {
    /// Nobody goes on with an import that an earlier life of the actor began: whoever asks for it is told so, instead of
    /// waiting for ever.
    pub(super) fn close_interrupted(&mut self, context: &mut Context<Self>) {
        let (campus, directory) = (self.campus.clone(), self.directory);
        let origin = Origin::new(&campus.clock, None);
        let close = async move {
            while let Err(error) = close(&campus, directory, origin.clone()).await {
                log::warn!("interrupted imports could not be closed: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        };
        context.spawn(close.into_actor(self));
    }
}

async fn close(campus: &Campus, directory: Uuid, origin: Origin) -> Result<(), Error> {
    campus
        .database
        .write(move |transaction| {
            // Those that begin from now on are the actor's own.
            for mut report in store::interrupted(transaction.connection(), directory, origin.now)? {
                report.finished = true;
                report.error = Some(Error::BrokenOff("it was interrupted".to_owned()).to_string());
                store::save(transaction, &origin, &report)?;
            }
            Ok(())
        })
        .await
}
