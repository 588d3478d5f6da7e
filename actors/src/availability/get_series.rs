//! Reading a series.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::error::Error;
use super::get::check_visible;
use super::model::Reservation;
use super::series_store::{self, SeriesHead};
use super::{Availability, store};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// A series and its reservations.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// What it was asked for as.
    #[serde(flatten)]
    pub head: SeriesHead,
    /// Its reservations, in the order of time.
    pub reservations: Vec<Reservation>,
}

/// The series with this id.
#[derive(Debug, Clone, Copy)]
pub struct GetSeries(pub Uuid);

impl Query for GetSeries {
    type Service = Availability;
    type Answer = Series;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, context: &Context) -> Result<Series, Error> {
        let head = series_store::find(connection, self.0)?;
        check_visible(context, head.user_id, || Error::SeriesNotFound)?;
        let reservations = store::of_series(connection, self.0)?;
        Ok(Series { head, reservations })
    }
}
