//! Messages that may kill the process: their handling is noted beforehand, and one that has been interrupted by a death
//! is handled while no other suspect is.

use amqp::{Envelope, Service};
use tokio::sync::MutexGuard;

use super::Handling;
use crate::event_store::executions;

/// Deaths during the handling of a message after which it is parked.
pub(super) const DEATHS: i32 = 3;

impl Handling {
    /// Notes that the handling of a suspect begins. The guard, when there is one, is to be held until it ends.
    ///
    /// # Errors
    /// The number of deaths, when they are too many: it is not to be handled.
    pub(super) async fn watch(&self, service: Service, event: &Envelope) -> Result<Option<MutexGuard<'_, ()>>, i32> {
        let deaths = self.deaths(service, event).await;
        if deaths >= DEATHS {
            return Err(deaths);
        }
        let alone = if deaths > 0 { Some(self.0.suspect.lock().await) } else { None };
        let event_id = event.event_id;
        self.store(move |transaction, now| executions::begin(transaction, service.name(), event_id, now)).await;
        Ok(alone)
    }

    async fn deaths(&self, service: Service, event: &Envelope) -> i32 {
        let (database, event_id) = (&self.0.campus.database, event.event_id);
        loop {
            let asked = database.read(move |connection| executions::unfinished(connection, service.name(), event_id));
            match asked.await {
                Ok(deaths) => return deaths,
                Err(error) => {
                    log::warn!("the deaths of event {event_id} cannot be read: {error}");
                    self.0.breaker.wait_for(database).await;
                    super::pause().await;
                }
            }
        }
    }
}
