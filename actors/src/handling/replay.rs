//! Dead letters that are tried again.

use std::sync::Arc;

use amqp::{Envelope, Service, catalogue};

use super::attempt::Attempt;
use super::{Delivered, Handling, pause};
use crate::dead_letters::{self, Failure, Letter, Reason, Replay, Replayed};
use crate::event_store::executions;
use crate::wiring::{Course, Deliver, Handled};

impl Handling {
    /// How the dead-letter actor has a letter handled again.
    pub fn replay(&self) -> Replay {
        let handling = self.clone();
        Arc::new(move |letter| {
            let handling = handling.clone();
            Box::pin(async move { handling.replayed(letter).await })
        })
    }

    async fn replayed(&self, letter: Letter) -> Result<Replayed, Failure> {
        let event = Envelope::parse(&letter.envelope)
            .map_err(|error| Failure::Hopeless { reason: Reason::Malformed, error: error.to_string() })?;
        let event = Arc::new(event);
        match letter.consumer.parse() {
            Ok(service) => self.once_more(service, &letter, event).await,
            Err(_) => self.to_its_consumers(&letter, event).await,
        }
    }

    /// One attempt: the policy, or the operator, says when there is another.
    async fn once_more(&self, service: Service, letter: &Letter, event: Arc<Envelope>) -> Result<Replayed, Failure> {
        let watched = self.watch(service, &event).await;
        let _alone = watched.map_err(|deaths| {
            let error = format!("the process died {deaths} times while it was handling this event");
            Failure::Hopeless { reason: Reason::Poison, error }
        })?;
        let result = loop {
            let (event, bytes) = (Arc::clone(&event), Some(Arc::from(letter.envelope.as_slice())));
            match self.attempt(service, Deliver { event, bytes, course: Course::Replayed(letter.id) }).await {
                Attempt::Settled(Handled::Before) => return Ok(Replayed::Before),
                Attempt::Settled(_) => return Ok(Replayed::Now),
                Attempt::Early(missing) => self.first(service, missing).await,
                Attempt::Interrupted => {}
                Attempt::Later => pause().await,
                Attempt::Failed(error) => break Err(Failure::Failed(error)),
                Attempt::Unreadable(error) => break Err(Failure::Hopeless { reason: Reason::Malformed, error }),
            }
        };
        let event_id = event.event_id;
        self.store(move |transaction, _| executions::end(transaction, service.name(), event_id)).await;
        result
    }

    /// What no queue was bound for goes to whoever consumes it by now.
    async fn to_its_consumers(&self, letter: &Letter, event: Arc<Envelope>) -> Result<Replayed, Failure> {
        let Some(entry) = catalogue::find(&event.event_type) else {
            let error = format!("the catalogue has no event \"{}\"", event.event_type);
            return Err(Failure::Hopeless { reason: Reason::UnknownType, error });
        };
        for &service in entry.consumers {
            let bytes = Some(Arc::from(letter.envelope.as_slice()));
            self.event(service, Delivered { event: Arc::clone(&event), bytes, suspect: true }).await;
        }
        let id = letter.id;
        self.store(move |transaction, now| dead_letters::handled(transaction, id, now)).await;
        Ok(Replayed::Now)
    }
}
