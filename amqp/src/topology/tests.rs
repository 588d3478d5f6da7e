use std::collections::BTreeSet;

use super::*;

#[test]
fn every_route_of_the_catalogue_has_exactly_one_binding() {
    let topology = Topology::of_catalogue();
    let bound: Vec<_> = topology
        .bindings
        .iter()
        .filter(|binding| binding.exchange == EXCHANGE)
        .map(|binding| (binding.queue.clone(), binding.routing_key))
        .collect();
    let routed: BTreeSet<_> = catalogue::ENTRIES
        .iter()
        .flat_map(|entry| entry.consumers.iter().map(|&consumer| (queue_name(consumer), entry.event_type)))
        .collect();
    assert_eq!(bound.len(), routed.len());
    assert_eq!(bound.into_iter().collect::<BTreeSet<_>>(), routed);
}

#[test]
fn bindings_and_arguments_name_only_what_is_declared() {
    let topology = Topology::of_catalogue();
    let exchanges: BTreeSet<_> = topology.exchanges.iter().map(|exchange| exchange.name).collect();
    let queues: BTreeSet<_> = topology.queues.iter().map(|queue| queue.name.as_str()).collect();
    for binding in &topology.bindings {
        assert!(exchanges.contains(binding.exchange), "{binding:?}");
        assert!(queues.contains(binding.queue.as_str()), "{binding:?}");
    }
    let arguments = topology.exchanges.iter().map(|exchange| &exchange.arguments);
    for (name, value) in arguments.chain(topology.queues.iter().map(|queue| &queue.arguments)).flatten() {
        if let (true, Argument::Text(exchange)) = (name.ends_with("exchange"), value) {
            assert!(exchanges.contains(exchange), "{name} names {exchange}");
        }
    }
}

#[test]
fn services_that_consume_nothing_have_no_queue() {
    let topology = Topology::of_catalogue();
    for service in Service::ALL {
        let has_queue = topology.queues.iter().any(|queue| queue.name == queue_name(service));
        assert_eq!(has_queue, catalogue::consumed_by(service).next().is_some(), "{service}");
    }
}

#[test]
fn a_service_queue_is_replicated_ordered_and_loses_nothing() {
    let queues = Topology::of_catalogue().queues;
    let queue = queues.iter().find(|queue| queue.name == "bookly.availability").unwrap();
    assert!(queue.arguments.contains(&("x-queue-type", Argument::Text("quorum"))));
    assert!(queue.arguments.contains(&("x-single-active-consumer", Argument::Flag(true))));
    assert!(queue.arguments.contains(&("x-dead-letter-exchange", Argument::Text("bookly.dead-letters"))));
}

#[test]
fn what_goes_astray_is_collected_and_replicated() {
    let topology = Topology::of_catalogue();
    for (exchange, queue) in [(UNROUTED_EXCHANGE, UNROUTED_QUEUE), (DEAD_LETTER_EXCHANGE, DEAD_LETTER_QUEUE)] {
        let declared = topology.queue(queue).unwrap();
        assert_eq!(declared.arguments, [("x-queue-type", Argument::Text("quorum"))]);
        let bindings: Vec<_> = topology.bindings.iter().filter(|binding| binding.queue == queue).collect();
        assert_eq!(bindings, [&Binding { exchange, queue: queue.to_owned(), routing_key: "" }]);
    }
    let events = topology.exchanges.iter().find(|exchange| exchange.name == EXCHANGE).unwrap();
    assert_eq!(events.arguments, [("alternate-exchange", Argument::Text(UNROUTED_EXCHANGE))]);
}

#[test]
fn a_lost_queue_concerns_its_service_and_a_lost_collection_every_consumer() {
    let topology = Topology::of_catalogue();
    assert_eq!(topology.services_behind("bookly.reports"), [Service::Reports]);
    let consumers: Vec<_> =
        Service::ALL.into_iter().filter(|&service| catalogue::consumed_by(service).next().is_some()).collect();
    assert_eq!(topology.services_behind(DEAD_LETTER_QUEUE), consumers);
    assert_eq!(topology.services_behind(UNROUTED_QUEUE), consumers);
}
