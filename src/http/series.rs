//! Operations of the availability service on series.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actors::access::Permission;
use actors::availability::{CancelSeries, GetSeries, NewSeries, RequestSeries, Series, SeriesCancelled, SeriesOutcome};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::answer::{Answer, Reply};
use super::body::Json;
use super::call::Call;
use super::caller::Access;
use super::problem::{Problem, kind};
use super::reservations::once_arrived;
use super::route::{Group, create, delete, get};

const WRITE: Access = Access::Permission(Permission::SeriesWrite);

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        create(WRITE, "/reservations/series", "requestSeries", "Reserves a resource every week, by a recurrence rule.")
            .or_answers(StatusCode::OK, "It was only tried: nothing is reserved.")
            .may_refuse(&[&kind::NOT_FOUND, &kind::FORBIDDEN, &kind::RULES_BROKEN, &kind::RESERVATION_CONFLICT])
            .to(request),
        get(Access::Caller, "/reservations/series/{id}", "getSeries", "A series and its reservations.")
            .may_refuse(&[&kind::NOT_FOUND])
            .to(show),
        delete(WRITE, "/reservations/series/{id}", "cancelSeries", "Calls off what is left of a series.")
            .answers(StatusCode::OK)
            .may_refuse(&[&kind::NOT_FOUND, &kind::FORBIDDEN])
            .to(cancel),
    ];
    Group { name: "Series", about: "Reservations that recur every week.", routes }
}

/// How a series is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Options {
    /// Only say what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Why a series is called off.
#[derive(Debug, Deserialize, JsonSchema)]
struct Cancellation {
    /// Why, at most 500 characters.
    reason: Option<String>,
}

/// What became of a request. One that was only tried has created nothing, so it is no 201.
struct Requested(SeriesOutcome);

impl Answer for Requested {
    fn describe(schemas: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        Reply::<SeriesOutcome>::describe(schemas)
    }

    fn respond(self, status: StatusCode) -> HttpResponse {
        match self.0.id {
            Some(id) => Reply::of(self.0).location(format!("/reservations/series/{id}")).respond(status),
            None => Reply::of(self.0).respond(StatusCode::OK),
        }
    }
}

async fn request(call: Call<Options, Json<NewSeries>>) -> Result<Requested, Problem> {
    let availability = &call.state.services.availability;
    let (new, dry_run) = (&call.body.0, call.query.dry_run);
    let attempt = || call.command(availability, RequestSeries { new: new.clone(), dry_run });
    once_arrived(&call, new.resource_id, attempt).await.map(Requested)
}

async fn show(call: Call) -> Result<Reply<Series>, Problem> {
    Ok(Reply::of(call.ask(&call.state.services.availability, GetSeries(call.id()?)).await?))
}

async fn cancel(call: Call<Cancellation>) -> Result<Reply<SeriesCancelled>, Problem> {
    let command = CancelSeries { id: call.id()?, reason: call.query.reason.clone() };
    Ok(Reply::of(call.command(&call.state.services.availability, command).await?))
}
