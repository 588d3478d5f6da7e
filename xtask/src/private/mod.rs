//! Private servers: each test run gets its own, in a directory of its own, and none outlives the run.

mod directory;
pub mod keeper;
pub mod leftovers;
mod postgres;
mod rabbitmq;
