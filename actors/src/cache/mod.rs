//! The cache: what was read from the database once is kept in Redis, or within the process, until it is outdated.
//!
//! ```text
//! reader --> CacheClient --> Redis ----------------hit--> answer
//!                |  miss: lease, database, value in the lease's place
//! writer --> commit --> what its events outdate is forgotten --> answer
//! Cache (actor) --> opens Redis, closes it when it fails or is slow, pays what is owed, opens it again
//! ```
//!
//! It is never asked for a write, so it cannot cause a wrong booking. What keeps reads true:
//!
//! - *Leases* ([`entry`]): who began to read before a key was forgotten stores nothing.
//! - *Events say what is outdated* ([`invalidation`]): after each commit, before its answer; again by the relay when a process
//!   died in between; and by each consumer after its reaction, before it acknowledges.
//! - *Debts* ([`owed`]): what Redis could not be told to forget is owed. While Redis fails nobody here reads it, and
//!   before it is read again the debt is paid. A server that was started again may have come up with an old snapshot, so
//!   everything of ours in it is forgotten first ([`redis`]).
//! - *Epochs* ([`usage`]): the database notes how its cache was last used. What is in Redis from before a process did
//!   without it is forgotten first.
//!
//! What is left: a process that Redis cannot be reached from leaves its changes to the others' values for as long as that
//! lasts, at most their TTL, unless another process publishes its events.

mod access;
mod actor;
mod circuit;
mod client;
mod entry;
mod flights;
mod forgetting;
mod glance;
mod in_process;
pub mod invalidation;
mod key;
mod namespace;
mod owed;
mod pattern;
mod reading;
mod redis;
mod statistics;
mod store;
mod usage;

#[cfg(test)]
mod tests;

pub use actor::{Cache, ForgetPattern, GetStatistics};
pub use client::{CacheClient, Value};
pub use glance::{Glance, Sought};
pub use invalidation::Invalidation;
pub use key::{Family, Group, Key, Outdated};
pub use namespace::namespace;
pub use pattern::{Pattern, PatternError};
pub use statistics::{FamilyFigures, Statistics};
pub use usage::{Epoch, Usage, epoch};

/// Whether a Redis address can be meant.
///
/// # Errors
/// What is wrong with it.
pub fn check_url(url: &str) -> Result<(), String> {
    redis::Redis::check_url(url)
}
