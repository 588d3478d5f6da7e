//! Rows of what roles were given.

use diesel::prelude::*;

use super::model::{RoleEvent, RoleGrants};
use crate::access::Role;
use crate::auth::Error;
use crate::auth::store::{permissions_from, permissions_into};
use crate::database::sql_types::{Id, Instant, Json};
use crate::database::{self, DatabaseConnection, Transaction};
use crate::event_store::{Aggregate, append_one};
use crate::service::Context;

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    role_grants (id) {
        id -> SqlId,
        name -> Text,
        permissions -> SqlJson,
        version -> BigInt,
        updated_at -> SqlInstant,
    }
}

#[derive(Debug, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = role_grants)]
struct Row {
    id: Id,
    name: String,
    permissions: Json,
    version: i64,
    updated_at: Instant,
}

impl Row {
    fn of(grants: &RoleGrants) -> Self {
        Self {
            id: Id(grants.role.id()),
            name: grants.role.name().to_owned(),
            permissions: permissions_into(&grants.permissions),
            version: grants.version,
            updated_at: Instant(grants.updated_at),
        }
    }

    fn grants(self) -> Result<RoleGrants, database::Error> {
        let role = Role::with_id(self.id.0);
        let role = role.ok_or_else(|| database::Error::Damaged(format!("{} is no role: {}", self.id.0, self.name)))?;
        let permissions = permissions_from(self.permissions)?;
        Ok(RoleGrants { role, permissions, version: self.version, updated_at: self.updated_at.0 })
    }
}

/// What each role was given, of those that were given anything. There are few roles.
pub(in crate::auth) fn all(connection: &mut DatabaseConnection) -> Result<Vec<RoleGrants>, Error> {
    let rows = role_grants::table.load::<Row>(connection).map_err(database::Error::from)?;
    Ok(rows.into_iter().map(Row::grants).collect::<Result<_, _>>()?)
}

/// Locks the role, and reads what it was given.
pub(super) fn load(transaction: &mut Transaction<'_>, role: Role) -> Result<Option<RoleGrants>, Error> {
    database::lock(transaction, &[role.id()])?;
    let row = role_grants::table.find(Id(role.id())).get_result::<Row>(transaction.connection()).optional();
    Ok(row.map_err(database::Error::from)?.map(Row::grants).transpose()?)
}

/// Applies an event to what a role was given, saves it and appends the event.
pub(super) fn change(
    transaction: &mut Transaction<'_>,
    context: &Context,
    grants: Option<RoleGrants>,
    event: RoleEvent,
) -> Result<RoleGrants, Error> {
    let (is_new, version) = (grants.is_none(), grants.as_ref().map_or(0, |grants| grants.version) + 1);
    let grants = RoleGrants::apply(grants, version, context.origin.now, &event).map_err(Error::unfit)?;
    let (row, connection) = (Row::of(&grants), transaction.connection());
    let written = if is_new {
        diesel::insert_into(role_grants::table).values(row).execute(connection)
    } else {
        diesel::update(role_grants::table.find(Id(grants.role.id()))).set(row).execute(connection)
    };
    written.map_err(database::Error::from)?;
    append_one(transaction, &context.origin, version, event)?;
    Ok(grants)
}
