//! The installation's own checks: is every row what its history says, and every projection what its source says?

use std::collections::BTreeMap;

use actors::access::Permission;
use actors::auth::{CheckRoles, CheckUsers};
use actors::availability::{CheckReservations, ListProfiles, ListReservations};
use actors::database::{DatabaseConnection, Error};
use actors::event_store::{outbox, recovery};
use actors::reports::ListRegistered;
use actors::resources::{CheckResources, ListResources};
use amqp::Service;
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::Reply;
use super::call::Call;
use super::caller::Access;
use super::problem::Problem;
use super::route::{Group, get};

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        get(
            Access::Permission(Permission::Operate),
            "/admin/checks",
            "runChecks",
            "Compares every row with its history and every projection with its source.",
        )
        .to(run),
    ];
    Group { name: "Checks", about: "Whether what is stored is right.", routes }
}

/// What was compared and what differs.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checks {
    /// How many things of each kind were compared.
    pub compared: BTreeMap<String, usize>,
    /// What differs; empty when all is right.
    pub differences: Vec<String>,
    /// Events that are not handled by every consumer yet, dead letters aside: while there are any, projections may lag
    /// behind.
    pub undelivered: i64,
}

async fn run(call: Call) -> Result<Reply<Checks>, Problem> {
    let services = &call.state.services;
    let mut checks = Checks::default();
    let mut enter = |what: &str, (count, differences): (usize, Vec<String>)| {
        checks.compared.insert(what.to_owned(), count);
        checks.differences.extend(differences);
    };
    enter("users", call.ask(&services.auth, CheckUsers).await?);
    enter("roles", call.ask(&services.auth, CheckRoles).await?);
    enter("resources", call.ask(&services.resources, CheckResources).await?);
    enter("reservations", call.ask(&services.availability, CheckReservations).await?);
    enter("availabilityProfiles", profiles(&call).await?);
    enter("reportedReservations", reported(&call).await?);
    checks.undelivered = call.state.database.read(undelivered).await.map_err(Problem::from)?;
    Ok(Reply::of(checks))
}

fn undelivered(connection: &mut DatabaseConnection) -> Result<i64, Error> {
    let mut unhandled = 0;
    for service in Service::ALL {
        unhandled += recovery::count_unhandled(connection, service)?;
    }
    Ok(unhandled.max(outbox::backlog(connection)?.waiting))
}

/// Availability's profiles against the resources they show.
async fn profiles(call: &Call) -> Result<(usize, Vec<String>), Problem> {
    let services = &call.state.services;
    let profiles = call.ask(&services.availability, ListProfiles).await?;
    let shown: BTreeMap<_, _> = profiles.into_iter().map(|profile| (profile.resource_id, profile)).collect();
    let (mut after, mut compared, mut differences) = (None, 0, Vec::new());
    loop {
        let query = ListResources { filter: Default::default(), after, limit: 200 };
        let page = call.ask(&services.resources, query).await?;
        for resource in page.items {
            compared += 1;
            let same = shown.get(&resource.id).is_some_and(|profile| {
                profile.version == resource.version
                    && (&profile.code, &profile.name) == (&resource.code, &resource.name)
                    && (profile.status, profile.capacity) == (resource.status, resource.capacity)
                    && profile.rules == resource.rules
            });
            if !same {
                differences.push(format!("availability's profile of resource {} differs from it", resource.id));
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if compared != shown.len() {
        differences.push(format!("availability knows {} resources, there are {compared}", shown.len()));
    }
    Ok((compared, differences))
}

/// The reports' registrations against the reservations.
async fn reported(call: &Call) -> Result<(usize, Vec<String>), Problem> {
    let services = &call.state.services;
    let registered = call.ask(&services.reports, ListRegistered).await?;
    let mut registered: BTreeMap<_, _> = registered.into_iter().map(|row| (row.reservation_id, row)).collect();
    let (mut after, mut compared, mut differences) = (None, 0, Vec::new());
    loop {
        let query = ListReservations { filter: Default::default(), after, limit: 1_000 };
        let page = call.ask(&services.availability, query).await?;
        for reservation in page.items {
            compared += 1;
            let same = registered.remove(&reservation.id).is_some_and(|row| {
                row.version == reservation.version
                    && row.span == (reservation.slot.starts_at, reservation.slot.ends_at)
                    && row.cancelled != reservation.status.is_live()
            });
            if !same {
                differences
                    .push(format!("the reports' registration of reservation {} differs from it", reservation.id));
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    differences.extend(registered.keys().map(|id| format!("the reports know reservation {id}, which there is not")));
    Ok((compared, differences))
}
