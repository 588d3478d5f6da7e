//! Each service over HTTP, on each engine.

mod reservations;
