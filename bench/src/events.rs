//! Events as Bookly would have raised them, made beforehand and put into its store by SQL.

use std::time::SystemTime;

use amqp::events::{CategoryUpdated, ReservationCreated};
use amqp::{Envelope, Event, Metadata};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, Text};
use diesel::{PgConnection, RunQueryDsl, sql_query};
use serde_json::json;
use uuid::{Builder, Uuid};

use crate::Outcome;

/// Envelopes that one statement inserts.
const AT_ONCE: usize = 5_000;

/// An event that no service consumes, as it travels.
///
/// # Errors
/// When the payload is not what the catalogue has.
pub fn category_updated(number: usize) -> Outcome<String> {
    let text = |word: &str| format!("Laboratories that several programs use for {word} {number}, by arrangement");
    let event: CategoryUpdated = serde_json::from_value(json!({
        "categoryId": id(),
        "changes": {"name": format!("Laboratories {number}"), "description": text("practical work")},
        "previousValues": {"name": format!("Rooms {number}"), "description": text("examinations")},
        "updatedBy": id(),
    }))?;
    travelling(&event)
}

/// A reservation, as it travels.
///
/// # Errors
/// When the payload is not what the catalogue has.
pub fn reservation_created(number: usize) -> Outcome<String> {
    let start = DateTime::from(SystemTime::now()) + TimeDelta::hours(i64::try_from(number % 500)?);
    let event = ReservationCreated {
        reservation_id: id(),
        resource_id: id(),
        user_id: id(),
        start_time: start,
        end_time: start + TimeDelta::hours(1),
        purpose: Some(format!("Practical work of group {number}")),
        created_by: id(),
        series_id: None,
        program_id: Some(id()),
        duration_minutes: 60,
        participants: Vec::new(),
        requires_approval: false,
    };
    travelling(&event)
}

fn travelling<E: Event>(event: &E) -> Outcome<String> {
    let metadata = Metadata {
        traceparent: Some(format!("00-{:032x}-{:016x}-01", fastrand::u128(1..), fastrand::u64(1..))),
        actor: Some(id()),
        ..Metadata::new(id())
    };
    let envelope = Envelope::new(event, id(), 1, DateTime::<Utc>::from(SystemTime::now()), metadata)?;
    Ok(String::from_utf8(envelope.to_bytes()?)?)
}

/// An identifier of version 7, as Bookly's are: they lie beside each other in an index.
fn id() -> Uuid {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    Builder::from_unix_timestamp_millis(millis, &fastrand::u128(..).to_le_bytes()[..10].try_into().unwrap_or_default())
        .into_uuid()
}

/// Puts envelopes into the table `events`, in order, as the first events of their aggregates.
///
/// # Errors
/// When a statement fails.
pub fn store(connection: &mut PgConnection, envelopes: &[String]) -> Outcome {
    for chunk in envelopes.chunks(AT_ONCE) {
        sql_query(
            "INSERT INTO events (event_id, event_type, service, aggregate_type, aggregate_id, version, recorded_at,
                                 data, metadata)
             SELECT (e->>'eventId')::uuid, e->>'eventType', e->>'service', e->>'aggregateType',
                    (e->>'aggregateId')::uuid, (e->>'version')::bigint, (e->>'timestamp')::timestamptz,
                    e->'data', e->'metadata'
             FROM (SELECT text::json AS e, number FROM unnest($1) WITH ORDINALITY AS given (text, number)) AS read
             ORDER BY number",
        )
        .bind::<Array<Text>, _>(chunk)
        .execute(connection)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_events_are_what_the_catalogue_has() {
        for text in [category_updated(7).unwrap(), reservation_created(7).unwrap()] {
            let envelope = Envelope::parse(text.as_bytes()).unwrap();
            let entry = amqp::catalogue::find(&envelope.event_type).unwrap();
            entry.check(&envelope.data).unwrap();
            assert_eq!((envelope.version, envelope.event_id.get_version_num()), (1, 7));
            assert_eq!(envelope.aggregate_type, entry.aggregate);
            assert!((700..=1_000).contains(&text.len()), "{} bytes: {text}", text.len());
        }
    }

    #[test]
    fn what_is_drained_has_no_consumer_and_what_is_consumed_has_one() {
        assert!(amqp::catalogue::find(CategoryUpdated::TYPE).unwrap().consumers.is_empty());
        assert_eq!(amqp::catalogue::find(ReservationCreated::TYPE).unwrap().consumers, [amqp::Service::Reports]);
    }
}
