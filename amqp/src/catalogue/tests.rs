use std::collections::BTreeSet;

use super::*;

#[test]
fn no_event_has_two_rows_and_no_row_names_a_consumer_twice() {
    let types: BTreeSet<_> = ENTRIES.iter().map(|entry| entry.event_type).collect();
    assert_eq!(types.len(), ENTRIES.len());
    for entry in ENTRIES {
        let consumers: BTreeSet<_> = entry.consumers.iter().collect();
        assert_eq!(consumers.len(), entry.consumers.len(), "{}", entry.event_type);
        let routed: Vec<_> = entry.routes.iter().map(|route| route.consumer).collect();
        assert_eq!(routed, entry.consumers, "{}", entry.event_type);
        assert!(entry.routes.iter().all(|route| !route.action.is_empty()));
    }
}

#[test]
fn rows_are_found_by_type_producer_and_consumer() {
    assert_eq!(find("resource.created").unwrap().payload, "ResourceCreated");
    assert!(find("resource.vanished").is_none());
    for service in Service::ALL {
        assert!(produced_by(service).all(|entry| entry.producer == service));
        assert!(consumed_by(service).all(|entry| entry.consumers.contains(&service)));
    }
    let produced: usize = Service::ALL.into_iter().map(|service| produced_by(service).count()).sum();
    assert_eq!(produced, ENTRIES.len());
}

#[test]
fn the_routes_are_those_of_the_rows() {
    macro_rules! routes {
        ($(($type:literal, $Event:ident, $Consumer:ident))*) => {
            vec![$(($type, stringify!($Event), Service::$Consumer)),*]
        };
    }
    let expanded: Vec<(&str, &str, Service)> = crate::for_each_route!(routes);
    let expected: Vec<_> = ENTRIES
        .iter()
        .flat_map(|entry| entry.consumers.iter().map(|&consumer| (entry.event_type, entry.payload, consumer)))
        .collect();
    assert_eq!(expanded, expected);
}

#[test]
fn every_row_is_described_and_its_example_can_be_read() {
    for entry in ENTRIES {
        assert!(entry.description().len() > 20, "{} is not described", entry.event_type);
        entry.check(&entry.example()).unwrap();
    }
}

#[test]
fn an_edited_payload_is_checked() {
    let entry = find("reservation.created").unwrap();
    let mut data = entry.example();
    data["startTime"] = "soon".into();
    assert!(entry.check(&data).unwrap_err().to_string().contains("\"startTime\""));
}
