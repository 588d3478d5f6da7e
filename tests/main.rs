//! The integration tests: one binary, so that it is linked once.
//!
//! `harness` starts real installations; `services` has one file a service, over HTTP; `journeys` tell stories of failure;
//! `contract`, `boundaries` and `tidy` hold the rules of the project itself.

#![expect(clippy::disallowed_methods, reason = "tests read their own environment and make their own identifiers")]

mod boundaries;
mod contract;
mod harness;
mod journeys;
mod services;
mod tidy;
