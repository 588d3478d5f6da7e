//! Events that share a transaction. A batch decides nothing: what goes wrong in it has not happened, and whatever is not
//! plain is left to [`Handling::event`], which alone counts attempts and parks.

use std::ops::Range;
use std::sync::Arc;

use amqp::{Envelope, Service};

use super::{Handling, pause};
use crate::supervision::CallError;
use crate::wiring::{DeliverBatch, HandlingError};

/// How a shared transaction ended.
#[derive(Debug)]
enum Ended {
    /// Committed: whether each event is handled.
    Committed(Vec<bool>),
    /// Nobody had time, or the database was away: the same again.
    Later,
    /// One of the events does not go through.
    Spoilt,
    /// Something takes too long, perhaps for reasons that pass.
    Slow,
}

impl Handling {
    /// Whether `service` takes in events in batches.
    pub fn in_batches(&self, service: Service) -> bool {
        self.0.consumers.in_batches(service)
    }

    /// Handles events of different aggregates, none of them a suspect, in as few transactions as it takes. Answers whether
    /// each is handled; about the others nothing is known or noted, and they are for [`Handling::event`].
    pub async fn batch(&self, service: Service, events: &[Arc<Envelope>]) -> Vec<bool> {
        in_parts(events.len(), async |part| self.attempt_batch(service, events[part].to_vec()).await).await
    }

    async fn attempt_batch(&self, service: Service, events: Vec<Arc<Envelope>>) -> Ended {
        match self.0.consumers.deliver_batch(service, DeliverBatch { events }).await {
            Ok(Ok(handled)) => Ended::Committed(handled),
            Ok(Err(HandlingError::Storage(error))) if error.is_transient() => {
                if self.0.breaker.wait_for(&self.0.campus.database).await { Ended::Later } else { Ended::Slow }
            }
            Ok(Err(_)) | Err(CallError::Panicked { .. }) => Ended::Spoilt,
            Err(CallError::TimedOut { .. }) => Ended::Slow,
            Err(CallError::Overloaded { .. } | CallError::Stopped { .. }) => {
                pause().await;
                Ended::Later
            }
        }
    }
}

/// Attempts `count` events together, and in smaller and smaller parts where one spoils it for the others: a bad event
/// among many costs its neighbours a few transactions and not one each. Answers whether each is handled.
async fn in_parts(count: usize, mut attempt: impl AsyncFnMut(Range<usize>) -> Ended) -> Vec<bool> {
    let mut handled = vec![false; count];
    let mut parts: Vec<Range<usize>> = std::iter::once(0..count).collect();
    while let Some(part) = parts.pop() {
        match attempt(part.clone()).await {
            Ended::Committed(which) => handled[part].copy_from_slice(&which),
            Ended::Later => parts.push(part),
            Ended::Spoilt if part.len() > 1 => {
                let middle = part.start + part.len() / 2;
                parts.extend([middle..part.end, part.start..middle]);
            }
            Ended::Spoilt | Ended::Slow => {}
        }
    }
    handled
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::*;

    use super::*;

    fn run(count: usize, mut attempt: impl FnMut(Range<usize>) -> Ended) -> Vec<bool> {
        in_parts(count, async |part| attempt(part)).now_or_never().expect("nothing waits")
    }

    #[test]
    fn what_is_slow_is_not_tried_in_parts_and_what_nobody_had_time_for_is_tried_as_it_was() {
        let mut ends = vec![Ended::Slow, Ended::Later, Ended::Later];
        let mut parts = Vec::new();
        let handled = run(4, |part| {
            parts.push(part);
            ends.pop().expect("an end")
        });
        assert_eq!((handled, parts), (vec![false; 4], vec![0..4; 3]));
    }

    proptest! {
        /// Whichever events spoil it, each of the others is committed once, and none of them.
        #[test]
        fn a_bad_event_spoils_nothing_but_itself(bad in prop::collection::vec(prop::bool::weighted(0.1), 1..150)) {
            let (mut committed, mut attempts) = (vec![0; bad.len()], 0);
            let handled = run(bad.len(), |part| {
                attempts += 1;
                if bad[part.clone()].contains(&true) {
                    return Ended::Spoilt;
                }
                committed[part.clone()].iter_mut().for_each(|times| *times += 1);
                Ended::Committed(vec![true; part.len()])
            });
            let once: Vec<i32> = bad.iter().map(|bad| i32::from(!bad)).collect();
            prop_assert_eq!(&committed, &once);
            prop_assert_eq!(handled, bad.iter().map(|bad| !bad).collect::<Vec<_>>());
            let most = 1 + 2 * 8 * bad.iter().filter(|bad| **bad).count();
            prop_assert!(attempts <= most, "{attempts} attempts");
        }
    }
}
