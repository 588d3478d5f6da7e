//! What stands in the cache at a key: a value, or the lease of a reader that is about to bring one.
//!
//! Leases are what Nishtala et al., "Scaling Memcache at Facebook" (NSDI 2013), section 3.2.1, describe: a reader that
//! misses leaves its lease at the key *before* it reads the database, and its value is stored only in the place of this
//! very lease. Forgetting a key takes away whatever stands there, so a reader that began before cannot put back what it
//! read.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::key::{Group, Key};
use crate::clock::Ids;

/// How long a reader may take to bring its value.
pub(super) const LEASE: Duration = Duration::from_secs(5);
/// The most bytes that a value may have. A longer one is read from the database each time; one that stands in Redis is
/// not ours.
pub(super) const LONGEST: usize = 1024 * 1024;
/// What no JSON value begins with.
const MARK: &[u8] = b"lease:";

/// Where something stands: the name of its key and its group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub key: String,
    pub group: Option<Group>,
}

impl<T> From<&Key<T>> for Place {
    fn from(key: &Key<T>) -> Self {
        Self { key: key.name.clone(), group: key.group.clone() }
    }
}

/// A reader's leave to store a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lease(Arc<[u8]>);

impl Lease {
    pub fn new() -> Self {
        Self(format!("lease:{}", Ids.next()).into_bytes().into())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Nothing,
    Value(Arc<[u8]>),
    Leased(Lease),
}

impl Content {
    pub fn read(bytes: Option<Vec<u8>>) -> Self {
        match bytes {
            None => Self::Nothing,
            // Nobody takes an empty text for a value.
            Some(bytes) if bytes.len() > LONGEST => Self::Value(Arc::default()),
            Some(bytes) if bytes.starts_with(MARK) => Self::Leased(Lease(bytes.into())),
            Some(bytes) => Self::Value(bytes.into()),
        }
    }
}

/// What came of asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is ours.
    Ours(Lease),
    /// Another reader has one.
    Theirs(Lease),
    /// Meanwhile somebody has stored the value.
    Value(Arc<[u8]>),
}

impl Taken {
    /// From what stood there: nothing when the lease was granted.
    pub fn instead_of(content: Content, lease: Lease) -> Self {
        match content {
            Content::Nothing => Self::Ours(lease),
            Content::Leased(theirs) => Self::Theirs(theirs),
            Content::Value(bytes) => Self::Value(bytes),
        }
    }
}

/// A name that no other lease, stamp or test has.
pub(super) fn unique() -> Uuid {
    Ids.next()
}
