//! Tidiness: what reviewers would otherwise have to say again and again.

pub mod code;
mod documents;
pub mod events;
mod migrations;
pub mod rule;
mod sizes;
pub mod tree;
mod words;
