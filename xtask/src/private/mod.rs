//! Private servers: each test run gets its own, in a directory of its own, and none outlives the run.

mod ask;
mod directory;
pub mod keeper;
pub mod leftovers;
mod ports;
mod postgres;
mod rabbitmq;
mod redis;
mod tail;
