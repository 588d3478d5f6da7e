//! Everything of Bookly that is supervised: the supervision kit, storage, the event path and one actor a service.
//!
//! This crate knows no HTTP. See ARCHITECTURE.md for how the parts fit together.

pub mod access;
pub mod auth;
pub mod availability;
pub mod bridge;
pub mod cache;
pub mod clock;
pub mod database;
pub mod dead_letters;
pub mod event_store;
pub mod handling;
pub mod idempotency;
pub mod imports;
mod recent;
pub mod relay;
pub mod reports;
pub mod resources;
pub mod sample_data;
pub mod service;
pub mod supervision;
pub mod violation;
pub mod wiring;

#[cfg(test)]
mod event_path_tests;
