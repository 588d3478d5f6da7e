//! What a change of a resource's status means for its cached rules (RF-05), as the log tells it.

use std::fmt;

use amqp::Envelope;
use amqp::events::{ResourceDeleted, ResourceStatus, ResourceStatusChanged};
use uuid::Uuid;

use super::cached::drops_rules;
use super::profile::word;

/// A change of a resource's status, or its deletion.
#[derive(Debug)]
pub(super) struct Decision<'a> {
    event_id: Uuid,
    resource_id: Uuid,
    previous: ResourceStatus,
    new: ResourceStatus,
    deleted: bool,
    /// What was said by whoever made the change.
    said: Option<&'a str>,
}

impl<'a> Decision<'a> {
    pub(super) fn on_status(envelope: &Envelope, event: &'a ResourceStatusChanged) -> Self {
        Self {
            event_id: envelope.event_id,
            resource_id: event.resource_id,
            previous: event.previous_status,
            new: event.new_status,
            deleted: false,
            said: event.reason.as_deref(),
        }
    }

    pub(super) fn on_deletion(envelope: &Envelope, event: &'a ResourceDeleted) -> Self {
        Self {
            event_id: envelope.event_id,
            resource_id: event.resource_id,
            previous: event.previous_status,
            new: event.new_status,
            deleted: true,
            said: event.reason.as_deref(),
        }
    }

    /// Logs the decision, its reason, and what else was done; once a reaction.
    pub(super) fn log(&self, done: impl fmt::Display) {
        log::info!("{self}; {done}");
    }
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if drops_rules(self.new, self.deleted) { "dropped" } else { "kept" };
        let (previous, new) = (word(&self.previous), word(&self.new));
        write!(f, "event {}: resource {}: rules cache {verdict}: ", self.event_id, self.resource_id)?;
        match () {
            () if self.deleted => write!(f, "it was {previous} and is deleted")?,
            () if self.new.is_closed() => write!(f, "it was {previous} and is closed, {new}")?,
            () => write!(f, "it was {previous} and is open, {new}")?,
        }
        // Quoted, because a line of the log must not end where somebody else wants it to.
        self.said.map_or(Ok(()), |said| write!(f, " ({said:?})"))
    }
}

#[cfg(test)]
mod tests {
    use amqp::events::ResourceStatus::{Available, Maintenance, Reserved, Unavailable};

    use super::*;

    const ALL: [ResourceStatus; 4] = [Available, Reserved, Maintenance, Unavailable];

    fn decision(previous: ResourceStatus, new: ResourceStatus, deleted: bool) -> Decision<'static> {
        let (event_id, resource_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        Decision { event_id, resource_id, previous, new, deleted, said: Some("Paint\nis wet") }
    }

    /// The published table: previous, new, whether the rules are dropped; then deletion, whatever was before.
    const TABLE: [(ResourceStatus, ResourceStatus, bool); 5] = [
        (Available, Maintenance, true),
        (Available, Unavailable, true),
        (Available, Reserved, false),
        (Maintenance, Available, false),
        (Unavailable, Available, false),
    ];

    #[test]
    fn the_published_table_holds() {
        for (previous, new, drops) in TABLE {
            assert_eq!(drops_rules(new, false), drops, "{previous:?} -> {new:?}");
        }
        assert!(ALL.into_iter().all(|status| drops_rules(status, true)));
    }

    #[test]
    fn every_transition_follows_the_rule_and_is_logged_as_decided() {
        for previous in ALL {
            for new in ALL {
                for deleted in [false, true] {
                    let drops = deleted || new == Maintenance || new == Unavailable;
                    assert_eq!(drops_rules(new, deleted), drops, "{previous:?} -> {new:?}, deleted: {deleted}");
                    let line = decision(previous, new, deleted).to_string();
                    assert_eq!(line.contains("rules cache dropped: "), drops, "{line}");
                    assert_eq!(line.contains("rules cache kept: "), !drops, "{line}");
                    assert_eq!(line.contains("deleted"), deleted, "{line}");
                }
            }
        }
    }

    #[test]
    fn the_line_has_event_resource_decision_and_reason_and_stays_one_line() {
        let (event, resource) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let expected = format!(
            "event {event}: resource {resource}: rules cache dropped: it was AVAILABLE and is closed, MAINTENANCE \
             (\"Paint\\nis wet\")"
        );
        assert_eq!(decision(Available, Maintenance, false).to_string(), expected);
    }
}
