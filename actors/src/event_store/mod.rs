//! The event store: an event exists if and only if the state change that it tells of was committed.
//!
//! [`append`] writes events and their outbox rows in the caller's transaction; the relay publishes what is in the
//! outbox and takes it out once confirmed; [`inbox`] makes a consumer's second handling of an event change nothing.

pub mod admission;
mod aggregate;
mod append;
pub mod executions;
mod history;
pub mod inbox;
mod origin;
pub mod outbox;
mod past;
pub mod recovery;
mod schema;
#[cfg(test)]
mod tests;

pub use aggregate::{Aggregate, AggregateEvent, Unfoldable, fold};
pub(crate) use aggregate::{aggregate_events, to_data};
pub use append::{Recorded, append, append_one};
pub use history::{EventFilter, StoredEvent, events_of, list};
pub use origin::Origin;
pub(crate) use past::{Past, insert_past, is_empty};
