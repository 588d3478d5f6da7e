//! Listing reservations.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Availability;
use super::error::Error;
use super::model::{Reservation, ReservationStatus};
use super::store::{Row, read, reservations};
use crate::access::Permission;
use crate::clock::bounded;
use crate::database::sql_types::{Id, Instant};
use crate::database::{self, DatabaseConnection};
use crate::service::{Context, Query};

/// Which reservations to list. Who may not see everybody's gets their own.
#[derive(Debug, Clone, Default)]
pub struct ReservationFilter {
    /// Only this resource.
    pub resource_id: Option<Uuid>,
    /// Only those for this user.
    pub user_id: Option<Uuid>,
    /// Only this status.
    pub status: Option<ReservationStatus>,
    /// Only those that end after this instant.
    pub from: Option<DateTime<Utc>>,
    /// Only those that begin before this instant.
    pub to: Option<DateTime<Utc>>,
}

/// Lists reservations by start.
#[derive(Debug, Clone)]
pub struct ListReservations {
    /// Which ones.
    pub filter: ReservationFilter,
    /// Only those behind this place: start and id of the last one of the page before.
    pub after: Option<(DateTime<Utc>, Uuid)>,
    /// At most this many.
    pub limit: i64,
}

/// A page of reservations.
#[derive(Debug, Clone)]
pub struct ReservationPage {
    /// The reservations, by start.
    pub items: Vec<Reservation>,
    /// The place to go on behind; `None` when this is the last page.
    pub next: Option<(DateTime<Utc>, Uuid)>,
}

impl Query for ListReservations {
    type Service = Availability;
    type Answer = ReservationPage;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, context: &Context) -> Result<ReservationPage, Error> {
        let mut query =
            reservations::table.order((reservations::starts_at, reservations::id)).limit(self.limit + 1).into_boxed();
        let filter = self.filter;
        if let Some(resource_id) = filter.resource_id {
            query = query.filter(reservations::resource_id.eq(Id(resource_id)));
        }
        if let Some(user_id) = filter.user_id {
            query = query.filter(reservations::user_id.eq(Id(user_id)));
        }
        if !context.caller.may(Permission::ReservationsReadAll) {
            query = query.filter(reservations::user_id.eq(Id(context.caller.id())));
        }
        if let Some(status) = filter.status {
            query = query.filter(reservations::status.eq(status.word()));
        }
        if let Some(from) = filter.from {
            query = query.filter(reservations::ends_at.gt(Instant(bounded(from))));
        }
        if let Some(to) = filter.to {
            query = query.filter(reservations::starts_at.lt(Instant(bounded(to))));
        }
        if let Some((start, id)) = self.after {
            let (start, id) = (Instant(start), Id(id));
            let same = reservations::starts_at.eq(start).and(reservations::id.gt(id));
            query = query.filter(reservations::starts_at.gt(start).or(same));
        }
        let rows = query.load::<Row>(connection).map_err(database::Error::from)?;
        let limit = usize::try_from(self.limit).unwrap_or_default();
        let more = rows.len() > limit;
        let items = read(rows.into_iter().take(limit).collect())?;
        let last = items.last().map(|reservation| (reservation.slot.starts_at, reservation.id));
        Ok(ReservationPage { items, next: last.filter(|_| more) })
    }
}
