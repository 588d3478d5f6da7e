//! The resources service and the cache in front of it.

mod cached_walk;
mod round_trip;
mod transitions;
