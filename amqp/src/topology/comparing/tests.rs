use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::topology::{EXCHANGE, UNROUTED_QUEUE};

/// What a broker has on which the topology was declared.
fn declared() -> Live {
    let topology = Topology::of_catalogue();
    let exchanges = topology.exchanges.iter().map(|exchange| LiveExchange {
        name: exchange.name.to_owned(),
        kind: exchange.kind.name().to_owned(),
        durable: true,
        auto_delete: false,
        internal: false,
        arguments: arguments(&exchange.arguments),
    });
    let queues = topology.queues.iter().map(|queue| LiveQueue {
        name: queue.name.clone(),
        durable: true,
        auto_delete: false,
        exclusive: false,
        arguments: arguments(&queue.arguments),
        policies: Some(json!({})),
    });
    let ours = topology.bindings.iter().map(|wanted| binding(wanted.exchange, &wanted.queue, wanted.routing_key));
    let of_default_exchange = topology.queues.iter().map(|queue| binding("", &queue.name, &queue.name));
    let (exchanges, queues) = (exchanges.collect(), queues.collect());
    Live { exchanges, queues, bindings: of_default_exchange.chain(ours).collect() }
}

fn arguments(wanted: &[(&'static str, Argument)]) -> Map<String, Value> {
    wanted.iter().map(|(name, value)| ((*name).to_owned(), serde_json::to_value(value).unwrap())).collect()
}

fn binding(source: &str, queue: &str, routing_key: &str) -> LiveBinding {
    LiveBinding {
        source: source.to_owned(),
        destination: queue.to_owned(),
        destination_type: "queue".to_owned(),
        routing_key: routing_key.to_owned(),
        arguments: Map::new(),
    }
}

fn differences(live: &Live) -> Vec<Difference> {
    compare(&Topology::of_catalogue(), live)
}

fn found(live: &Live) -> Vec<(Problem, Subject)> {
    differences(live).into_iter().map(|difference| (difference.problem, difference.subject)).collect()
}

fn queue(name: &str) -> Subject {
    Subject::Queue { name: name.to_owned() }
}

#[test]
fn what_was_declared_does_not_differ() {
    assert_eq!(differences(&declared()), []);
}

#[test]
fn an_empty_broker_lacks_every_exchange_and_queue() {
    let topology = Topology::of_catalogue();
    let found = found(&Live::default());
    assert!(found.iter().all(|(problem, _)| *problem == Problem::Missing));
    assert_eq!(found.len(), topology.exchanges.len() + topology.queues.len());
}

#[test]
fn what_other_programs_have_is_their_own_business() {
    let mut live = declared();
    live.exchanges.push(LiveExchange { name: "theirs".to_owned(), ..live.exchanges[0].clone() });
    live.queues.push(LiveQueue { name: "theirs".to_owned(), durable: false, ..live.queues[0].clone() });
    live.bindings.push(binding(EXCHANGE, "theirs", "#"));
    live.bindings.push(LiveBinding { destination_type: "exchange".to_owned(), ..binding("theirs", EXCHANGE, "#") });
    assert_eq!(differences(&live), []);
}

#[test]
fn a_binding_that_the_catalogue_lost_is_stale() {
    let mut live = declared();
    live.bindings.push(binding(EXCHANGE, "bookly.reports", "reservation.imagined"));
    let differences = differences(&live);
    assert_eq!(differences.len(), 1);
    let text = differences[0].to_string();
    assert!(text.contains("\"bookly.reports\"") && text.contains("\"reservation.imagined\""), "{text}");
    assert!(text.contains("`bookly topology apply` unbinds it"), "{text}");
}

#[test]
fn a_binding_from_a_foreign_exchange_is_not_apply_s_to_undo() {
    let mut live = declared();
    live.bindings.push(binding("theirs", "bookly.reports", "#"));
    let differences = differences(&live);
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].problem, Problem::Stale);
    assert!(!differences[0].mend.contains("apply"), "{}", differences[0].mend);
}

#[test]
fn policies_that_lose_events_are_found_and_others_are_not() {
    let mut live = declared();
    live.queues[0].policies = Some(json!({ "max-length": 10, "queue-mode": "lazy" }));
    live.queues[1].policies = None;
    let differences = differences(&live);
    assert_eq!(differences.len(), 1);
    assert_eq!((differences[0].problem, &differences[0].subject), (Problem::Policy, &queue(&live.queues[0].name)));
    assert!(differences[0].text.contains("\"max-length\" set to 10"), "{}", differences[0].text);
}

#[test]
fn the_words_name_both_sides_and_the_mend() {
    let mut live = declared();
    let reports = live.queues.iter_mut().find(|queue| queue.name == "bookly.reports").unwrap();
    reports.arguments.insert("x-queue-type".to_owned(), json!("classic"));
    let text = differences(&live)[0].to_string();
    assert!(text.starts_with("queue \"bookly.reports\" has the argument \"x-queue-type\" with \"classic\""), "{text}");
    assert!(text.contains("must have it with \"quorum\"") && text.contains("rabbitmqctl delete_queue bookly.reports"));
}

#[test]
fn the_answers_of_a_real_broker_are_read() {
    let exchange = json!([{ "arguments": {}, "auto_delete": false, "durable": true, "internal": false, "name": "",
        "type": "direct", "user_who_performed_action": "rmq-internal", "vhost": "/" }]);
    let queue = json!([{ "arguments": { "x-queue-type": "quorum" }, "auto_delete": false, "durable": true,
        "effective_policy_definition": { "delivery-limit": 3 }, "exclusive": false, "leader": "rabbit@a",
        "members": ["rabbit@a"], "name": UNROUTED_QUEUE, "online": ["rabbit@a"], "type": "quorum", "vhost": "/" }]);
    let bindings = json!([{ "source": "", "vhost": "/", "destination": UNROUTED_QUEUE, "destination_type": "queue",
        "routing_key": UNROUTED_QUEUE, "arguments": {}, "properties_key": UNROUTED_QUEUE }]);
    let live = Live::read(exchange, queue, bindings).unwrap();
    assert!(found(&live).contains(&(Problem::Policy, Subject::Queue { name: UNROUTED_QUEUE.to_owned() })));
    let error = Live::read(json!([]), json!({ "error": "x" }), json!([])).unwrap_err();
    assert!(error.contains("queues"), "{error}");
}

proptest! {
    #[test]
    fn one_missing_thing_is_one_difference_that_names_it(index in any::<prop::sample::Index>()) {
        let mut live = declared();
        let own = live.queues.len();
        let chosen = index.index(live.exchanges.len() + own + live.bindings.len() - own);
        let subject = if chosen < live.exchanges.len() {
            let name = live.exchanges.remove(chosen).name;
            live.bindings.retain(|binding| binding.source != name);
            Subject::Exchange { name }
        } else if chosen < live.exchanges.len() + own {
            let name = live.queues.remove(chosen - live.exchanges.len()).name;
            live.bindings.retain(|binding| binding.destination != name);
            Subject::Queue { name }
        } else {
            // Those of the default exchange come first and cannot go.
            let gone = live.bindings.remove(chosen - live.exchanges.len());
            Subject::of_binding(&gone.source, &gone.destination, &gone.routing_key)
        };
        prop_assert_eq!(found(&live), [(Problem::Missing, subject)]);
    }

    #[test]
    fn one_changed_argument_is_one_difference_that_names_it(
        index in any::<prop::sample::Index>(), value in "[a-z]{1,8}", remove: bool,
    ) {
        let mut live = declared();
        let position = index.index(live.queues.len());
        let queue = &mut live.queues[position];
        let names: Vec<_> = queue.arguments.keys().cloned().collect();
        let name = index.get(&names).clone();
        if remove { queue.arguments.remove(&name) } else { queue.arguments.insert(name.clone(), json!(value)) };
        prop_assume!(remove || value != "quorum");
        let subject = Subject::Queue { name: queue.name.clone() };
        let differences = differences(&live);
        prop_assert_eq!(differences.len(), 1);
        prop_assert_eq!((&differences[0].subject, differences[0].problem), (&subject, Problem::Wrong));
        let quoted = format!("\"{name}\"");
        prop_assert!(differences[0].text.contains(&quoted));
    }

    #[test]
    fn one_extra_argument_is_one_difference_that_names_it(
        index in any::<prop::sample::Index>(), name in "x-[a-z]{1,8}-extra", number: i64,
    ) {
        let mut live = declared();
        let exchange = index.index(live.exchanges.len());
        live.exchanges[exchange].arguments.insert(name.clone(), json!(number));
        let subject = Subject::Exchange { name: live.exchanges[exchange].name.clone() };
        let differences = differences(&live);
        prop_assert_eq!(differences.len(), 1);
        prop_assert_eq!(&differences[0].subject, &subject);
        prop_assert!(differences[0].text.contains(&name));
    }

    #[test]
    fn one_wrong_property_is_one_difference(index in any::<prop::sample::Index>(), property in 0..3_usize) {
        let mut live = declared();
        let position = index.index(live.queues.len());
        let queue = &mut live.queues[position];
        match property {
            0 => queue.durable = false,
            1 => queue.auto_delete = true,
            _ => queue.exclusive = true,
        }
        let subject = Subject::Queue { name: queue.name.clone() };
        prop_assert_eq!(found(&live), [(Problem::Wrong, subject)]);
    }
}

#[test]
fn every_subject_is_told_apart() {
    let all = found(&Live::default());
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
}
