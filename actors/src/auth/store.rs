//! Rows of users: load, lock, save. The password's hash stands beside the user, never in it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::UserEvent;
use super::{Error, User};
use crate::access::Permission;
use crate::database::sql_types::{Id, Instant, Json};
use crate::database::{self, DatabaseConnection, Transaction};
use crate::event_store::{Aggregate, append_one};
use crate::service::Context;

diesel::table! {
    use diesel::sql_types::*;
    use crate::access::Permission;
use crate::database::sql_types::*;

    users (id) {
        id -> SqlId,
        email -> Text,
        name -> Text,
        password_hash -> Text,
        roles -> SqlJson,
        permissions -> SqlJson,
        active -> Bool,
        version -> BigInt,
        created_at -> SqlInstant,
        updated_at -> SqlInstant,
        search_text -> Text,
    }
}

/// A row of the table `users`, without the hash of its password.
#[derive(Debug, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = users)]
pub(super) struct Row {
    id: Id,
    email: String,
    name: String,
    roles: Json,
    permissions: Json,
    active: bool,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
    search_text: String,
}

type Columns = (
    users::id,
    users::email,
    users::name,
    users::roles,
    users::permissions,
    users::active,
    users::version,
    users::created_at,
    users::updated_at,
    users::search_text,
);

/// The columns of [`Row`].
pub(super) const COLUMNS: Columns = (
    users::id,
    users::email,
    users::name,
    users::roles,
    users::permissions,
    users::active,
    users::version,
    users::created_at,
    users::updated_at,
    users::search_text,
);

impl Row {
    fn of(user: &User) -> Self {
        Self {
            id: Id(user.id),
            email: user.email.clone(),
            name: user.name.clone(),
            roles: Json(serde_json::to_value(&user.roles).unwrap_or(Value::Null)),
            permissions: permissions_into(&user.permissions),
            active: user.active,
            version: user.version,
            created_at: Instant(user.created_at),
            updated_at: Instant(user.updated_at),
            search_text: format!("{} {}", user.email, user.name).to_lowercase(),
        }
    }

    pub(super) fn user(self) -> Result<User, database::Error> {
        let roles = serde_json::from_value(self.roles.0)
            .map_err(|error| database::Error::Damaged(format!("roles of a user: {error}")))?;
        Ok(User {
            id: self.id.0,
            email: self.email,
            name: self.name,
            roles,
            permissions: permissions_from(self.permissions)?,
            active: self.active,
            version: self.version,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}

/// Permissions as a row holds them.
pub(super) fn permissions_into(permissions: &BTreeSet<Permission>) -> Json {
    Json(serde_json::to_value(permissions).unwrap_or(Value::Null))
}

/// Permissions that a row holds.
pub(super) fn permissions_from(json: Json) -> Result<BTreeSet<Permission>, database::Error> {
    serde_json::from_value(json.0).map_err(|error| database::Error::Damaged(format!("permissions: {error}")))
}

/// A user and the hash of its password.
#[derive(Clone)]
pub(super) struct Account {
    pub user: User,
    pub password_hash: String,
}

/// The user with this id.
pub(super) fn find(connection: &mut DatabaseConnection, id: Uuid) -> Result<User, Error> {
    let row = users::table.find(Id(id)).select(COLUMNS).get_result::<Row>(connection).optional();
    Ok(row.map_err(database::Error::from)?.ok_or(Error::NotFound)?.user()?)
}

/// The account with this address, in its normal form.
pub(super) fn find_account(connection: &mut DatabaseConnection, email: &str) -> Result<Option<Account>, Error> {
    let row = users::table
        .filter(users::email.eq(email))
        .select((COLUMNS, users::password_hash))
        .get_result::<(Row, String)>(connection)
        .optional()
        .map_err(database::Error::from)?;
    row.map(|(row, password_hash)| Ok(Account { user: row.user()?, password_hash })).transpose()
}

/// Whether there are no users at all.
pub(super) fn is_empty(connection: &mut DatabaseConnection) -> Result<bool, Error> {
    let first = users::table.select(users::id).first::<Id>(connection).optional();
    Ok(first.map_err(database::Error::from)?.is_none())
}

/// Locks the user, and with it all its sessions, and reads it.
pub(super) fn load(transaction: &mut Transaction<'_>, id: Uuid) -> Result<User, Error> {
    database::lock(transaction, &[id])?;
    find(transaction.connection(), id)
}

/// Writes the row of a new user, with the hash of its password.
pub(super) fn insert_row(
    transaction: &mut Transaction<'_>,
    user: &User,
    password_hash: &str,
) -> Result<(), database::Error> {
    diesel::insert_into(users::table)
        .values((Row::of(user), users::password_hash.eq(password_hash)))
        .execute(transaction.connection())?;
    Ok(())
}

/// Makes the user that the event tells of, with the hash of its password.
pub(super) fn insert(
    transaction: &mut Transaction<'_>,
    context: &Context,
    event: UserEvent,
    password_hash: &str,
) -> Result<User, Error> {
    let user = User::apply(None, 1, context.origin.now, &event).map_err(Error::unfit)?;
    match insert_row(transaction, &user, password_hash) {
        Ok(()) => {}
        Err(error) if error.constraint() == Some("users_email_key") => {
            return Err(Error::EmailTaken(user.email));
        }
        Err(error) => return Err(error.into()),
    }
    append_one(transaction, &context.origin, user.version, event)?;
    Ok(user)
}

/// Applies an event to a loaded user, saves it and appends the event.
pub(super) fn change(
    transaction: &mut Transaction<'_>,
    context: &Context,
    user: User,
    event: impl Into<UserEvent>,
) -> Result<User, Error> {
    let (version, event) = (user.version + 1, event.into());
    let user = User::apply(Some(user), version, context.origin.now, &event).map_err(Error::unfit)?;
    diesel::update(users::table.find(Id(user.id)))
        .set(Row::of(&user))
        .execute(transaction.connection())
        .map_err(database::Error::from)?;
    append_one(transaction, &context.origin, version, event)?;
    Ok(user)
}
