//! Reading one reservation.

use uuid::Uuid;

use super::error::Error;
use super::{Availability, Reservation, store};
use crate::access::Permission;
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// The reservation with this id.
#[derive(Debug, Clone, Copy)]
pub struct GetReservation(pub Uuid);

impl Query for GetReservation {
    type Service = Availability;
    type Answer = Reservation;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, context: &Context) -> Result<Reservation, Error> {
        let reservation = store::find(connection, self.0)?;
        check_visible(context, reservation.user_id, || Error::NotFound)?;
        Ok(reservation)
    }
}

/// Others' reservations do not exist for who may not see them.
pub(super) fn check_visible(context: &Context, owner: Uuid, hidden: impl FnOnce() -> Error) -> Result<(), Error> {
    let caller = &context.caller;
    let sees_all = caller.may(Permission::ReservationsReadAll) || caller.may(Permission::ReservationsManage);
    if owner == caller.id() || sees_all { Ok(()) } else { Err(hidden()) }
}
