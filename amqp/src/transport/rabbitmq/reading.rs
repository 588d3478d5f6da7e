//! Reading what was delivered. Anybody may publish anything, so nothing here may fail in another way than by saying so.

use std::sync::Arc;

use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, message};

use super::receipt::Receipt;
use crate::envelope::Envelope;
use crate::transport::delivery::{Content, Death, Delivery, Receipt as AnyReceipt, Source};

/// Where the broker notes what happened to a message (<https://www.rabbitmq.com/docs/dlx>), newest first.
const DEATHS: &str = "x-death";

/// Makes a delivery of a message.
pub(super) fn delivery(source: Source, message: message::Delivery, receipt: Receipt) -> Delivery {
    let headers = message.properties.headers().as_ref();
    Delivery {
        source,
        content: content(&message.data, &message.properties, &message.routing_key),
        death: headers.filter(|_| source == Source::DeadLetters).and_then(death),
        redelivered: message.redelivered,
        bytes: Some(message.data),
        receipt: AnyReceipt::RabbitMq(receipt),
    }
}

fn content(body: &[u8], properties: &BasicProperties, routing_key: &ShortString) -> Content {
    match Envelope::parse(body) {
        Ok(envelope) => Content::Event(Arc::new(envelope)),
        Err(error) => {
            let labels = properties.kind().iter().chain([routing_key]).map(ShortString::as_str);
            let label = labels.into_iter().find(|label| !label.is_empty()).map(str::to_owned);
            Content::Unreadable { reason: error.to_string(), label }
        }
    }
}

fn death(headers: &FieldTable) -> Option<Death> {
    let Some(AMQPValue::FieldArray(deaths)) = headers.inner().get(DEATHS) else { return None };
    let Some(AMQPValue::FieldTable(newest)) = deaths.as_slice().first() else { return None };
    let field = |name: &str| newest.inner().get(name);
    Some(Death { queue: text(field("queue"))?, reason: text(field("reason"))?, count: number(field("count")) })
}

fn text(value: Option<&AMQPValue>) -> Option<String> {
    match value? {
        AMQPValue::LongString(text) => Some(text.to_string()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

fn number(value: Option<&AMQPValue>) -> u64 {
    match value {
        Some(AMQPValue::LongLongInt(number)) => u64::try_from(*number).unwrap_or(1),
        Some(AMQPValue::LongInt(number)) => u64::try_from(*number).unwrap_or(1),
        Some(AMQPValue::LongUInt(number)) => u64::from(*number),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use lapin::types::FieldArray;
    use proptest::prelude::*;

    use super::*;
    use crate::catalogue;
    use crate::envelope::MAX_BYTES;

    fn read(body: &[u8], kind: Option<&str>, key: &str) -> Content {
        let properties = BasicProperties::default();
        let properties = match kind {
            Some(kind) => properties.with_type(kind.into()),
            None => properties,
        };
        content(body, &properties, &key.into())
    }

    #[test]
    fn an_envelope_is_an_event_whoever_wrote_it() {
        let envelope = catalogue::find("resource.created").unwrap().example_envelope();
        let Content::Event(read) = read(&envelope.to_bytes().unwrap(), None, "") else { panic!("not an event") };
        assert_eq!(*read, envelope);
    }

    #[test]
    fn anything_else_is_unreadable_and_keeps_its_label() {
        let label = |kind, key| match read(b"{}", kind, key) {
            Content::Unreadable { label, .. } => label,
            Content::Event(_) => panic!("an event"),
        };
        assert_eq!(label(Some("resource.created"), "key").as_deref(), Some("resource.created"));
        assert_eq!(label(Some(""), "key").as_deref(), Some("key"));
        assert_eq!(label(None, ""), None);
        let large = vec![b' '; MAX_BYTES + 1];
        assert!(
            matches!(read(&large, None, ""), Content::Unreadable { reason, .. } if reason.contains("1048577 bytes"))
        );
    }

    fn headers(entries: Vec<AMQPValue>) -> FieldTable {
        let mut headers = FieldTable::default();
        headers.insert(DEATHS.into(), AMQPValue::FieldArray(FieldArray::from(entries)));
        headers
    }

    fn table(queue: &str, count: AMQPValue) -> AMQPValue {
        let mut table = FieldTable::default();
        table.insert("queue".into(), AMQPValue::LongString(queue.into()));
        table.insert("reason".into(), AMQPValue::LongString("rejected".into()));
        table.insert("count".into(), count);
        AMQPValue::FieldTable(table)
    }

    #[test]
    fn the_newest_death_is_read() {
        let two = headers(vec![table("new", AMQPValue::LongLongInt(3)), table("old", AMQPValue::LongLongInt(9))]);
        let expected = Death { queue: "new".to_owned(), reason: "rejected".to_owned(), count: 3 };
        assert_eq!(death(&two), Some(expected));
    }

    #[test]
    fn a_death_that_somebody_made_up_does_no_harm() {
        assert_eq!(death(&FieldTable::default()), None);
        assert_eq!(death(&headers(vec![])), None);
        assert_eq!(death(&headers(vec![AMQPValue::Boolean(true)])), None);
        assert_eq!(death(&headers(vec![table("q", AMQPValue::LongLongInt(-1))])).unwrap().count, 1);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(body in prop::collection::vec(any::<u8>(), 0..200), key in "\\PC{0,60}") {
            let unreadable = matches!(read(&body, Some(&key), &key), Content::Unreadable { .. });
            prop_assert!(unreadable);
        }
    }
}
