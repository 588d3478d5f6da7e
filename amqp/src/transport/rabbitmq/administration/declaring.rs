//! Making what is missing.

use super::session::{Answer, Session};
use super::trouble::Trouble;
use super::words::what_differs;
use crate::topology::{Difference, Topology};
use crate::transport::rabbitmq::Recover;

/// What came of declaring.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Declared {
    /// The queues that were missing and are made.
    pub made: Vec<String>,
    /// What could not be made because another thing has its name.
    pub differences: Vec<Difference>,
}

/// Declares everything; what is wrong keeps nothing else from being made.
pub(super) async fn declare(
    session: &mut Session,
    topology: &Topology,
    recover: &Recover,
) -> Result<Declared, Trouble> {
    let mut declared = Declared::default();
    let unusable = look_for_queues(session, topology, &mut declared).await?;
    recover_content(topology, &declared.made, recover).await?;
    for exchange in &topology.exchanges {
        match session.declare_exchange(exchange).await? {
            Answer::Done(()) => {}
            Answer::Different(said) | Answer::NotFound(said) => {
                declared.differences.push(Difference::wrong_exchange(exchange.name, what_differs(&said)));
            }
        }
    }
    for queue in topology.queues.iter().filter(|queue| !unusable.contains(&queue.name)) {
        match session.declare_queue(queue).await? {
            Answer::Done(_) => {}
            Answer::Different(said) => {
                declared.differences.push(Difference::wrong_queue(&queue.name, what_differs(&said)));
            }
            Answer::NotFound(said) => return Err(Trouble::Unavailable(said)),
        }
    }
    for binding in topology.bindings.iter().filter(|binding| !unusable.contains(&binding.queue)) {
        match session.bind(binding).await? {
            Answer::Done(()) => {}
            // Somebody deleted one of its ends just now, or locked the queue; the next attempt sees which.
            Answer::NotFound(said) | Answer::Different(said) => return Err(Trouble::Unavailable(said)),
        }
    }
    Ok(declared)
}

/// Looks which queues are missing, before anything is made. Returns those that exist and cannot be used.
async fn look_for_queues(
    session: &mut Session,
    topology: &Topology,
    declared: &mut Declared,
) -> Result<Vec<String>, Trouble> {
    let mut unusable = Vec::new();
    for queue in &topology.queues {
        match session.look_for_queue(&queue.name).await? {
            Answer::Done(_) => {}
            Answer::NotFound(said) if is_missing(&said) => declared.made.push(queue.name.clone()),
            // With the same code the broker reports a queue whose node is down: its content is not lost.
            Answer::NotFound(said) => {
                declared.differences.push(Difference::unusable_queue(&queue.name, &said));
                unusable.push(queue.name.clone());
            }
            Answer::Different(said) => {
                declared.differences.push(Difference::wrong_queue(&queue.name, what_differs(&said)));
                unusable.push(queue.name.clone());
            }
        }
    }
    Ok(unusable)
}

pub(super) fn is_missing(said: &str) -> bool {
    said.contains("no queue") || said.contains("no exchange")
}

/// A queue that is missing was deleted with what was in it, or never was there, when nothing is to be put back.
pub(super) async fn recover_content(topology: &Topology, missing: &[String], recover: &Recover) -> Result<(), Trouble> {
    let mut services: Vec<_> = missing.iter().flat_map(|queue| topology.services_behind(queue)).collect();
    services.sort();
    services.dedup();
    if services.is_empty() {
        return Ok(());
    }
    recover(services).await.map_err(Trouble::Recovery)
}
