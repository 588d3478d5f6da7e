//! What an operator does to a broker that is not as it must be.

use lapin::types::{AMQPValue, FieldTable};
use serde::Serialize;
use serde_json::Value;

use super::declaring::{declare, is_missing, recover_content};
use super::session::{Answer, Session};
use super::trouble::Trouble;
use super::words::what_differs;
use crate::topology::{Difference, Live, LiveBinding, Problem, Subject, Topology, stale_bindings};
use crate::transport::rabbitmq::Options;

/// What happens to a queue or an exchange that is another one than it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recreate {
    /// It stays.
    Never,
    /// It is deleted and made anew when nothing is lost with it: a queue that is empty and that nobody consumes from,
    /// an exchange that nothing is bound to.
    WhenUnused,
    /// It is deleted with all that is in it or bound to it, and made anew. Events of ours that are lost with it are
    /// put back into the outbox; what other programs published is gone.
    Always,
}

/// What was done, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Queues that were missing and are made.
    pub made: Vec<String>,
    /// Bindings that nobody handles any more and that are gone.
    pub unbound: Vec<Subject>,
    /// What was deleted and made anew.
    pub recreated: Vec<Subject>,
    /// What is still not as it must be, as far as it shows without the management API.
    pub remaining: Vec<Difference>,
}

/// Makes what is missing and, with `live` from the management API, unbinds what the catalogue does not have any more.
///
/// Whether a queue is empty is asked before it is deleted, because quorum queues cannot be deleted on that condition
/// (<https://www.rabbitmq.com/docs/quorum-queues>): a message that arrives in between goes with it, and is put back
/// when it was an event of ours.
///
/// # Errors
/// [`Trouble`], but never [`Trouble::Different`]: what differs is in the answer.
pub async fn apply(options: &Options, live: Option<&Live>, recreate: Recreate) -> Result<Applied, Trouble> {
    let topology = Topology::of_catalogue();
    let mut session = Session::open(&options.url).await?;
    let mut applied = Applied::default();
    // Events whose binding was missing went elsewhere. Asked twice: nothing may change before it has worked once, and
    // what was published in between could miss the binding again.
    let unbound = live.map(|live| unbound_queues(&topology, live)).unwrap_or_default();
    recover_content(&topology, &unbound, &options.recover).await?;
    let mut declared = declare(&mut session, &topology, &options.recover).await?;
    applied.made = declared.made;
    recover_content(&topology, &unbound, &options.recover).await?;
    for binding in live.iter().flat_map(|live| stale_bindings(&topology, live)) {
        if is_ours(&topology, binding) && unbind(&mut session, binding).await? {
            applied.unbound.push(Subject::of_binding(&binding.source, &binding.destination, &binding.routing_key));
        }
    }
    if recreate != Recreate::Never && !declared.differences.is_empty() {
        applied.recreated = delete(&mut session, &topology, &mut declared.differences, recreate).await?;
        let kept = std::mem::take(&mut declared.differences);
        declared.differences = declare(&mut session, &topology, &options.recover).await?.differences;
        prefer(&kept, &mut declared.differences);
    }
    session.close().await;
    applied.remaining = declared.differences;
    Ok(applied)
}

/// Compares over AMQP alone, which shows exchanges and queues but no bindings and no policies. Changes nothing.
///
/// # Errors
/// [`Trouble`], but never [`Trouble::Different`].
pub async fn inspect(url: &str) -> Result<Vec<Difference>, Trouble> {
    let topology = Topology::of_catalogue();
    let mut session = Session::open(url).await?;
    let mut differences = Vec::new();
    for exchange in &topology.exchanges {
        // To declare what is there changes nothing: the broker only compares.
        let answer = match session.look_for_exchange(exchange).await? {
            Answer::Done(()) => session.declare_exchange(exchange).await?,
            other => other,
        };
        match answer {
            Answer::Done(()) => {}
            Answer::NotFound(_) => differences.push(Difference::missing_exchange(exchange.name)),
            Answer::Different(said) => {
                differences.push(Difference::wrong_exchange(exchange.name, what_differs(&said)));
            }
        }
    }
    for queue in &topology.queues {
        let answer = match session.look_for_queue(&queue.name).await? {
            Answer::Done(_) => session.declare_queue(queue).await?,
            other => other,
        };
        match answer {
            Answer::Done(_) => {}
            Answer::NotFound(said) if is_missing(&said) => differences.push(Difference::missing_queue(&queue.name)),
            Answer::NotFound(said) => differences.push(Difference::unusable_queue(&queue.name, &said)),
            Answer::Different(said) => differences.push(Difference::wrong_queue(&queue.name, what_differs(&said))),
        }
    }
    session.close().await;
    Ok(differences)
}

/// The queues that exist and lack a binding.
fn unbound_queues(topology: &Topology, live: &Live) -> Vec<String> {
    let differences = crate::topology::compare(topology, live);
    let queues = differences.into_iter().filter_map(|difference| match difference {
        Difference { subject: Subject::Binding { queue, .. }, problem: Problem::Missing, .. } => Some(queue),
        _ => None,
    });
    queues.collect()
}

fn is_ours(topology: &Topology, binding: &LiveBinding) -> bool {
    topology.exchanges.iter().any(|exchange| exchange.name == binding.source)
}

/// Whether it could be unbound: the broker wants the very arguments, of which only simple ones can be given back.
async fn unbind(session: &mut Session, binding: &LiveBinding) -> Result<bool, Trouble> {
    let mut arguments = FieldTable::default();
    for (name, value) in &binding.arguments {
        let value = match value {
            Value::String(text) => AMQPValue::LongString(text.as_str().into()),
            Value::Bool(flag) => AMQPValue::Boolean(*flag),
            _ => return Ok(false),
        };
        arguments.insert(name.as_str().into(), value);
    }
    let (queue, exchange) = (&binding.destination, &binding.source);
    Ok(matches!(session.unbind(queue, exchange, &binding.routing_key, arguments).await?, Answer::Done(())))
}

/// Deletes what is wrong and may go. What may not go stays in `differences`, with the reason.
async fn delete(
    session: &mut Session,
    topology: &Topology,
    differences: &mut [Difference],
    recreate: Recreate,
) -> Result<Vec<Subject>, Trouble> {
    let mut deleted: Vec<Subject> = Vec::new();
    for difference in differences.iter_mut().filter(|difference| difference.problem == Problem::Wrong) {
        let subject = difference.subject.clone();
        let kept = match &subject {
            Subject::Queue { name } => delete_queue(session, name, recreate).await?,
            Subject::Exchange { name } => delete_exchange(session, topology, name, recreate).await?,
            Subject::Binding { .. } => continue,
        };
        match kept {
            None => deleted.push(subject),
            Some(mend) => difference.mend = mend,
        }
    }
    Ok(deleted)
}

/// Deletes a queue, or says why not.
async fn delete_queue(session: &mut Session, name: &str, recreate: Recreate) -> Result<Option<String>, Trouble> {
    if let (Recreate::WhenUnused, Answer::Done(queue)) = (recreate, session.look_for_queue(name).await?) {
        let (messages, consumers) = (queue.message_count(), queue.consumer_count());
        if messages > 0 || consumers > 0 {
            return Ok(Some(format!(
                "it was not made anew, because it is in use (messages in it: {messages}, consumers: {consumers}): let \
                 it drain and stop them, or add --force (events of Bookly are published again, messages of other \
                 programs are lost)"
            )));
        }
    }
    Ok(match session.delete_queue(name).await? {
        Answer::Done(_) => None,
        Answer::NotFound(said) if is_missing(&said) => None,
        Answer::NotFound(said) | Answer::Different(said) => Some(format!("it could not be deleted: {said}")),
    })
}

/// Deletes an exchange, or says why not. Our own queues do not count as users of it.
async fn delete_exchange(
    session: &mut Session,
    topology: &Topology,
    name: &str,
    recreate: Recreate,
) -> Result<Option<String>, Trouble> {
    if recreate == Recreate::WhenUnused {
        for binding in topology.bindings.iter().filter(|binding| binding.exchange == name) {
            session.unbind(&binding.queue, name, binding.routing_key, FieldTable::default()).await?;
        }
    }
    Ok(match session.delete_exchange(name, recreate == Recreate::WhenUnused).await? {
        Answer::Done(()) => None,
        Answer::NotFound(said) if is_missing(&said) => None,
        Answer::NotFound(said) | Answer::Different(said) => {
            Some(format!("it was not made anew: {said}; --force deletes it with what other programs bound to it"))
        }
    })
}

/// Of two reports of the same subject, the one that tells why it was kept.
fn prefer(kept: &[Difference], differences: &mut [Difference]) {
    for difference in differences {
        if let Some(earlier) = kept.iter().find(|earlier| earlier.subject == difference.subject) {
            *difference = earlier.clone();
        }
    }
}
