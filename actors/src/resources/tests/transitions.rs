//! Which changes of status are events.

use amqp::events::ResourceStatus::{self, Available, Maintenance, Reserved, Unavailable};
use uuid::Uuid;

use crate::event_store::Aggregate;
use crate::resources::Resource;
use crate::resources::model::{ResourceEvent, create};

const ALL: [ResourceStatus; 4] = [Available, Reserved, Maintenance, Unavailable];

fn in_status(status: ResourceStatus) -> Resource {
    let new = serde_json::json!({"code": "A1", "name": "Room", "type": "CLASSROOM"});
    let created = create(Uuid::from_u128(1), serde_json::from_value(new).expect("valid"), Uuid::nil());
    let event = ResourceEvent::from(created.expect("valid"));
    let room = Resource::apply(None, 1, chrono::DateTime::UNIX_EPOCH, &event).expect("applies");
    Resource { status, ..room }
}

#[test]
fn every_status_may_follow_every_other_and_the_same_is_no_change() {
    for previous in ALL {
        for new in ALL {
            let event = in_status(previous).change_status(new, Some("Test".into()), Uuid::nil());
            let told = event.map(|event| (event.previous_status, event.new_status));
            assert_eq!(told, (previous != new).then_some((previous, new)));
        }
    }
}

#[test]
fn a_deletion_tells_the_status_that_was() {
    for previous in ALL {
        let event = in_status(previous).delete(None, Uuid::nil());
        assert_eq!((event.previous_status, event.new_status), (previous, Unavailable));
    }
}
