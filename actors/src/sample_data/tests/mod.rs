//! Tests of sample data.

mod laws;
mod storing;
