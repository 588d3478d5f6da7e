//! Looking at the supervision tree, and restarting parts of it.

use actix_web::http::StatusCode;
use actors::access::Permission;
use actors::supervision::Node;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::answer::{Done, Reply};
use super::call::{Call, PATIENCE};
use super::caller::Access;
use super::problem::{Problem, kind};
use super::route::{Group, get, post};

const OPERATE: Access = Access::Permission(Permission::Operate);

/// The operations.
pub fn group() -> Group {
    let routes = vec![
        get(OPERATE, "/admin/actors", "getActors", "The supervision tree: state, mailbox and restarts of every actor.")
            .to(tree),
        post(
            OPERATE,
            "/admin/actors/{path:.+}/restart",
            "restartActor",
            "Restarts an actor, or a supervisor with all below it.",
        )
        .answers(StatusCode::NO_CONTENT)
        .may_refuse(&[&kind::NOT_FOUND])
        .to(restart),
    ];
    Group { name: "Operation", about: "The parts of the running system.", routes }
}

/// The tree as the supervision kit tells it, in its own words.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Tree(Node);

impl JsonSchema for Tree {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ActorTree".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A part of the supervision tree and everything below it.",
            "required": ["path", "name", "kind", "state", "children"],
            "properties": {
                "path": { "type": "string", "description": "Names from the root to this part, joined by `/`." },
                "name": { "type": "string", "description": "Its own name." },
                "kind": { "enum": ["supervisor", "actor"], "description": "What it is." },
                "state": { "description": "What it does at the moment: `running`, or `{\"restarting\": {\"in_ms\": 100}}`." },
                "mailbox": { "type": ["object", "null"], "description": "Messages that wait (`depth`) of those it may hold (`capacity`)." },
                "restart_count": { "type": "integer", "description": "Restarts so far." },
                "last_error": { "type": ["string", "null"], "description": "The last abnormal end or panic." },
                "uptime_ms": { "type": ["integer", "null"], "description": "Milliseconds since it last began to run." },
                "degraded": { "type": "boolean", "description": "Whether it says that it works less well than it should." },
                "children": { "type": "array", "items": { "$ref": "#/components/schemas/ActorTree" }, "description": "The parts below." },
            },
        })
    }
}

async fn tree(call: Call) -> Result<Reply<Tree>, Problem> {
    Ok(Reply::of(Tree(call.state.running.tree())))
}

async fn restart(call: Call) -> Result<Done, Problem> {
    let path = call.path("path").replace("%2F", "/").replace("%2f", "/");
    log::warn!("{path:?} is to be restarted for {} (correlation id {})", call.caller.id(), call.caller.correlation_id);
    let restarted = tokio::time::timeout(PATIENCE, call.state.running.restart(&path)).await;
    let late = |_| Problem::new(&kind::LATE, "the restart takes long; GET /api/v1/admin/actors shows how it goes");
    let unknown = |error: actors::supervision::UnknownChild| Problem::new(&kind::NOT_FOUND, error.to_string());
    restarted.map_err(late)?.map_err(unknown)?;
    Ok(Done)
}
