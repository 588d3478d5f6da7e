//! Many dead letters at once.

use actors::dead_letters::{BulkRetry, GetBulkRetry, LetterFilter, RetryDeadLetters};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::http::answer::Reply;
use crate::http::call::{Call, Sent};
use crate::http::problem::Problem;

/// Which dead letters are retried, and how fast.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "NewBulkRetry")]
pub(super) struct Retries {
    /// Which ones, of those that wait for an operator; `{}` means all of them.
    filter: LetterFilter,
    /// How many a second at most, 1 to 1,000.
    #[serde(default = "ten")]
    per_second: u32,
}

const fn ten() -> u32 {
    10
}

pub(super) async fn start(call: Sent<Retries>) -> Result<Reply<BulkRetry>, Problem> {
    let Retries { filter, per_second } = &call.body.0;
    let command = RetryDeadLetters { filter: filter.clone(), per_second: *per_second };
    let bulk = call.command(&call.state.services.dead_letters, command).await?;
    let path = format!("/admin/dead-letters/retries/{}", bulk.id);
    Ok(Reply::of(bulk).location(path))
}

pub(super) async fn show(call: Call) -> Result<Reply<BulkRetry>, Problem> {
    Ok(Reply::of(call.ask(&call.state.services.dead_letters, GetBulkRetry(call.id()?)).await?))
}
