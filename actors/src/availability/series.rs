//! Asking for a recurring reservation.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{Conflict, Error};
use super::model::Slot;
use super::occupancy::Hold;
use super::placing::{free_unit_among, holds_around};
use super::profile::{self, Profile};
use super::recurrence::{Rule, expand};
use super::request::{check_texts, lock, on_behalf_of};
use super::rules::Request;
use super::series_store::SeriesHead;
use super::{Availability, placing};
use crate::database::Transaction;
use crate::service::{Command, Context};
use crate::violation::Violation;

/// What to do with occurrences that cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeriesMode {
    /// Reserve all occurrences or none.
    All,
    /// Reserve those that can be had and report the others.
    Skip,
}

/// What a new series is to be.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSeries {
    /// The resource.
    pub resource_id: Uuid,
    /// When the first occurrence begins.
    pub start_time: DateTime<Utc>,
    /// When the first occurrence ends; every occurrence is as long.
    pub end_time: DateTime<Utc>,
    /// The zone in whose local time it recurs (an IANA name); the campus's if absent.
    pub time_zone: Option<String>,
    /// The recurrence rule (RFC 5545): `FREQ=WEEKLY` with `COUNT` or `UNTIL`, and `INTERVAL`, `BYDAY`, `WKST`.
    pub rrule: String,
    /// Starts of occurrences that are left out.
    #[serde(default)]
    pub exdates: Vec<DateTime<Utc>>,
    /// What to do with occurrences that cannot be had.
    pub mode: SeriesMode,
    /// What for, at most 500 characters.
    pub purpose: Option<String>,
    /// The user it is for, if not the caller: needs the permission `reservations:manage`.
    pub user_id: Option<Uuid>,
}

/// An occurrence that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    /// The occurrence.
    #[serde(flatten)]
    pub slot: Slot,
    /// Why.
    pub reason: String,
}

/// What became of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeriesOutcome {
    /// The series; absent in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Whether nothing was reserved because it was only tried.
    pub dry_run: bool,
    /// Occurrences that were, or in a dry run would be, reserved.
    pub created: usize,
    /// When those are, in the order of time.
    pub occurrences: Vec<Slot>,
    /// Occurrences that cannot be had.
    pub rejected: Vec<Rejected>,
    /// The reservations; empty in a dry run.
    pub reservations: Vec<Uuid>,
}

/// Asks for a recurring reservation.
#[derive(Debug, Clone)]
pub struct RequestSeries {
    /// What it is to be.
    pub new: NewSeries,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// The occurrences of a series, sorted out.
#[derive(Default)]
struct Sorted {
    free: Vec<(Slot, i32)>,
    rejected: Vec<Rejected>,
    conflicts: Vec<Conflict>,
    violations: Vec<Violation>,
}

impl Command for RequestSeries {
    type Service = Availability;
    type Answer = SeriesOutcome;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<SeriesOutcome, Error> {
        let new = self.new;
        let user_id = on_behalf_of(&context.caller, new.user_id)?;
        let (rule, zone, slots) = occurrences(&new, context)?;
        lock(transaction, context, new.resource_id, user_id)?;
        let profile = profile::existing(transaction.connection(), new.resource_id)?;
        if !profile.rules.allow_recurring {
            let message = "the resource cannot be reserved in series";
            return Err(Error::Broken(vec![Violation::rule("rule.recurring_not_allowed", message)]));
        }
        let holds = holds_around(transaction, &profile, &slots)?;
        let sorted = sort(&profile, &holds, &slots, context);
        refuse(new.mode, &sorted)?;
        let Sorted { free, rejected, .. } = sorted;
        let occurrences = free.iter().map(|(slot, _)| *slot).collect();
        let mut outcome = SeriesOutcome {
            id: None,
            dry_run: self.dry_run,
            created: free.len(),
            occurrences,
            rejected,
            reservations: Vec::new(),
        };
        if !self.dry_run {
            let head = SeriesHead {
                id: context.origin.ids.next(),
                resource_id: new.resource_id,
                user_id,
                rrule: rule.to_string(),
                time_zone: zone.name().to_owned(),
                purpose: new.purpose,
                created_at: context.origin.now,
            };
            outcome.id = Some(head.id);
            let dated = free.into_iter().map(|(slot, unit)| (context.origin.ids.next(), slot, unit)).collect();
            outcome.reservations = placing::place(transaction, context, &profile, &head, dated)?;
        }
        Ok(outcome)
    }
}

fn occurrences(new: &NewSeries, context: &Context) -> Result<(Rule, Tz, Vec<Slot>), Error> {
    let mut violations = check_texts(new.purpose.as_deref(), 0);
    let zone = match new.time_zone.as_deref().map(str::parse::<Tz>) {
        None => context.time_zone,
        Some(Ok(zone)) => zone,
        Some(Err(_)) => {
            let message = "timeZone must be an IANA name such as America/Bogota";
            violations.push(Violation::field("field.time_zone", "timeZone", message));
            context.time_zone
        }
    };
    if new.start_time >= new.end_time {
        let message = "endTime must be later than startTime";
        violations.push(Violation::field("rule.time_order", "endTime", message));
    }
    let rule = Rule::parse(&new.rrule);
    if let Err(error) = &rule {
        violations.push(Violation::field("field.rrule", "rrule", error.to_string()));
    }
    Error::unless_empty(violations)?;
    let refused = |error: super::recurrence::RuleError| {
        Error::Broken(vec![Violation::field("field.rrule", "rrule", error.to_string())])
    };
    let rule = rule.map_err(refused)?;
    let first = Slot::new(new.start_time, new.end_time);
    let found = expand(first.starts_at, first.ends_at, zone, &rule, &new.exdates).map_err(refused)?;
    if found.is_empty() {
        let message = "the exdates leave no occurrence";
        return Err(Error::Broken(vec![Violation::field("field.exdates", "exdates", message)]));
    }
    let slots = found.into_iter().map(|found| Slot { starts_at: found.start, ends_at: found.end }).collect();
    Ok((rule, zone, slots))
}

/// Which occurrences can be had. `holds` is in the order of time, as the slots are.
fn sort(profile: &Profile, holds: &[Hold], slots: &[Slot], context: &Context) -> Sorted {
    let mut sorted = Sorted::default();
    for (number, slot) in slots.iter().enumerate() {
        let request = Request::of(profile, *slot, None, context);
        // How far ahead a series may begin is ruled; it then reaches as far as its rule says.
        let broken = if number == 0 { request.violations() } else { request.violations_in_series() };
        if let Some(first) = broken.first() {
            sorted.rejected.push(Rejected { slot: *slot, reason: first.message.clone() });
            for violation in broken {
                if !sorted.violations.contains(&violation) {
                    sorted.violations.push(violation);
                }
            }
            continue;
        }
        match free_unit_among(holds, slot.with_buffer(profile.buffer()), profile.units()) {
            Ok(unit) => sorted.free.push((*slot, unit)),
            Err(conflicts) => {
                sorted.rejected.push(Rejected { slot: *slot, reason: "the resource is taken at that time".into() });
                sorted.conflicts.extend(conflicts);
            }
        }
    }
    sorted
}

fn refuse(mode: SeriesMode, sorted: &Sorted) -> Result<(), Error> {
    // Only the first occurrence is asked how far ahead it is, so it answers for all of them.
    let too_far = sorted.violations.iter().filter(|violation| violation.code == "rule.max_advance");
    Error::unless_empty(too_far.cloned().collect())?;
    if sorted.rejected.is_empty() || (mode == SeriesMode::Skip && !sorted.free.is_empty()) {
        return Ok(());
    }
    Error::unless_empty(sorted.violations.clone())?;
    Err(Error::Conflict { conflicts: sorted.conflicts.clone(), alternatives: Vec::new() })
}
