//! Operations of the availability service on series.

use actors::access::Permission;
use actors::availability::{CancelSeries, GetSeries, NewSeries, RequestSeries, Series, SeriesCancelled, SeriesOutcome};
use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::Reply;
use super::body::Json;
use super::call::Call;
use super::caller::Access;
use super::problem::{Problem, kind};
use super::reservations::not_arrived;
use super::route::{Group, create, delete, get};
use actix_web::http::StatusCode;

const WRITE: Access = Access::Permission(Permission::SeriesWrite);

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        create(WRITE, "/reservations/series", "requestSeries", "Reserves a resource every week, by a recurrence rule.")
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
    /// Why.
    reason: Option<String>,
}

async fn request(call: Call<Options, Json<NewSeries>>) -> Result<Reply<SeriesOutcome>, Problem> {
    let new = call.body.0.clone();
    let resource_id = new.resource_id;
    let command = RequestSeries { new, dry_run: call.query.dry_run };
    match call.command(&call.state.services.availability, command).await {
        Ok(outcome) => {
            let path = outcome.id.map(|id| format!("/reservations/series/{id}"));
            let reply = Reply::of(outcome);
            Ok(match path {
                Some(path) => reply.location(path),
                None => reply,
            })
        }
        Err(problem) => Err(not_arrived(&call, resource_id, problem).await),
    }
}

async fn show(call: Call) -> Result<Reply<Series>, Problem> {
    Ok(Reply::of(call.ask(&call.state.services.availability, GetSeries(call.id()?)).await?))
}

async fn cancel(call: Call<Cancellation>) -> Result<Reply<SeriesCancelled>, Problem> {
    let command = CancelSeries { id: call.id()?, reason: call.query.reason.clone() };
    Ok(Reply::of(call.command(&call.state.services.availability, command).await?))
}
