//! Rows of imports.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::Error;
use super::report::ImportReport;
use crate::database::sql_types::{Id, Instant, Json};
use crate::database::{self, DatabaseConnection, Transaction};
use crate::event_store::Origin;

/// How long an import of another process may be silent; it notes its progress many times a minute.
const SILENCE: TimeDelta = TimeDelta::minutes(10);

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    imports (id) {
        id -> SqlId,
        kind -> Text,
        started_by -> SqlId,
        started_at -> SqlInstant,
        finished_at -> Nullable<SqlInstant>,
        report -> SqlJson,
        directory -> Nullable<SqlId>,
        noted_at -> Nullable<SqlInstant>,
    }
}

fn document(report: &ImportReport) -> Json {
    Json(serde_json::to_value(report).unwrap_or(Value::Null))
}

pub(super) fn insert(
    transaction: &mut Transaction<'_>,
    origin: &Origin,
    directory: Uuid,
    report: &ImportReport,
) -> Result<(), database::Error> {
    diesel::insert_into(imports::table)
        .values((
            imports::id.eq(Id(report.id)),
            imports::kind.eq("timetable"),
            imports::started_by.eq(Id(origin.actor_id())),
            imports::started_at.eq(Instant(origin.now)),
            imports::report.eq(document(report)),
            imports::directory.eq(Some(Id(directory))),
            imports::noted_at.eq(Some(Instant(origin.now))),
        ))
        .execute(transaction.connection())?;
    Ok(())
}

pub(super) fn save(
    transaction: &mut Transaction<'_>,
    origin: &Origin,
    report: &ImportReport,
) -> Result<(), database::Error> {
    diesel::update(imports::table.find(Id(report.id)))
        .set((
            imports::finished_at.eq(report.finished.then_some(Instant(origin.now))),
            imports::report.eq(document(report)),
            imports::noted_at.eq(Some(Instant(origin.now))),
        ))
        .execute(transaction.connection())?;
    Ok(())
}

pub(super) fn find(connection: &mut DatabaseConnection, id: Uuid) -> Result<ImportReport, Error> {
    let stored: Option<Json> = imports::table
        .find(Id(id))
        .select(imports::report)
        .get_result(connection)
        .optional()
        .map_err(database::Error::from)?;
    Ok(read(id, stored.ok_or(Error::NotFound)?)?)
}

/// The unfinished imports that began before an instant and that nobody goes on with: those of this data directory, where
/// only one process works at a time, and those that have not been heard of for [`SILENCE`].
pub(super) fn interrupted(
    connection: &mut DatabaseConnection,
    directory: Uuid,
    instant: DateTime<Utc>,
) -> Result<Vec<ImportReport>, database::Error> {
    let silent = imports::noted_at.lt(Some(Instant(instant - SILENCE)));
    let rows: Vec<(Id, Json)> = imports::table
        .filter(imports::finished_at.is_null())
        .filter(imports::started_at.lt(Instant(instant)))
        .filter(imports::directory.is_null().or(imports::directory.eq(Some(Id(directory)))).or(silent))
        .select((imports::id, imports::report))
        .load(connection)?;
    rows.into_iter().map(|(id, report)| read(id.0, report)).collect()
}

fn read(id: Uuid, report: Json) -> Result<ImportReport, database::Error> {
    serde_json::from_value(report.0)
        .map_err(|error| database::Error::Damaged(format!("report of import {id}: {error}")))
}
