//! Bookly: event-driven reservations for a university's rooms, labs and equipment.
//!
//! This crate is the edge and the assembly: command line, settings, HTTP, and the supervision tree that everything else
//! lives in. See ARCHITECTURE.md.

#![warn(clippy::print_stdout)]

pub mod app;
mod caching;
pub mod cli;
pub mod control;
pub mod demo;
pub mod http;
mod output;
pub mod serving;
pub mod settings;
mod stopping;
mod telemetry;
