//! The answers that the event and realtime faces give.

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The answer to something that arrived as an event or goes out over a WebSocket.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResponseEnvelope {
    /// `EVT-0000` or `WS-0000`: success.
    pub code: &'static str,
    /// The same for people.
    pub message: String,
    /// The content.
    pub data: Value,
    /// Which face answers.
    #[serde(rename = "type")]
    pub face: Face,
    /// When the answer was made: RFC 3339, UTC, milliseconds.
    #[serde(serialize_with = "milliseconds")]
    pub timestamp: DateTime<Utc>,
    /// What it answers.
    pub metadata: ResponseMetadata,
}

/// The face of Bookly that answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Face {
    /// The broker: a delivery with `reply_to` is answered once it has been handled.
    Event,
    /// A WebSocket.
    Websocket,
}

/// What a [`ResponseEnvelope`] answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum ResponseMetadata {
    /// An event.
    Event {
        /// Its type.
        event_type: String,
        /// When it had been handled.
        #[serde(serialize_with = "milliseconds")]
        processed_at: DateTime<Utc>,
    },
    /// A message to a room.
    Websocket {
        /// The event that the message tells of.
        event: String,
        /// The room it was sent to, for example `user:me`.
        room: String,
        /// When it was sent.
        #[serde(serialize_with = "milliseconds")]
        sent_at: DateTime<Utc>,
    },
}

impl ResponseEnvelope {
    /// Says that an event has been handled.
    pub fn event(event_type: &str, data: Value, processed_at: DateTime<Utc>) -> Self {
        Self {
            code: "EVT-0000",
            message: format!("Event {event_type} processed successfully"),
            data,
            face: Face::Event,
            timestamp: processed_at,
            metadata: ResponseMetadata::Event { event_type: event_type.to_owned(), processed_at },
        }
    }

    /// Tells the sessions in a room of an event.
    pub fn websocket(event: &str, room: &str, data: Value, sent_at: DateTime<Utc>) -> Self {
        Self {
            code: "WS-0000",
            message: format!("WebSocket event: {event}"),
            data,
            face: Face::Websocket,
            timestamp: sent_at,
            metadata: ResponseMetadata::Websocket { event: event.to_owned(), room: room.to_owned(), sent_at },
        }
    }
}

fn milliseconds<S: Serializer>(instant: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&instant.to_rfc3339_opts(SecondsFormat::Millis, true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn an_event_is_answered_in_the_known_form() {
        let answer = ResponseEnvelope::event("resource.created", json!({"resourceId": 7}), noon());
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({
                "code": "EVT-0000",
                "message": "Event resource.created processed successfully",
                "data": {"resourceId": 7},
                "type": "event",
                "timestamp": "2026-03-02T12:00:00.000Z",
                "metadata": {"eventType": "resource.created", "processedAt": "2026-03-02T12:00:00.000Z"},
            })
        );
    }

    #[test]
    fn a_room_is_told_in_the_known_form() {
        let message = ResponseEnvelope::websocket("reservation.created", "resource:7", json!([1]), noon());
        assert_eq!(
            serde_json::to_value(message).unwrap(),
            json!({
                "code": "WS-0000",
                "message": "WebSocket event: reservation.created",
                "data": [1],
                "type": "websocket",
                "timestamp": "2026-03-02T12:00:00.000Z",
                "metadata": {"event": "reservation.created", "room": "resource:7", "sentAt": "2026-03-02T12:00:00.000Z"},
            })
        );
    }
}
