//! How much each resource is used.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::store::{Row, report_conflicts, report_reservations};
use super::{Error, Reports};
use crate::clock::bounded;
use crate::database::sql_types::{Id, Instant};
use crate::database::{self, DatabaseConnection};
use crate::service::{Context, Query};
use crate::violation::Violation;

/// How much one resource is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceUsage {
    /// The resource.
    pub resource_id: Uuid,
    /// Reservations that were made.
    pub reservations: u64,
    /// Of those, how many were called off.
    pub cancelled: u64,
    /// Of those, how many after the deadline.
    pub cancelled_late: u64,
    /// Minutes of the reservations that were not called off.
    pub reserved_minutes: i64,
    /// Conflicts that were detected in the span.
    pub conflicts: u64,
}

/// How much the resources are used in a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageReport {
    /// From when.
    pub from: DateTime<Utc>,
    /// To when.
    pub to: DateTime<Utc>,
    /// One row a resource that has something to report, the most used first.
    pub items: Vec<ResourceUsage>,
}

/// How much the resources are used by reservations that begin between two instants.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// From when.
    pub from: DateTime<Utc>,
    /// To when.
    pub to: DateTime<Utc>,
}

impl Query for Usage {
    type Service = Reports;
    type Answer = UsageReport;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<UsageReport, Error> {
        let (from, to) = (bounded(self.from), bounded(self.to));
        if from >= to {
            return Err(Error::Invalid(vec![Violation::field("field.range", "to", "to must be later than from")]));
        }
        let rows = report_reservations::table
            .filter(report_reservations::starts_at.ge(Instant(from)))
            .filter(report_reservations::starts_at.lt(Instant(to)))
            .load::<Row>(connection)
            .map_err(database::Error::from)?;
        let conflicts: Vec<Id> = report_conflicts::table
            .filter(report_conflicts::detected_at.ge(Instant(from)))
            .filter(report_conflicts::detected_at.lt(Instant(to)))
            .select(report_conflicts::resource_id)
            .load(connection)
            .map_err(database::Error::from)?;
        Ok(UsageReport { from, to, items: summed(&rows, &conflicts) })
    }
}

fn summed(rows: &[Row], conflicts: &[Id]) -> Vec<ResourceUsage> {
    let mut by_resource: BTreeMap<Uuid, ResourceUsage> = BTreeMap::new();
    let mut of = |resource_id: Uuid, count: &dyn Fn(&mut ResourceUsage)| {
        count(by_resource.entry(resource_id).or_insert(ResourceUsage { resource_id, ..Default::default() }));
    };
    for row in rows {
        let minutes = (row.ends_at.0 - row.starts_at.0).num_minutes();
        of(row.resource_id.0, &|usage| {
            usage.reservations += 1;
            usage.cancelled += u64::from(row.cancelled);
            usage.cancelled_late += u64::from(row.late);
            usage.reserved_minutes += if row.cancelled { 0 } else { minutes };
        });
    }
    for resource_id in conflicts {
        of(resource_id.0, &|usage| usage.conflicts += 1);
    }
    let mut items: Vec<_> = by_resource.into_values().collect();
    items.sort_by_key(|usage| (-usage.reserved_minutes, usage.resource_id));
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_called_off_counts_but_takes_no_time() {
        let at = |minute: i64| Instant(DateTime::from_timestamp(minute * 60, 0).expect("an instant"));
        let row = |number: u128, cancelled, late| Row {
            reservation_id: Id(Uuid::from_u128(number)),
            resource_id: Id(Uuid::nil()),
            user_id: Id(Uuid::nil()),
            starts_at: at(0),
            ends_at: at(90),
            cancelled,
            late,
            version: 1,
        };
        let items = summed(&[row(1, false, false), row(2, true, true)], &[Id(Uuid::nil())]);
        let expected = ResourceUsage {
            resource_id: Uuid::nil(),
            reservations: 2,
            cancelled: 1,
            cancelled_late: 1,
            reserved_minutes: 90,
            conflicts: 1,
        };
        assert_eq!(items, [expected]);
    }
}
