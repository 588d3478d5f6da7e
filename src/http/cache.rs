//! Operations on the cache.

use actors::access::Permission;
use actors::cache::{ForgetPattern, GetStatistics, Pattern, PatternError, Statistics};
use actors::violation::Violation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Reply;
use super::call::{Call, PATIENCE, Sent};
use super::caller::Access;
use super::problem::{Problem, kind};
use super::route::{Group, get, post};

const OPERATE: Access = Access::Permission(Permission::Operate);

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        get(OPERATE, "/admin/cache", "getCache", "How well the cache works, for each kind of key.").to(show),
        post(OPERATE, "/admin/cache/forget", "forgetCached", "Forgets every key that fits a pattern.")
            .may_refuse(&[&kind::RULES_BROKEN])
            .to(forget),
    ];
    Group { name: "Cache", about: "What was read before and is kept, so that the database need not be asked.", routes }
}

/// What to forget.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Forget {
    /// A key without the namespace, in which `*` stands for any text: `resources:list:*`; `*` alone is everything.
    pattern: String,
}

/// What was forgotten.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Forgotten {
    /// How many keys.
    forgotten: u64,
}

async fn show(call: Call) -> Result<Reply<Statistics>, Problem> {
    Ok(Reply::of(call.state.services.cache.send_within(GetStatistics, PATIENCE).await?))
}

async fn forget(call: Sent<Forget>) -> Result<Reply<Forgotten>, Problem> {
    let pattern: Pattern = call.body.0.pattern.parse().map_err(|error: PatternError| {
        Problem::violations(vec![Violation::field("field.format", "pattern", error.to_string())])
    })?;
    let who = call.caller.user_id.map_or("the operator".to_owned(), |user| format!("user {user}"));
    log::warn!("the cache is to forget {pattern} for {who}");
    let forgotten = call.state.services.cache.send_within(ForgetPattern(pattern), PATIENCE).await?;
    let unavailable = |why| Problem::new(&kind::UNAVAILABLE, why);
    Ok(Reply::of(Forgotten { forgotten: forgotten.map_err(unavailable)? }))
}
