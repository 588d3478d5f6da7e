//! The envelope around every event, the same on every road and in the event store.

use std::cell::Cell;

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::events::Event;

/// The largest envelope that is read or written, in bytes of JSON.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The `schemaVersion` that this program writes.
pub const SCHEMA_VERSION: u32 = 1;

/// One event, as it is stored and as it travels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Identifies this event for ever (UUID version 7). A consumer that meets it twice handles it once.
    pub event_id: Uuid,
    /// What happened, for example `resource.status.changed`. Also the routing key.
    pub event_type: String,
    /// The service that raised it, for example `resources-service`.
    pub service: String,
    /// When it happened: RFC 3339, UTC, microseconds.
    #[serde(serialize_with = "microseconds")]
    pub timestamp: DateTime<Utc>,
    /// The aggregate it happened to.
    pub aggregate_id: Uuid,
    /// The kind of that aggregate, for example `Resource`.
    pub aggregate_type: String,
    /// The aggregate's version after this event: 1 for its first, then one more each, unique per aggregate.
    #[schemars(range(min = 1))]
    pub version: i64,
    /// The payload; its fields depend on `eventType`.
    pub data: Value,
    /// Where the event came from.
    pub metadata: Metadata,
}

/// Where an event came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The version of the payload's schema. Fields are only ever added within a version.
    pub schema_version: u32,
    /// Shared by everything that one request caused, across all services.
    pub correlation_id: Uuid,
    /// The event that caused this one; absent when a request did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// The W3C Trace Context `traceparent` of the request that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The user on whose behalf it happened; absent when the system acted by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Uuid>,
}

impl Metadata {
    /// Metadata of an event that a request with this correlation id caused.
    pub const fn new(correlation_id: Uuid) -> Self {
        Self { schema_version: SCHEMA_VERSION, correlation_id, causation_id: None, traceparent: None, actor: None }
    }

    /// Metadata of an event that `cause` made necessary: same correlation and trace, caused by that event.
    ///
    /// The acting user is inherited as well: who closed a room is who cancelled what was in it.
    pub fn caused_by(cause: &Envelope) -> Self {
        Self { schema_version: SCHEMA_VERSION, causation_id: Some(cause.event_id), ..cause.metadata.clone() }
    }
}

/// Why an envelope, or the payload in it, could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The text is longer than [`MAX_BYTES`].
    #[error("the envelope has {bytes} bytes, more than the {MAX_BYTES} allowed; put large content behind a URL")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The text is not JSON, or is nested deeper than 128 levels.
    #[error("the envelope is not JSON: {0}")]
    Malformed(#[source] serde_json::Error),
    /// An object was needed and something else was found.
    #[error("{0} must be a JSON object")]
    NotAnObject(&'static str),
    /// A required field is absent.
    #[error("{within} lacks the required field \"{field}\"")]
    MissingField {
        /// `the envelope`, or the event type whose payload lacks it.
        within: String,
        /// The field's wire name.
        field: String,
    },
    /// A field holds something of the wrong type, or outside its range.
    #[error("{within}, field \"{field}\": {reason}")]
    InvalidField {
        /// `the envelope`, or the event type whose payload it is.
        within: String,
        /// The wire name of the outermost field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The payload was asked for as another event.
    #[error("the envelope carries \"{found}\", not \"{expected}\"")]
    OtherType {
        /// The type that was asked for.
        expected: &'static str,
        /// The type it has.
        found: String,
    },
    /// The event cannot be written as JSON.
    #[error("the event cannot be written as JSON: {0}")]
    Unwritable(#[source] serde_json::Error),
}

impl Envelope {
    /// Puts an event into its envelope. The timestamp is cut to microseconds, which is what every store keeps.
    ///
    /// # Errors
    /// [`EnvelopeError::Unwritable`] if the payload has no JSON form.
    pub fn new<E: Event>(
        event: &E,
        event_id: Uuid,
        version: i64,
        timestamp: DateTime<Utc>,
        metadata: Metadata,
    ) -> Result<Self, EnvelopeError> {
        Ok(Self {
            event_id,
            event_type: E::TYPE.to_owned(),
            service: E::PRODUCER.wire_name().to_owned(),
            timestamp: timestamp.trunc_subsecs(6),
            aggregate_id: event.aggregate_id(),
            aggregate_type: event.aggregate_type().to_owned(),
            version,
            data: serde_json::to_value(event).map_err(EnvelopeError::Unwritable)?,
            metadata,
        })
    }

    /// Reads an envelope. Fields it does not know are ignored (a tolerant reader), so producers may add fields.
    ///
    /// The payload is not looked at: [`data_as`](Self::data_as) does that.
    ///
    /// # Errors
    /// Says what is wrong: too large, not JSON, a missing field, or a field of the wrong type.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > MAX_BYTES {
            return Err(EnvelopeError::TooLarge { bytes: bytes.len() });
        }
        let envelope = match straight(bytes) {
            Some(envelope) => envelope,
            None => step_by_step(bytes)?,
        };
        if envelope.version < 1 {
            return Err(EnvelopeError::InvalidField {
                within: "the envelope".to_owned(),
                field: "version".to_owned(),
                reason: format!("{} is less than 1, the version after an aggregate's first event", envelope.version),
            });
        }
        Ok(envelope)
    }

    /// Writes the envelope as JSON.
    ///
    /// # Errors
    /// [`EnvelopeError::TooLarge`] if nobody would read it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EnvelopeError> {
        let bytes = serde_json::to_vec(self).map_err(EnvelopeError::Unwritable)?;
        if bytes.len() > MAX_BYTES { Err(EnvelopeError::TooLarge { bytes: bytes.len() }) } else { Ok(bytes) }
    }

    /// The payload as the event `E`. Fields it does not know are ignored.
    ///
    /// # Errors
    /// [`EnvelopeError::OtherType`] if the envelope carries another event; otherwise the field that is missing or wrong.
    pub fn data_as<E: Event>(&self) -> Result<E, EnvelopeError> {
        if self.event_type != E::TYPE {
            return Err(EnvelopeError::OtherType { expected: E::TYPE, found: self.event_type.clone() });
        }
        payload(&self.data)
    }
}

/// Reads a payload of the event `E`.
pub(crate) fn payload<E: Event>(data: &Value) -> Result<E, EnvelopeError> {
    let Value::Object(fields) = data else {
        return Err(EnvelopeError::NotAnObject("the field \"data\""));
    };
    E::deserialize(data).or_else(|_| decode(fields.clone(), E::TYPE))
}

/// Reads an envelope in one go, as almost all are. `None` says nothing about what is wrong with it, if anything is.
fn straight(bytes: &[u8]) -> Option<Envelope> {
    // A struct may be written as an array as well, which an envelope is not.
    let is_object = bytes.trim_ascii_start().starts_with(b"{");
    if is_object { serde_json::from_slice(bytes).ok() } else { None }
}

/// Reads an envelope, or says what is wrong with it.
fn step_by_step(bytes: &[u8]) -> Result<Envelope, EnvelopeError> {
    match serde_json::from_slice(bytes).map_err(EnvelopeError::Malformed)? {
        Value::Object(fields) => decode(fields, "the envelope"),
        _ => Err(EnvelopeError::NotAnObject("the envelope")),
    }
}

/// Decodes a struct while remembering which field is being read, because `serde_json` does not name it in its errors.
fn decode<T: DeserializeOwned>(fields: Map<String, Value>, within: &str) -> Result<T, EnvelopeError> {
    let current = Cell::new(None);
    let mut entries = fields.into_iter();
    let tracked = std::iter::from_fn(|| {
        let entry = entries.next();
        current.set(entry.as_ref().map(|(name, _)| name.clone()));
        entry
    });
    T::deserialize(MapDeserializer::new(tracked)).map_err(|error: serde_json::Error| {
        let (within, reason) = (within.to_owned(), error.to_string());
        match current.take() {
            Some(field) => EnvelopeError::InvalidField { within, field, reason },
            // Only an absent field can fail a struct once all entries have been read: serde quotes its name.
            None => {
                let field = reason.split('`').nth(1).unwrap_or(&reason).to_owned();
                EnvelopeError::MissingField { within, field }
            }
        }
    })
}

fn microseconds<S: Serializer>(instant: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&instant.to_rfc3339_opts(SecondsFormat::Micros, true))
}

#[cfg(test)]
mod tests;
