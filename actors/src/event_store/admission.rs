//! Whether a delivered event is to be handled now: the road may repeat it, lose those before it, or carry one that
//! somebody made up.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use amqp::{Envelope, Service, catalogue};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable};

use super::append::{EVENT_COLUMNS, EventRow, envelope};
use super::schema::{events, inbox};
use crate::database::sql_types::{Id, SqlId};
use crate::database::{DatabaseConnection, Error, Parameter, Prepared, Transaction, each_engine};

/// What is to be done with a delivered event.
#[derive(Debug, Clone, PartialEq)]
pub enum Admission {
    /// It is next.
    Next,
    /// An earlier event of its aggregate is parked: it waits behind that one.
    Behind,
    /// Earlier events of its aggregate have not reached this consumer: they come first, in this order.
    After(Vec<Envelope>),
    /// Its aggregate's history is kept here and says something else: it was made up, or belongs to another installation.
    Contradicts(String),
}

/// The same in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Next,
    Behind,
    Early,
    Contradicts,
}

/// What the database knows about an event.
#[derive(Queryable)]
struct Found {
    recorded: Option<Id>,
    ours: bool,
    predecessor_handled: Option<bool>,
    blocked: bool,
}

/// The columns of [`Found`].
type FoundColumns = (Nullable<SqlId>, Bool, Nullable<Bool>, Bool);

/// The question to the database about one event, by consumer: one round trip.
static QUESTIONS: LazyLock<BTreeMap<Service, String>> =
    LazyLock::new(|| questions("(SELECT ? AS aggregate_id, ? AS version, 1 AS number) AS delivered"));

/// The same about many events, on PostgreSQL.
static QUESTIONS_ABOUT_MANY: LazyLock<BTreeMap<Service, String>> =
    LazyLock::new(|| questions("unnest(?, ?) WITH ORDINALITY AS delivered (aggregate_id, version, number)"));

/// `ours` is no EXISTS: about many events PostgreSQL might answer that by reading the whole table once.
fn questions(delivered: &str) -> BTreeMap<Service, String> {
    let question = |service: Service| {
        let (consumer, types) = (service.name(), consumed_types(service).join("', '"));
        format!(
            "SELECT
               (SELECT e.event_id FROM events e
                WHERE e.aggregate_id = delivered.aggregate_id AND e.version = delivered.version) AS recorded,
               (SELECT 1 FROM events e WHERE e.aggregate_id = delivered.aggregate_id LIMIT 1) IS NOT NULL AS ours,
               (SELECT EXISTS (SELECT 1 FROM inbox i
                               WHERE i.consumer = '{consumer}' AND i.event_id = predecessor.event_id)
                FROM (SELECT e.event_id FROM events e
                      WHERE e.aggregate_id = delivered.aggregate_id AND e.version < delivered.version
                        AND e.event_type IN ('{types}')
                      ORDER BY e.version DESC LIMIT 1) predecessor) AS predecessor_handled,
               EXISTS (SELECT 1 FROM dead_letters d
                       WHERE d.consumer = '{consumer}' AND d.aggregate_id = delivered.aggregate_id
                         AND d.version < delivered.version AND d.state <> 'resolved' AND d.ordered) AS blocked
             FROM {delivered} ORDER BY delivered.number"
        )
    };
    Service::ALL.into_iter().map(|service| (service, question(service))).collect()
}

fn consumed_types(service: Service) -> Vec<&'static str> {
    catalogue::consumed_by(service).map(|entry| entry.event_type).collect()
}

impl Found {
    fn verdict(&self, event: &Envelope) -> Verdict {
        let known = self.recorded.is_some_and(|recorded| recorded.0 == event.event_id);
        match self {
            Self { ours: true, .. } if !known => Verdict::Contradicts,
            Self { blocked: true, .. } => Verdict::Behind,
            Self { predecessor_handled: Some(false), .. } => Verdict::Early,
            _ => Verdict::Next,
        }
    }
}

/// What is to be done with `event` at `service`.
///
/// # Errors
/// When a query fails.
pub fn admit(transaction: &mut Transaction<'_>, service: Service, event: &Envelope) -> Result<Admission, Error> {
    let connection = transaction.connection();
    let found = ask(connection, service, event)?;
    Ok(match found.verdict(event) {
        Verdict::Next => Admission::Next,
        Verdict::Behind => Admission::Behind,
        Verdict::Early => Admission::After(missing(connection, service, event)?),
        Verdict::Contradicts => Admission::Contradicts(contradiction(event, found.recorded)),
    })
}

/// Which of `events`, each of another aggregate, are next at `service`; in their order.
///
/// # Errors
/// When a query fails.
pub fn are_next(
    transaction: &mut Transaction<'_>,
    service: Service,
    events: &[Arc<Envelope>],
) -> Result<Vec<bool>, Error> {
    let found = ask_about_many(transaction.connection(), service, events)?;
    if found.len() != events.len() {
        return Err(Error::Query(format!("{} answers about {} events", found.len(), events.len())));
    }
    Ok(found.iter().zip(events).map(|(found, event)| found.verdict(event) == Verdict::Next).collect())
}

fn ask(connection: &mut DatabaseConnection, service: Service, event: &Envelope) -> QueryResult<Found> {
    let aggregate = Parameter::<SqlId, _>::new(Id(event.aggregate_id));
    let version = Parameter::<BigInt, _>::new(event.version);
    each_engine!(connection, connection => {
        Prepared::<_, FoundColumns>::new(&QUESTIONS[&service], &[&aggregate, &version]).get_result(connection)
    })
}

/// SQLite has no arrays, and no round trips to save.
fn ask_about_many(
    connection: &mut DatabaseConnection,
    service: Service,
    events: &[Arc<Envelope>],
) -> QueryResult<Vec<Found>> {
    let DatabaseConnection::Postgres(connection) = connection else {
        return events.iter().map(|event| ask(connection, service, event)).collect();
    };
    let aggregates: Vec<Id> = events.iter().map(|event| Id(event.aggregate_id)).collect();
    let versions: Vec<i64> = events.iter().map(|event| event.version).collect();
    let aggregates = Parameter::<Array<SqlId>, _>::new(aggregates);
    let versions = Parameter::<Array<BigInt>, _>::new(versions);
    Prepared::<_, FoundColumns>::new(&QUESTIONS_ABOUT_MANY[&service], &[&aggregates, &versions]).load(connection)
}

fn contradiction(event: &Envelope, recorded: Option<Id>) -> String {
    let (version, aggregate) = (event.version, event.aggregate_id);
    match recorded {
        Some(Id(other)) => format!("version {version} of aggregate {aggregate} is event {other}, not this one"),
        None => format!("the history of aggregate {aggregate} is kept here and has no version {version}"),
    }
}

fn missing(connection: &mut DatabaseConnection, service: Service, event: &Envelope) -> Result<Vec<Envelope>, Error> {
    let types = consumed_types(service);
    let handled = inbox::table
        .filter(inbox::consumer.eq(service.name()))
        .filter(inbox::event_id.eq(events::event_id))
        .select(inbox::event_id);
    let rows: Vec<EventRow> = each_engine!(connection, connection => {
        events::table
            .filter(events::aggregate_id.eq(Id(event.aggregate_id)))
            .filter(events::version.lt(event.version))
            .filter(events::event_type.eq_any(&types))
            .filter(diesel::dsl::not(diesel::dsl::exists(handled)))
            .order(events::version)
            .select(EVENT_COLUMNS)
            .load(connection)
    })?;
    rows.into_iter().map(envelope).map(|row| row.map(|(_, envelope)| envelope)).collect()
}

/// Whether this very event is in the store.
///
/// # Errors
/// When the query fails.
pub fn is_ours(transaction: &mut Transaction<'_>, event: &Envelope) -> Result<bool, Error> {
    let found = events::table.filter(events::event_id.eq(Id(event.event_id))).select(events::position);
    Ok(found.get_result::<i64>(transaction.connection()).optional()?.is_some())
}
