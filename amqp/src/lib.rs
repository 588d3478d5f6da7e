//! What crosses Bookly's service boundaries, and how it travels.
//!
//! One table, [`catalogue`], says which event exists, who raises it and who consumes it. The published contract, the
//! broker's topology and the routes of both transports are derived from it, so none of them can disagree with it.
//!
//! | module | holds |
//! |---|---|
//! | [`service`] | the five services and their names |
//! | [`events`] | the payloads, one struct an event |
//! | [`envelope`] | what surrounds a payload on every road and in the event store |
//! | [`catalogue`] | the table |
//! | [`contract`] | table to AsyncAPI and Markdown |
//! | [`topology`] | table to exchanges, queues and bindings |
//! | [`transport`] | publishing and subscribing |
//! | [`retry`] | when a failed event is tried again |
//! | [`response`] | the answers of the event and realtime faces |
//!
//! This crate knows no actor, no database and no service.

pub mod catalogue;
pub mod contract;
pub mod envelope;
pub mod events;
pub mod response;
pub mod retry;
pub mod service;
pub mod topology;
pub mod transport;

pub use envelope::{Envelope, EnvelopeError, Metadata};
pub use events::Event;
pub use service::Service;
pub use transport::{Condition, Content, Delivery, PublishError, Source, Subscription, Transport};
