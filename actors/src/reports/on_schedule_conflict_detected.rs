//! A closure or an import met live reservations: the conflict is counted.

use amqp::Envelope;
use amqp::events::ScheduleConflictDetected;
use diesel::prelude::*;

use super::Reports;
use super::store::report_conflicts;
use crate::database::sql_types::{Id, Instant};
use crate::database::{self, Transaction, each_engine};
use crate::event_store::Origin;
use crate::wiring::{HandlingError, Reacts};

impl Reacts<ScheduleConflictDetected> for Reports {
    fn react(
        transaction: &mut Transaction<'_>,
        _: &Origin,
        envelope: &Envelope,
        event: ScheduleConflictDetected,
    ) -> Result<(), HandlingError> {
        let reservations = i32::try_from(event.conflicting_reservations.len()).unwrap_or(i32::MAX);
        let row = (
            report_conflicts::conflict_id.eq(Id(envelope.aggregate_id)),
            report_conflicts::resource_id.eq(Id(event.resource_id)),
            report_conflicts::detected_at.eq(Instant(event.detected_at)),
            report_conflicts::reservations.eq(reservations),
        );
        each_engine!(transaction.connection(), connection => {
            diesel::insert_into(report_conflicts::table).values(row).on_conflict_do_nothing().execute(connection)
        })
        .map_err(database::Error::from)?;
        Ok(())
    }
}
