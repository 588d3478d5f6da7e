//! What a service's actor is made of: commands that change its rows in a transaction, and queries that read them.
//!
//! ```text
//! Request { caller, command } --> actor --> database thread: command.run(transaction, context) --> answer
//! ```

use actix::{Message, ResponseFuture};
use chrono_tz::Tz;
use uuid::Uuid;

use crate::access::Caller;
use crate::cache::CacheClient;
use crate::clock::{Clock, Ids};
use crate::database::{self, Database, DatabaseConnection, Transaction};
use crate::event_store::Origin;

/// What the services of one installation share.
#[derive(Clone)]
pub struct Campus {
    /// Where rows and events are stored.
    pub database: Database,
    /// Where what was read is kept.
    pub cache: CacheClient,
    /// The time.
    pub clock: Clock,
    /// The zone of opening hours, recurrences and display.
    pub time_zone: Tz,
}

/// The circumstances of a request.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who asks.
    pub caller: Caller,
    /// When, and the marks that its events carry.
    pub origin: Origin,
    /// The campus time zone.
    pub time_zone: Tz,
}

/// Something that changes a service's state.
pub trait Command: Send + 'static {
    /// The actor that runs it.
    type Service;
    /// What the caller gets.
    type Answer: Send + 'static;
    /// Why it may be refused.
    type Refusal: From<database::Error> + Send + 'static;

    /// What it is going to lock, as far as it is known before it begins: that saves a message to the database.
    fn locks(&self, _context: &Context) -> Vec<Uuid> {
        Vec::new()
    }

    /// Lock, decide, save, append, answer.
    ///
    /// # Errors
    /// The refusal; the transaction is rolled back.
    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Self::Answer, Self::Refusal>;
}

/// Something that reads a service's state.
pub trait Query: Send + 'static {
    /// The actor that answers it.
    type Service;
    /// What the caller gets.
    type Answer: Send + 'static;
    /// Why it may be refused.
    type Refusal: From<database::Error> + Send + 'static;

    /// Reads and answers.
    ///
    /// # Errors
    /// The refusal.
    fn run(self, connection: &mut DatabaseConnection, context: &Context) -> Result<Self::Answer, Self::Refusal>;
}

/// A command on its way to its actor.
#[derive(Debug, Clone)]
pub struct Request<C> {
    /// Who asks.
    pub caller: Caller,
    /// What is asked for.
    pub command: C,
}

impl<C: Command> Message for Request<C> {
    type Result = Result<C::Answer, C::Refusal>;
}

/// A query on its way to its actor.
#[derive(Debug, Clone)]
pub struct Question<Q> {
    /// Who asks.
    pub caller: Caller,
    /// What is asked.
    pub query: Q,
}

impl<Q: Query> Message for Question<Q> {
    type Result = Result<Q::Answer, Q::Refusal>;
}

impl Campus {
    fn context(&self, caller: Caller) -> Context {
        let origin = Origin {
            now: self.clock.now(),
            ids: Ids,
            actor: caller.user_id,
            correlation_id: caller.correlation_id,
            causation_id: None,
            traceparent: caller.traceparent.clone(),
        };
        Context { caller, origin, time_zone: self.time_zone }
    }

    /// Runs a command on a database thread.
    pub(crate) fn execute<C: Command>(&self, request: Request<C>) -> ResponseFuture<Result<C::Answer, C::Refusal>> {
        let (database, context) = (self.database.clone(), self.context(request.caller));
        let locks = request.command.locks(&context);
        Box::pin(async move {
            database.write_holding(&locks, move |transaction| request.command.run(transaction, &context)).await
        })
    }

    /// Runs a query on a database thread.
    pub(crate) fn answer<Q: Query>(&self, question: Question<Q>) -> ResponseFuture<Result<Q::Answer, Q::Refusal>> {
        let (database, context) = (self.database.clone(), self.context(question.caller));
        Box::pin(async move { database.read(move |connection| question.query.run(connection, &context)).await })
    }
}

/// Makes a struct with a `campus` field the actor of its service's commands and queries. A method that is named is called
/// with the context whenever the actor begins to run.
macro_rules! service_actor {
    ($Service:ident $(, $begin:ident)?) => {
        impl actix::Actor for $Service {
            type Context = actix::Context<Self>;

            $(fn started(&mut self, context: &mut Self::Context) {
                self.$begin(context);
            })?
        }

        impl<C: $crate::service::Command<Service = $Service>> actix::Handler<$crate::service::Request<C>> for $Service {
            type Result = actix::ResponseFuture<Result<C::Answer, C::Refusal>>;

            fn handle(&mut self, request: $crate::service::Request<C>, _: &mut Self::Context) -> Self::Result {
                self.campus.execute(request)
            }
        }

        impl<Q: $crate::service::Query<Service = $Service>> actix::Handler<$crate::service::Question<Q>> for $Service {
            type Result = actix::ResponseFuture<Result<Q::Answer, Q::Refusal>>;

            fn handle(&mut self, question: $crate::service::Question<Q>, _: &mut Self::Context) -> Self::Result {
                self.campus.answer(question)
            }
        }
    };
}
pub(crate) use service_actor;

/// Makes a service's actor a consumer of the events that the catalogue sends to it.
macro_rules! event_consumer {
    ($Service:ident) => {
        impl actix::Handler<$crate::wiring::Deliver> for $Service {
            type Result = actix::ResponseFuture<Result<$crate::wiring::Handled, $crate::wiring::HandlingError>>;

            fn handle(&mut self, event: $crate::wiring::Deliver, _: &mut Self::Context) -> Self::Result {
                let campus = &self.campus;
                $crate::handling::handle(&campus.database, &campus.clock, amqp::Service::$Service, event)
            }
        }

        impl actix::Handler<$crate::wiring::DeliverBatch> for $Service {
            type Result = actix::ResponseFuture<Result<Vec<bool>, $crate::wiring::HandlingError>>;

            fn handle(&mut self, batch: $crate::wiring::DeliverBatch, _: &mut Self::Context) -> Self::Result {
                let campus = &self.campus;
                $crate::handling::handle_batch(&campus.database, &campus.clock, amqp::Service::$Service, batch)
            }
        }
    };
}
pub(crate) use event_consumer;
