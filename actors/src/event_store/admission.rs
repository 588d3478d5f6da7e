//! Whether a delivered event is to be handled now: the road may repeat it, lose those before it, or carry one that
//! somebody made up.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use amqp::{Envelope, Service, catalogue};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};

use super::append::{EVENT_COLUMNS, EventRow, envelope};
use super::schema::{events, inbox};
use crate::database::sql_types::{Id, SqlId};
use crate::database::{DatabaseConnection, Error, Transaction, each_engine};

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
#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Nullable<SqlId>)]
    recorded: Option<Id>,
    #[diesel(sql_type = Bool)]
    ours: bool,
    #[diesel(sql_type = Nullable<Bool>)]
    predecessor_handled: Option<bool>,
    #[diesel(sql_type = Bool)]
    blocked: bool,
}

/// The question to the database about one event, by consumer: one round trip.
static QUESTIONS: LazyLock<BTreeMap<Service, String>> =
    LazyLock::new(|| Service::ALL.into_iter().map(|service| (service, question(service, "$1", "$2"))).collect());

/// The same about many events, on PostgreSQL.
static QUESTIONS_ABOUT_MANY: LazyLock<BTreeMap<Service, String>> = LazyLock::new(|| {
    let about_many = |service| {
        let question = question(service, "delivered.aggregate_id", "delivered.version");
        let delivered = "unnest($1, $2) WITH ORDINALITY AS delivered (aggregate_id, version, number)";
        format!("{question} FROM {delivered} ORDER BY delivered.number")
    };
    Service::ALL.into_iter().map(|service| (service, about_many(service))).collect()
});

/// `ours` is no EXISTS: about many events PostgreSQL might answer that by reading the whole table once.
fn question(service: Service, aggregate: &str, version: &str) -> String {
    let types = consumed_types(service).join("', '");
    format!(
        "SELECT
           (SELECT event_id FROM events WHERE aggregate_id = {aggregate} AND version = {version}) AS recorded,
           (SELECT 1 FROM events WHERE aggregate_id = {aggregate} LIMIT 1) IS NOT NULL AS ours,
           (SELECT EXISTS (SELECT 1 FROM inbox i WHERE i.consumer = $3 AND i.event_id = predecessor.event_id)
            FROM (SELECT event_id FROM events
                  WHERE aggregate_id = {aggregate} AND version < {version} AND event_type IN ('{types}')
                  ORDER BY version DESC LIMIT 1) predecessor) AS predecessor_handled,
           EXISTS (SELECT 1 FROM dead_letters d
                   WHERE d.consumer = $3 AND d.aggregate_id = {aggregate} AND d.version < {version}
                     AND d.state <> 'resolved' AND d.ordered) AS blocked"
    )
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
    diesel::sql_query(&QUESTIONS[&service])
        .bind::<SqlId, _>(Id(event.aggregate_id))
        .bind::<BigInt, _>(event.version)
        .bind::<Text, _>(service.name())
        .get_result(connection)
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
    diesel::sql_query(&QUESTIONS_ABOUT_MANY[&service])
        .bind::<Array<SqlId>, _>(events.iter().map(|event| Id(event.aggregate_id)).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(events.iter().map(|event| event.version).collect::<Vec<_>>())
        .bind::<Text, _>(service.name())
        .load(connection)
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
    Ok(found.first::<i64>(transaction.connection()).optional()?.is_some())
}
