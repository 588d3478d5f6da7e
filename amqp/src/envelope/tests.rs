use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::events::{AvailabilityRulesUpdated, ResourceCreated, ResourceUpdated};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn envelope() -> Envelope {
    let at = "2026-03-02T12:00:00.123456789Z".parse().unwrap();
    Envelope::new(&ResourceCreated::example(), id(1), 1, at, Metadata::new(id(2))).unwrap()
}

fn json_of(envelope: &Envelope) -> Value {
    serde_json::from_slice(&envelope.to_bytes().unwrap()).unwrap()
}

fn parse(json: &Value) -> Result<Envelope, EnvelopeError> {
    Envelope::parse(&serde_json::to_vec(json).unwrap())
}

#[test]
fn it_is_written_in_the_documented_form() {
    let mut written = json_of(&envelope());
    assert_eq!(written["data"].take(), serde_json::to_value(ResourceCreated::example()).unwrap());
    assert_eq!(
        written,
        json!({
            "eventId": "00000000-0000-0000-0000-000000000001",
            "eventType": "resource.created",
            "service": "resources-service",
            "timestamp": "2026-03-02T12:00:00.123456Z",
            "aggregateId": ResourceCreated::example().resource_id,
            "aggregateType": "Resource",
            "version": 1,
            "data": null,
            "metadata": {"schemaVersion": 1, "correlationId": "00000000-0000-0000-0000-000000000002"},
        })
    );
}

#[test]
fn it_reads_back_as_it_was_written() {
    let mut envelope = envelope();
    assert_eq!(Envelope::parse(&envelope.to_bytes().unwrap()).unwrap(), envelope);
    envelope.metadata.causation_id = Some(id(3));
    envelope.metadata.actor = Some(id(4));
    envelope.metadata.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    assert_eq!(Envelope::parse(&envelope.to_bytes().unwrap()).unwrap(), envelope);
    assert_eq!(envelope.data_as::<ResourceCreated>().unwrap(), ResourceCreated::example());
}

#[test]
fn unknown_fields_and_other_offsets_are_understood() {
    let mut json = json_of(&envelope());
    json["colour"] = json!("red");
    json["metadata"]["colour"] = json!("red");
    json["data"]["colour"] = json!("red");
    json["timestamp"] = json!("2026-03-02T07:00:00.123456-05:00");
    let read = parse(&json).unwrap();
    assert_eq!(read.timestamp, envelope().timestamp);
    assert_eq!(read.data_as::<ResourceCreated>().unwrap(), ResourceCreated::example());
}

#[test]
fn every_missing_field_is_named() {
    let whole = json_of(&envelope());
    for field in whole.as_object().unwrap().keys() {
        let mut json = whole.clone();
        json.as_object_mut().unwrap().shift_remove(field);
        match parse(&json) {
            Err(EnvelopeError::MissingField { field: named, .. }) => assert_eq!(&named, field),
            other => panic!("without {field}: {other:?}"),
        }
    }
}

#[test]
fn every_field_of_the_wrong_type_is_named() {
    let whole = json_of(&envelope());
    for field in whole.as_object().unwrap().keys().filter(|&field| field != "data") {
        let mut json = whole.clone();
        json[field] = json!([[]]);
        match parse(&json) {
            Err(EnvelopeError::InvalidField { field: named, .. }) => assert_eq!(&named, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    let mut json = whole;
    json["version"] = json!(0);
    assert!(matches!(parse(&json), Err(EnvelopeError::InvalidField { field, .. }) if field == "version"));
}

#[test]
fn a_wrong_payload_is_refused_with_type_and_field() {
    let mut envelope = envelope();
    envelope.data["capacity"] = json!("many");
    let error = envelope.data_as::<ResourceCreated>().unwrap_err().to_string();
    assert!(error.contains("resource.created") && error.contains("\"capacity\"") && error.contains("many"), "{error}");

    envelope.data.as_object_mut().unwrap().shift_remove("capacity");
    envelope.data.as_object_mut().unwrap().shift_remove("code");
    let error = envelope.data_as::<ResourceCreated>().unwrap_err();
    assert!(matches!(&error, EnvelopeError::MissingField { field, .. } if field == "code"), "{error}");

    envelope.data["code"] = json!("LAB-204");
    envelope.data["location"] = json!({"floor": "2"});
    let error = envelope.data_as::<ResourceCreated>().unwrap_err().to_string();
    assert!(error.contains("\"location\"") && error.contains("building"), "{error}");

    envelope.data = json!([]);
    assert!(matches!(envelope.data_as::<ResourceCreated>(), Err(EnvelopeError::NotAnObject(_))));
}

#[test]
fn a_payload_is_not_read_as_another_event() {
    let error = envelope().data_as::<ResourceUpdated>().unwrap_err();
    assert_eq!(error.to_string(), "the envelope carries \"resource.created\", not \"resource.updated\"");
}

#[test]
fn null_is_read_as_absent_and_defaults_are_filled_in() {
    let mut data = serde_json::to_value(AvailabilityRulesUpdated::example()).unwrap();
    data["reason"] = Value::Null;
    data["rules"]["customRules"] = json!({"bufferMinutes": 15});
    let read: AvailabilityRulesUpdated = payload(&data).unwrap();
    let custom = read.rules.custom_rules.unwrap();
    assert_eq!((read.reason, custom.buffer_minutes, custom.cancellation_deadline_hours), (None, 15, 24));
}

#[test]
fn what_is_not_json_or_not_an_object_is_malformed() {
    for text in ["", "{", "nonsense", "{\"eventId\": }", "\u{0}"] {
        assert!(matches!(Envelope::parse(text.as_bytes()), Err(EnvelopeError::Malformed(_))), "{text}");
    }
    for text in ["[]", "7", "null", "\"text\""] {
        assert!(matches!(Envelope::parse(text.as_bytes()), Err(EnvelopeError::NotAnObject(_))), "{text}");
    }
}

#[test]
fn deep_nesting_is_refused_instead_of_exhausting_the_stack() {
    let deep = format!("{{\"data\": {}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(matches!(Envelope::parse(deep.as_bytes()), Err(EnvelopeError::Malformed(_))));
}

#[test]
fn what_is_too_large_is_neither_read_nor_written() {
    let bytes = vec![b' '; MAX_BYTES + 1];
    assert!(matches!(Envelope::parse(&bytes), Err(EnvelopeError::TooLarge { bytes }) if bytes == MAX_BYTES + 1));
    let mut envelope = envelope();
    envelope.data["description"] = json!("x".repeat(MAX_BYTES));
    assert!(matches!(envelope.to_bytes(), Err(EnvelopeError::TooLarge { .. })));
}

#[test]
fn a_consequence_inherits_where_its_cause_came_from() {
    let mut cause = envelope();
    cause.metadata.actor = Some(id(4));
    cause.metadata.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    let metadata = Metadata::caused_by(&cause);
    assert_eq!(metadata.causation_id, Some(cause.event_id));
    assert_eq!(metadata.correlation_id, cause.metadata.correlation_id);
    assert_eq!((metadata.actor, metadata.traceparent), (cause.metadata.actor, cause.metadata.traceparent));
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Envelope::parse(&bytes).is_err());
    }

    #[test]
    fn any_envelope_reads_back(
        numbers in any::<[u128; 4]>(), version in 1_i64.., micros in 0_i64..253_402_300_799_000_000,
        text in ".*", causation: Option<u128>,
    ) {
        let written = Envelope {
            event_id: id(numbers[0]),
            event_type: text.clone(),
            service: text.clone(),
            timestamp: DateTime::from_timestamp_micros(micros).unwrap(),
            aggregate_id: id(numbers[1]),
            aggregate_type: text.clone(),
            version,
            data: json!({ "text": text }),
            metadata: Metadata {
                causation_id: causation.map(id),
                actor: causation.map(id),
                ..Metadata::new(id(numbers[2]))
            },
        };
        prop_assert_eq!(Envelope::parse(&written.to_bytes().unwrap()).unwrap(), written);
    }
}
