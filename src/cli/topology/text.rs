//! The topology, and how a broker differs from it, for people.

use std::fmt::Write as _;

use amqp::topology::{Argument, Problem, Topology};
use amqp::transport::rabbitmq::Applied;

use super::broker::Seen;

/// What must be there, as three tables. All of it is durable.
pub(super) fn topology(topology: &Topology) -> String {
    let exchanges = topology
        .exchanges
        .iter()
        .map(|exchange| [exchange.name.to_owned(), exchange.kind.name().to_owned(), arguments(&exchange.arguments)]);
    let queues = topology.queues.iter().map(|queue| [queue.name.clone(), arguments(&queue.arguments)]);
    let bindings = topology.bindings.iter().map(|binding| {
        let key = if binding.routing_key.is_empty() { "everything" } else { binding.routing_key };
        [binding.queue.clone(), binding.exchange.to_owned(), key.to_owned()]
    });
    format!(
        "{}\n{}\n{}",
        table(["EXCHANGE", "KIND", "ARGUMENTS"], exchanges.collect()),
        table(["QUEUE", "ARGUMENTS"], queues.collect()),
        table(["BOUND QUEUE", "TO EXCHANGE", "FOR"], bindings.collect()),
    )
}

fn arguments(arguments: &[(&'static str, Argument)]) -> String {
    let one = |(name, value): &(&str, Argument)| match value {
        Argument::Text(text) => format!("{name}={text}"),
        Argument::Flag(flag) => format!("{name}={flag}"),
    };
    arguments.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut all = vec![head.map(str::to_owned)];
    all.extend(rows);
    let width = |column: usize| all.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &all {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

/// What was done to a broker, how it differs, and what could not be seen.
pub(super) fn report(broker: &str, seen: &Seen, applied: Option<&Applied>) -> String {
    let mut text = applied.map(done).unwrap_or_default();
    let _ = match seen.differences.len() {
        0 => writeln!(text, "{broker}: all is as it must be"),
        1 => writeln!(text, "{broker}: 1 thing differs"),
        count => writeln!(text, "{broker}: {count} things differ"),
    };
    let mut differences = seen.differences.iter().peekable();
    while let Some(difference) = differences.next() {
        let problem = word(difference.problem);
        let _ = writeln!(text, "{problem:<9} {} {}", difference.subject, difference.text);
        // What is mended together is told once.
        if differences.peek().is_none_or(|next| next.mend != difference.mend) {
            let _ = writeln!(text, "          to mend it: {}", difference.mend);
        }
    }
    for unseen in &seen.unseen {
        let _ = writeln!(text, "not seen  {unseen}");
    }
    text
}

fn done(applied: &Applied) -> String {
    let made = applied.made.iter().map(|queue| format!("made      queue \"{queue}\""));
    let unbound = applied.unbound.iter().map(|subject| format!("unbound   {subject}"));
    let recreated = applied.recreated.iter().map(|subject| format!("made anew {subject}"));
    made.chain(unbound).chain(recreated).map(|line| line + "\n").collect()
}

fn word(problem: Problem) -> &'static str {
    match problem {
        Problem::Missing => "missing",
        Problem::Wrong => "wrong",
        Problem::Stale => "stale",
        Problem::Policy => "policy",
        Problem::Unusable => "unusable",
    }
}

#[cfg(test)]
mod tests {
    use amqp::topology::{Live, compare};

    use super::*;

    #[test]
    fn every_exchange_queue_and_binding_is_shown() {
        let wanted = Topology::of_catalogue();
        let text = topology(&wanted);
        assert!(text.contains("bookly.events        topic   alternate-exchange=bookly.unrouted\n"), "{text}");
        for binding in &wanted.bindings {
            let shown = |line: &str| {
                let words: Vec<_> = line.split_whitespace().collect();
                let key = if binding.routing_key.is_empty() { "everything" } else { binding.routing_key };
                words == [binding.queue.as_str(), binding.exchange, key]
            };
            assert!(text.lines().any(shown), "{binding:?}");
        }
        assert!(text.lines().all(|line| line.trim_end() == line));
    }

    #[test]
    fn a_report_tells_what_differs_how_to_mend_it_and_what_was_not_seen() {
        let differences = compare(&Topology::of_catalogue(), &Live::default());
        let seen = Seen { differences, unseen: vec!["the weather".to_owned()], live: None };
        let text = report("the broker", &seen, None);
        assert!(text.starts_with("the broker: "), "{text}");
        assert!(text.contains("\nmissing   queue \"bookly.reports\" is missing\n          to mend it: "), "{text}");
        assert_eq!(text.matches("to mend it").count(), 1, "one mend is told once: {text}");
        assert!(text.ends_with("\nnot seen  the weather\n"), "{text}");
        assert_eq!(report("the broker", &Seen::default(), None), "the broker: all is as it must be\n");
    }

    #[test]
    fn what_was_done_comes_first() {
        let applied = Applied { made: vec!["bookly.reports".to_owned()], ..Applied::default() };
        let text = report("the broker", &Seen::default(), Some(&applied));
        assert_eq!(text, "made      queue \"bookly.reports\"\nthe broker: all is as it must be\n");
    }
}
