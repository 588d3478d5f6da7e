//! Operations of the imports coordinator.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actors::access::Permission;
use actors::imports::{Error, GetImport, ImportReport, ImportTimetable, StartTimetableImport, Term};
use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use uuid::Uuid;

use super::answer::{Answer, BASE, Reply};
use super::body::Csv;
use super::call::Call;
use super::caller::Access;
use super::problem::{Problem, kind};
use super::route::{Group, get, post};

const IMPORT: Access = Access::Permission(Permission::TimetablesImport);
/// How long an import may take that is waited for; a longer one is asked for with `Prefer: respond-async`.
const PATIENCE: Duration = Duration::from_secs(300);

/// The operations.
pub fn group() -> Group {
    let about = "Imports a timetable; with `Prefer: respond-async` (RFC 7240) it answers 202 at once.";
    let routes = vec![
        post(IMPORT, "/imports/timetable", "importTimetable", about)
            .or_answers(StatusCode::ACCEPTED, "It has begun; `Location` tells how far it is.")
            .may_refuse(&[&kind::IMPORT_FILE, &kind::IMPORT_REFUSED, &kind::QUERY_INVALID])
            .to(import),
        get(IMPORT, "/imports/{id}", "getImport", "What an import did, or how far it is.")
            .may_refuse(&[&kind::NOT_FOUND])
            .to(show),
    ];
    Group { name: "Imports", about: "Timetables from files.", routes }
}

/// How a timetable is imported.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Options {
    /// The first day of the term.
    from: NaiveDate,
    /// The last day of the term.
    to: NaiveDate,
    /// Only say what would happen.
    #[serde(default)]
    dry_run: bool,
    /// Import nothing when a row is refused.
    #[serde(default)]
    strict: bool,
}

/// The report, or where it will be.
enum Imported {
    Done(Box<ImportReport>),
    Begun(Uuid),
}

impl Answer for Imported {
    fn describe(schemas: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        Reply::<ImportReport>::describe(schemas)
    }

    fn respond(self, status: StatusCode) -> HttpResponse {
        match self {
            Self::Done(report) => Reply::of(*report).respond(status),
            Self::Begun(id) => HttpResponse::Accepted()
                .insert_header(("Location", format!("{BASE}/imports/{id}")))
                .insert_header(("Preference-Applied", "respond-async"))
                .json(serde_json::json!({ "id": id, "finished": false })),
        }
    }
}

async fn import(call: Call<Options, Csv>) -> Result<Imported, Problem> {
    let Options { from, to, dry_run, strict } = call.query;
    let term = Term::new(from, to).map_err(|reason| Problem::new(&kind::QUERY_INVALID, reason))?;
    let file: Arc<[u8]> = Arc::from(call.body.0.as_ref());
    let command = ImportTimetable { caller: call.caller.clone(), file, term, dry_run, strict };
    let imports = &call.state.services.imports;
    let later = call.header(HeaderName::from_static("prefer")).is_some_and(|prefer| prefer.contains("respond-async"));
    if later {
        let id = imports.send_within(StartTimetableImport(command), PATIENCE).await??;
        return Ok(Imported::Begun(id));
    }
    let report = imports.send_within(command, PATIENCE).await??;
    Ok(Imported::Done(Box::new(report)))
}

async fn show(call: Call) -> Result<Reply<ImportReport>, Problem> {
    Ok(Reply::of(call.ask(&call.state.services.imports, GetImport(call.id()?)).await?))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound => Self::no_such("import"),
            Error::File(_) => Self::new(&kind::IMPORT_FILE, detail),
            Error::Term(_) => Self::new(&kind::QUERY_INVALID, detail),
            Error::Strict(report) => Self::new(&kind::IMPORT_REFUSED, detail).with("report", report),
            Error::BrokenOff(_) => Self::new(&kind::UNAVAILABLE, detail),
            Error::Storage(error) => error.into(),
        }
    }
}
