//! The table as documents: what other programs and people rely on.
//!
//! The documents are committed, and a test compares them with what this module writes, so they are never out of date.

use std::path::PathBuf;

use crate::catalogue;
use crate::service::Service;

mod asyncapi;
mod event_bus;
mod schemas;

pub use asyncapi::{asyncapi, asyncapi_for};
pub use event_bus::event_bus;

/// Every generated document: its path, relative to the project's root, and its text.
pub fn files() -> Vec<(PathBuf, String)> {
    let mut files = vec![(PathBuf::from("asyncapi.yml"), asyncapi())];
    for service in Service::ALL.into_iter().filter(|&service| has_rows(service)) {
        let folder = PathBuf::from("docs/services").join(service.name());
        files.push((folder.join("EVENT_BUS.md"), event_bus(service)));
        files.push((folder.join("asyncapi.yml"), asyncapi_for(service)));
    }
    files
}

fn has_rows(service: Service) -> bool {
    catalogue::produced_by(service).next().is_some() || catalogue::consumed_by(service).next().is_some()
}

#[cfg(test)]
mod tests;
