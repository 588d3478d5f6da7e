//! The policies of all events, as the settings give them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Backoff, Policy};
use crate::catalogue;
use crate::service::Service;

/// The most scheduled retries that a policy may ask for.
pub const MAX_ATTEMPTS: u32 = 100;

/// The longest pause that a policy may ask for, in milliseconds: a week.
pub const MAX_PAUSE_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// The policies of all events. An event type's own policy comes before its consumer's, and that before the default.
///
/// In `bookly.toml`: `[retry.default]`, `[retry.consumers.reports]`, `[retry.events."reservation.created"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policies {
    /// For everything else.
    pub default: Policy,
    /// By consuming service.
    pub consumers: BTreeMap<Service, Policy>,
    /// By event type.
    pub events: BTreeMap<String, Policy>,
}

/// Policies that cannot be used: one sentence for each thing that is wrong with them, with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct InvalidPolicies(Vec<String>);

impl Policies {
    /// The policy for an event type at a consumer.
    pub fn of(&self, event_type: &str, consumer: Service) -> Policy {
        let specific = self.events.get(event_type).or_else(|| self.consumers.get(&consumer));
        specific.copied().unwrap_or(self.default)
    }

    /// Looks whether they can be used.
    ///
    /// # Errors
    /// [`InvalidPolicies`], with everything that is wrong.
    pub fn check(&self) -> Result<(), InvalidPolicies> {
        let mut wrong = Vec::new();
        check_policy("retry.default", self.default, &mut wrong);
        for (consumer, policy) in &self.consumers {
            check_policy(&format!("retry.consumers.{consumer}"), *policy, &mut wrong);
        }
        for (event_type, policy) in &self.events {
            let name = format!("retry.events.\"{event_type}\"");
            if catalogue::find(event_type).is_none() {
                let known: Vec<_> = catalogue::ENTRIES.iter().map(|entry| entry.event_type).collect();
                wrong.push(format!("{name}: there is no such event; use one of {}", known.join(", ")));
            }
            check_policy(&name, *policy, &mut wrong);
        }
        if wrong.is_empty() { Ok(()) } else { Err(InvalidPolicies(wrong)) }
    }
}

fn check_policy(name: &str, policy: Policy, wrong: &mut Vec<String>) {
    let Policy::Retry { attempts, backoff } = policy else {
        return;
    };
    if attempts > MAX_ATTEMPTS {
        wrong.push(format!(
            "{name}: attempts is {attempts} and can be {MAX_ATTEMPTS} at most; an event that failed so often waits as \
             a dead letter, where it can be retried by hand"
        ));
    }
    let (first, cap) = match backoff {
        Backoff::Exponential { base_ms, cap_ms } => (("base_ms", base_ms), Some(cap_ms)),
        Backoff::Fixed { delay_ms } => (("delay_ms", delay_ms), None),
        Backoff::Linear { step_ms, cap_ms } => (("step_ms", step_ms), Some(cap_ms)),
    };
    let (field, pause) = first;
    if pause == 0 {
        wrong.push(format!(
            "{name}: {field} is 0, so nothing would have changed until the next attempt; write at least 1, or \
             policy = \"none\""
        ));
    }
    if let Some(cap) = cap.filter(|&cap| cap < pause) {
        wrong.push(format!("{name}: cap_ms ({cap}) is less than {field} ({pause}); raise cap_ms, or lower {field}"));
    }
    let longest = cap.unwrap_or(pause);
    if longest > MAX_PAUSE_MS {
        let field = if cap.is_some() { "cap_ms" } else { field };
        wrong.push(format!(
            "{name}: {field} is {longest} and can be {MAX_PAUSE_MS} (a week) at most; it is in milliseconds"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Policies, String> {
        toml::from_str(toml).map_err(|error| error.to_string())
    }

    fn complaint(toml: &str) -> String {
        read(toml).unwrap().check().unwrap_err().to_string()
    }

    #[test]
    fn the_settings_file_may_say_it_all() {
        let policies = read(
            r#"
            [default]
            policy = "exponential"
            base_ms = 500
            cap_ms = 20000
            attempts = 5
            [consumers.reports]
            policy = "fixed"
            delay_ms = 100
            [events."reservation.created"]
            policy = "linear"
            step_ms = 10
            [events."resource.deleted"]
            policy = "none"
            "#,
        )
        .unwrap();
        assert_eq!(policies.check(), Ok(()));
        let exponential = Backoff::Exponential { base_ms: 500, cap_ms: 20_000 };
        assert_eq!(policies.default, Policy::Retry { attempts: 5, backoff: exponential });
        let fixed = Policy::Retry { attempts: 3, backoff: Backoff::Fixed { delay_ms: 100 } };
        assert_eq!(policies.of("reservation.updated", Service::Reports), fixed);
        let linear = Policy::Retry { attempts: 3, backoff: Backoff::Linear { step_ms: 10, cap_ms: 30_000 } };
        assert_eq!(policies.of("reservation.created", Service::Reports), linear);
        assert_eq!(policies.of("resource.deleted", Service::Availability), Policy::None);
    }

    #[test]
    fn whatever_is_left_out_has_its_default() {
        for (policy, backoff) in
            [("exponential", Backoff::EXPONENTIAL), ("fixed", Backoff::FIXED), ("linear", Backoff::LINEAR)]
        {
            let policies = read(&format!("default = {{ policy = \"{policy}\" }}")).unwrap();
            assert_eq!(policies.default, Policy::Retry { attempts: 3, backoff });
            assert_eq!(policies.check(), Ok(()));
        }
        assert_eq!(read(""), Ok(Policies::default()));
        assert_eq!(Policies::default().check(), Ok(()));
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        for (toml, known) in [
            ("default = { policy = \"eternal\" }", "exponential"),
            ("default = { policy = \"fixed\", base_ms = 1 }", "delay_ms"),
            ("default = { policy = \"none\", attempts = 1 }", "attempts"),
            ("default = { attempts = 1 }", "policy"),
            ("consumers.billing = { policy = \"none\" }", "stockpile"),
            ("policies.reports = { policy = \"none\" }", "consumers"),
            ("default = { policy = \"fixed\", delay_ms = -1 }", "-1"),
        ] {
            let error = read(toml).unwrap_err();
            assert!(error.contains(known), "{toml}: {error}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused_with_what_to_do() {
        for (toml, words) in [
            ("default = { policy = \"fixed\", attempts = 101 }", ["retry.default", "100 at most"]),
            ("default = { policy = \"exponential\", cap_ms = 10 }", ["cap_ms (10)", "base_ms (1000)"]),
            ("default = { policy = \"linear\", step_ms = 40000 }", ["cap_ms (30000)", "step_ms (40000)"]),
            ("consumers.reports = { policy = \"fixed\", delay_ms = 0 }", ["retry.consumers.reports", "at least 1"]),
            ("events.imagined = { policy = \"none\" }", ["retry.events.\"imagined\"", "reservation.created"]),
            ("default = { policy = \"fixed\", delay_ms = 9999999999 }", ["a week", "milliseconds"]),
        ] {
            let complaint = complaint(toml);
            assert!(words.iter().all(|word| complaint.contains(word)), "{toml}: {complaint}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let toml = "default = { policy = \"fixed\", attempts = 101, delay_ms = 0 }\nevents.x = { policy = \"none\" }";
        assert_eq!(complaint(toml).lines().count(), 3);
    }
}
