//! What of an envelope goes into the properties of an AMQP message (AMQP 0-9-1, section 1.8.3), so that programs that do
//! not read the body can route, trace and count it.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};

use crate::envelope::Envelope;
use crate::transport::PublishError;

/// The header with the W3C Trace Context.
const TRACEPARENT: &str = "traceparent";
/// The length of a `traceparent` that is none (the standard's has 55); it must not blow up the message's header.
const LONGEST_TRACEPARENT: usize = 255;
/// The broker writes the message to disk.
const PERSISTENT: u8 = 2;
const JSON: &str = "application/json";

/// The properties of an event.
///
/// # Errors
/// [`PublishError::Unwritable`] when a name is longer than AMQP allows (255 bytes).
pub(super) fn of_event(envelope: &Envelope) -> Result<BasicProperties, PublishError> {
    let mut headers = FieldTable::default();
    let traceparent = envelope.metadata.traceparent.as_deref();
    if let Some(traceparent) = traceparent.filter(|text| text.len() <= LONGEST_TRACEPARENT) {
        headers.insert(TRACEPARENT.into(), AMQPValue::LongString(traceparent.into()));
    }
    let properties = BasicProperties::default()
        .with_message_id(envelope.event_id.to_string().into())
        .with_type(short("the event type", &envelope.event_type)?)
        .with_app_id(short("the service", &envelope.service)?)
        .with_correlation_id(envelope.metadata.correlation_id.to_string().into())
        .with_content_type(JSON.into())
        .with_delivery_mode(PERSISTENT)
        .with_headers(headers);
    // AMQP's timestamps are unsigned seconds.
    Ok(match u64::try_from(envelope.timestamp.timestamp()) {
        Ok(seconds) => properties.with_timestamp(seconds),
        Err(_) => properties,
    })
}

/// The properties of an answer to a message with that correlation id.
pub(super) fn of_answer(correlation_id: Option<ShortString>) -> BasicProperties {
    let properties = BasicProperties::default().with_content_type(JSON.into());
    match correlation_id {
        Some(correlation_id) => properties.with_correlation_id(correlation_id),
        None => properties,
    }
}

/// A routing key, or another name.
pub(super) fn short(what: &str, text: &str) -> Result<ShortString, PublishError> {
    ShortString::try_new(text)
        .map_err(|_| PublishError::Unwritable(format!("{what} has {} bytes; AMQP allows 255", text.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    fn example() -> Envelope {
        catalogue::find("resource.created").unwrap().example_envelope()
    }

    fn text(value: Option<&ShortString>) -> &str {
        value.map_or("", ShortString::as_str)
    }

    #[test]
    fn the_properties_say_what_the_envelope_says() {
        let envelope = example();
        let properties = of_event(&envelope).unwrap();
        assert_eq!(text(properties.message_id().as_ref()), envelope.event_id.to_string());
        assert_eq!(text(properties.kind().as_ref()), "resource.created");
        assert_eq!(text(properties.app_id().as_ref()), envelope.service);
        assert_eq!(text(properties.correlation_id().as_ref()), envelope.metadata.correlation_id.to_string());
        assert_eq!(*properties.timestamp(), u64::try_from(envelope.timestamp.timestamp()).ok());
        assert_eq!((text(properties.content_type().as_ref()), *properties.delivery_mode()), (JSON, Some(2)));
        let headers = properties.headers().as_ref().unwrap();
        let expected = AMQPValue::LongString(envelope.metadata.traceparent.unwrap().into());
        assert_eq!(headers.inner().get(TRACEPARENT), Some(&expected));
    }

    #[test]
    fn what_does_not_fit_is_refused_or_left_out() {
        let mut envelope = example();
        envelope.metadata.traceparent = Some("0".repeat(256));
        envelope.timestamp = "1969-12-31T23:59:59Z".parse().unwrap();
        let properties = of_event(&envelope).unwrap();
        assert!(properties.headers().as_ref().unwrap().inner().is_empty());
        assert_eq!(*properties.timestamp(), None);
        envelope.service = "s".repeat(256);
        assert!(matches!(of_event(&envelope), Err(PublishError::Unwritable(reason)) if reason.contains("256 bytes")));
    }

    #[test]
    fn an_answer_carries_the_question_s_correlation_id() {
        assert_eq!(text(of_answer(Some("7".into())).correlation_id().as_ref()), "7");
        assert_eq!(*of_answer(None).correlation_id(), None);
    }
}
