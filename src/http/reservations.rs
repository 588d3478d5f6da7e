//! Operations of the availability service on reservations.

use std::time::{Duration, Instant};

use actix_web::http::header::RETRY_AFTER;
use actors::access::Permission;
use actors::availability::{
    CancelReservation, EditReservation, Error, GetReservation, ListActive, ListReservations, NewReservation,
    RequestReservation, Reservation, ReservationChanges, ReservationFilter, ReservationStatus, cached,
};
use actors::resources::GetResource;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::answer::Reply;
use super::body::Json;
use super::call::{Call, Sent};
use super::caller::Access;
use super::paging::{Cursor, Limit, Page};
use super::problem::{Kind, Problem, kind};
use super::query::NoParameters;
use super::route::{Group, create, get, patch, post};

pub(super) const RESERVE: Access = Access::Permission(Permission::ReservationsWrite);
const EDIT: &[&Kind] = &[
    &kind::NOT_FOUND,
    &kind::FORBIDDEN,
    &kind::VERSION_STALE,
    &kind::RULES_BROKEN,
    &kind::RESERVATION_CONFLICT,
    &kind::RESERVATION_NOT_CHANGEABLE,
];
const LIST: &str = "reservations";
/// How long is waited for the creation of a resource to reach availability, and after what first and longest pause is
/// looked whether it has.
const ARRIVAL: Duration = Duration::from_secs(1);
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(160);

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        create(RESERVE, "/reservations", "requestReservation", "Reserves a resource for a span of time.")
            .may_refuse(&[&kind::NOT_FOUND, &kind::FORBIDDEN, &kind::RULES_BROKEN, &kind::RESERVATION_CONFLICT])
            .to(request),
        get(
            Access::Caller,
            "/reservations",
            "listReservations",
            "The caller's reservations, or everybody's for who may see them.",
        )
        .to(list),
        get(
            Access::Caller,
            "/reservations/active",
            "listActiveReservations",
            "What a user has reserved and has not ended, by start: the first 200.",
        )
        .may_refuse(&[&kind::FORBIDDEN])
        .to(list_active),
        get(Access::Caller, "/reservations/{id}", "getReservation", "One reservation.")
            .may_refuse(&[&kind::NOT_FOUND])
            .to(show),
        patch(RESERVE, "/reservations/{id}", "editReservation", "Moves a reservation, or says better what it is for.")
            .may_refuse(EDIT)
            .to(edit),
        post(RESERVE, "/reservations/{id}/cancel", "cancelReservation", "Calls a reservation off and frees its time.")
            .may_refuse(EDIT)
            .to(cancel),
    ];
    Group { name: "Reservations", about: "Who has which resource when.", routes }
}

/// Which reservations to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Filter {
    /// Only this resource.
    resource_id: Option<Uuid>,
    /// Only those for this user.
    user_id: Option<Uuid>,
    /// Only this status.
    status: Option<ReservationStatus>,
    /// Only those that end after this instant.
    from: Option<DateTime<Utc>>,
    /// Only those that begin before this instant.
    to: Option<DateTime<Utc>>,
    /// Where the page begins: the nextCursor of the page before.
    cursor: Option<Cursor>,
    /// How many items at most, 1 to 200.
    #[serde(default)]
    limit: Limit,
}

/// Whose reservations to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Whose {
    /// The user, if not the caller: needs the permission `reservations:read-all`.
    user_id: Option<Uuid>,
}

/// Why a reservation is called off.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Cancellation {
    /// Why, at most 500 characters.
    pub(super) reason: Option<String>,
}

type One = Result<Reply<Reservation>, Problem>;

fn reply(reservation: Reservation) -> Reply<Reservation> {
    let version = reservation.version;
    Reply::of(reservation).version(version)
}

async fn request(call: Sent<NewReservation>) -> One {
    let availability = &call.state.services.availability;
    let new = &call.body.0;
    let attempt = || call.command(availability, RequestReservation(new.clone()));
    let reservation = once_arrived(&call, new.resource_id, attempt).await?;
    let path = format!("/reservations/{}", reservation.id);
    Ok(reply(reservation).location(path))
}

/// Does what needs a resource. One that was created a moment ago exists, but its event may not have reached availability
/// yet: that is no 404, and worth a short wait.
pub(super) async fn once_arrived<Q, B, T, F, R>(call: &Call<Q, B>, resource_id: Uuid, attempt: F) -> Result<T, Problem>
where
    F: Fn() -> R,
    R: Future<Output = Result<T, Problem>>,
{
    let (begun, mut pause) = (Instant::now(), PAUSE_MIN);
    let mut is_known = false;
    loop {
        let problem = match attempt().await {
            Err(problem) if problem.kind() == &kind::NOT_FOUND => problem,
            settled => return settled,
        };
        let is_late = begun.elapsed() > ARRIVAL;
        // Only the first and the last answer turn on it, and many may wait for the same resource.
        if !is_known || is_late {
            is_known = call.ask(&call.state.services.resources, GetResource(resource_id)).await.is_ok();
            if !is_known {
                return Err(problem);
            }
        }
        if is_late {
            let detail =
                "the resource was created a moment ago and its event is still on its way; try again in a moment";
            return Err(Problem::new(&kind::UNAVAILABLE, detail).with_header(RETRY_AFTER, "1"));
        }
        actix_web::rt::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

async fn list(call: Call<Filter>) -> Result<Reply<Page<Reservation>>, Problem> {
    let Filter { resource_id, user_id, status, from, to, cursor, limit } = &call.query;
    let filter =
        ReservationFilter { resource_id: *resource_id, user_id: *user_id, status: *status, from: *from, to: *to };
    let after = cursor.as_ref().map(|cursor| cursor.key(LIST)).transpose()?;
    let query = ListReservations { filter, after, limit: limit.get() };
    let page = call.ask(&call.state.services.availability, query).await?;
    Ok(Reply::of(Page { items: page.items, next_cursor: page.next.map(|place| Cursor::behind(LIST, &place)) }))
}

async fn list_active(call: Call<Whose>) -> Result<Reply<Page<Reservation>>, Problem> {
    let query = ListActive { user_id: call.query.user_id.unwrap_or(call.caller.id()) };
    query.admits(&call.caller)?;
    let (availability, now) = (&call.state.services.availability, call.state.clock.now());
    let items = match call.read(cached::active(query.user_id), availability, query).await?.at(now) {
        Some(items) => items,
        None => call.ask(availability, query).await?.at(now).unwrap_or_default(),
    };
    Ok(Reply::of(Page { items, next_cursor: None }))
}

async fn show(call: Call) -> One {
    Ok(reply(call.ask(&call.state.services.availability, GetReservation(call.id()?)).await?))
}

async fn edit(call: Sent<ReservationChanges>) -> One {
    let (id, expected_version, changes) = (call.id()?, call.expected_version, call.body.0.clone());
    let command = EditReservation { id, expected_version, changes };
    Ok(reply(call.command(&call.state.services.availability, command).await?))
}

async fn cancel(call: Call<NoParameters, Option<Json<Cancellation>>>) -> One {
    let reason = call.body.as_ref().and_then(|body| body.0.reason.clone());
    let command = CancelReservation { id: call.id()?, expected_version: call.expected_version, reason };
    Ok(reply(call.command(&call.state.services.availability, command).await?))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::ResourceNotFound => Self::no_such("resource"),
            Error::NotFound => Self::no_such("reservation"),
            Error::SeriesNotFound => Self::no_such("series"),
            Error::Forbidden(_) => Self::new(&kind::FORBIDDEN, detail),
            Error::Conflict { conflicts, alternatives } => {
                let problem = Self::new(&kind::RESERVATION_CONFLICT, detail);
                problem.with("conflicts", conflicts).with("alternatives", alternatives)
            }
            Error::Broken(violations) => Self::violations(violations),
            Error::NotChangeable(_) => Self::new(&kind::RESERVATION_NOT_CHANGEABLE, detail),
            Error::VersionStale { current } => Self::new(&kind::VERSION_STALE, detail).with("currentVersion", current),
            Error::Storage(error) => error.into(),
        }
    }
}
