//! Retrying many letters: one first, and when that went well the others at a limited rate.
//!
//! ```text
//! canary --resolved--> running --nothing left--> done
//!    +-----failed----> stopped
//! ```
//!
//! A bulk retry is a row, so it goes on after a restart and its rate holds however many processes there are.

mod advance;
mod allowance;
mod get;
mod start;
mod store;

pub use get::GetBulkRetry;
pub use start::RetryDeadLetters;
pub use store::{BulkRetry, BulkState};

pub(super) use advance::{advance_all, any_active};
