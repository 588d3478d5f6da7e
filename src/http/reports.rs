//! Operations of the reports service.

use actors::access::Permission;
use actors::reports::{Error, Usage, UsageReport};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::Reply;
use super::call::Call;
use super::caller::Access;
use super::problem::{Problem, kind};
use super::route::{Group, get};

/// The operations.
pub fn group() -> Group {
    let read = Access::Permission(Permission::ReportsRead);
    let routes = vec![
        get(
            read,
            "/reports/usage",
            "getUsage",
            "How much each resource is used, by reservations that begin in a span.",
        )
        .may_refuse(&[&kind::RULES_BROKEN])
        .to(usage),
    ];
    Group { name: "Reports", about: "What was reserved, as the events told it.", routes }
}

/// A span of time.
#[derive(Debug, Deserialize, JsonSchema)]
struct Span {
    /// From when.
    from: DateTime<Utc>,
    /// To when.
    to: DateTime<Utc>,
}

async fn usage(call: Call<Span>) -> Result<Reply<UsageReport>, Problem> {
    let Span { from, to } = call.query;
    Ok(Reply::of(call.ask(&call.state.services.reports, Usage { from, to }).await?))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(violations) => Self::violations(violations),
            Error::Storage(error) => error.into(),
        }
    }
}
