//! One dead letter.

use actors::dead_letters::{
    DeadLetter, DeadLetterFile, DiscardDeadLetter, GetDeadLetter, ResolveDeadLetter, RetryDeadLetter,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::http::answer::Reply;
use crate::http::body::Json;
use crate::http::call::{Call, Sent};
use crate::http::problem::Problem;
use crate::http::query::NoParameters;

/// How it is retried.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DeadLetterRetry")]
pub(super) struct Retry {
    /// The payload to put in place of the one that it came with; its event's schema has to allow it.
    data: Option<Map<String, Value>>,
}

/// Why it is resolved.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DeadLetterResolution")]
pub(super) struct Resolution {
    /// What was done instead, 1 to 500 characters.
    reason: String,
}

/// Why it is given up.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DeadLetterDisposal")]
pub(super) struct Disposal {
    /// Why, at most 500 characters.
    reason: Option<String>,
}

type Optional<T> = Call<NoParameters, Option<Json<T>>>;

pub(super) async fn show(call: Call) -> Result<Reply<DeadLetterFile>, Problem> {
    Ok(Reply::of(call.ask(&call.state.services.dead_letters, GetDeadLetter(call.id()?)).await?))
}

pub(super) async fn retry(call: Optional<Retry>) -> Result<Reply<DeadLetter>, Problem> {
    let data = call.body.as_ref().and_then(|body| body.0.data.clone()).map(Value::Object);
    let command = RetryDeadLetter { id: call.id()?, data };
    Ok(Reply::of(call.command(&call.state.services.dead_letters, command).await?))
}

pub(super) async fn resolve(call: Sent<Resolution>) -> Result<Reply<DeadLetter>, Problem> {
    let command = ResolveDeadLetter { id: call.id()?, reason: call.body.0.reason.clone() };
    Ok(Reply::of(call.command(&call.state.services.dead_letters, command).await?))
}

pub(super) async fn discard(call: Optional<Disposal>) -> Result<Reply<DeadLetter>, Problem> {
    let reason = call.body.as_ref().and_then(|body| body.0.reason.clone());
    let command = DiscardDeadLetter { id: call.id()?, reason };
    Ok(Reply::of(call.command(&call.state.services.dead_letters, command).await?))
}
