//! Each service over HTTP, on each engine.

mod access;
mod accounts;
mod cached_availability;
pub mod campus;
mod cli;
mod dead_letters;
mod events;
mod filling;
mod idempotency;
mod imports;
mod operations;
mod permissions;
mod reservation_rules;
mod reservations;
mod resource_forms;
mod resource_life_cycle;
mod resources;
mod search;
mod series;
mod topology;
