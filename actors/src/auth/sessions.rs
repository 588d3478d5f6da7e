//! Rows of login sessions and their refresh tokens.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::{Error, Secret, Session};
use crate::database::sql_types::{Id, Instant};
use crate::database::{self, DatabaseConnection, Transaction};

/// How long a refresh token is good for, and so a session that is not used.
const LIFETIME: TimeDelta = TimeDelta::days(30);

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    login_sessions (id) {
        id -> SqlId,
        user_id -> SqlId,
        expires_at -> SqlInstant,
        revoked_at -> Nullable<SqlInstant>,
        created_at -> SqlInstant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::database::sql_types::*;

    refresh_tokens (hash) {
        hash -> Text,
        session_id -> SqlId,
        expires_at -> SqlInstant,
        rotated_at -> Nullable<SqlInstant>,
    }
}

diesel::joinable!(refresh_tokens -> login_sessions (session_id));
diesel::allow_tables_to_appear_in_same_query!(refresh_tokens, login_sessions);

/// A refresh token that was found, and its session, which has not been revoked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Presented {
    pub session_id: Uuid,
    pub user_id: Uuid,
    /// Whether it was exchanged before: whoever shows it now, or did then, has stolen it.
    pub rotated: bool,
}

/// The session with this id.
pub(super) fn find(connection: &mut DatabaseConnection, id: Uuid) -> Result<Session, Error> {
    use login_sessions as l;
    let row = l::table.find(Id(id)).select((l::user_id, l::revoked_at)).get_result::<(Id, Option<Instant>)>(connection);
    let (user_id, revoked_at) = row.optional().map_err(database::Error::from)?.ok_or(Error::TokenInvalid)?;
    Ok(Session { user_id: user_id.0, active: revoked_at.is_none() })
}

/// Begins a session, and forgets the user's sessions that have expired.
pub(super) fn open(
    transaction: &mut Transaction<'_>,
    id: Uuid,
    user_id: Uuid,
    refresh_token: &Secret,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    use login_sessions as l;
    let expired = l::table.filter(l::user_id.eq(Id(user_id))).filter(l::expires_at.le(Instant(now)));
    done(diesel::delete(expired).execute(transaction.connection()))?;
    let session = (
        l::id.eq(Id(id)),
        l::user_id.eq(Id(user_id)),
        l::expires_at.eq(Instant(now + LIFETIME)),
        l::created_at.eq(Instant(now)),
    );
    done(diesel::insert_into(l::table).values(session).execute(transaction.connection()))?;
    add_token(transaction, id, refresh_token, now)
}

/// The token with this hash, if it has not expired and its session has not ended.
pub(super) fn find_token(
    transaction: &mut Transaction<'_>,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<Presented, Error> {
    use {login_sessions as l, refresh_tokens as r};
    let found: Option<(Id, Id, Option<Instant>)> = r::table
        .inner_join(l::table)
        .filter(r::hash.eq(hash))
        .filter(r::expires_at.gt(Instant(now)))
        .filter(l::revoked_at.is_null())
        .select((l::id, l::user_id, r::rotated_at))
        .get_result(transaction.connection())
        .optional()
        .map_err(database::Error::from)?;
    let (session_id, user_id, rotated_at) = found.ok_or(Error::TokenInvalid)?;
    Ok(Presented { session_id: session_id.0, user_id: user_id.0, rotated: rotated_at.is_some() })
}

/// Ends one refresh token and gives its session the next, and so 30 more days.
pub(super) fn rotate(
    transaction: &mut Transaction<'_>,
    session_id: Uuid,
    old_hash: &str,
    new: &Secret,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    use {login_sessions as l, refresh_tokens as r};
    let expired = r::table.filter(r::session_id.eq(Id(session_id))).filter(r::expires_at.le(Instant(now)));
    done(diesel::delete(expired).execute(transaction.connection()))?;
    let old = diesel::update(r::table.find(old_hash)).set(r::rotated_at.eq(Some(Instant(now))));
    done(old.execute(transaction.connection()))?;
    let session = diesel::update(l::table.find(Id(session_id))).set(l::expires_at.eq(Instant(now + LIFETIME)));
    done(session.execute(transaction.connection()))?;
    add_token(transaction, session_id, new, now)
}

/// Ends a session of the user; `false` when there is none that has not ended.
pub(super) fn revoke(
    transaction: &mut Transaction<'_>,
    id: Uuid,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    use {login_sessions as l, refresh_tokens as r};
    let live = l::table.find(Id(id)).filter(l::user_id.eq(Id(user_id))).filter(l::revoked_at.is_null());
    let revoked = diesel::update(live)
        .set(l::revoked_at.eq(Some(Instant(now))))
        .execute(transaction.connection())
        .map_err(database::Error::from)?;
    if revoked == 1 {
        let tokens = r::table.filter(r::session_id.eq(Id(id)));
        done(diesel::delete(tokens).execute(transaction.connection()))?;
    }
    Ok(revoked == 1)
}

fn add_token(
    transaction: &mut Transaction<'_>,
    session_id: Uuid,
    token: &Secret,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    use refresh_tokens as r;
    let row =
        (r::hash.eq(token.fingerprint()), r::session_id.eq(Id(session_id)), r::expires_at.eq(Instant(now + LIFETIME)));
    done(diesel::insert_into(r::table).values(row).execute(transaction.connection()))
}

fn done(result: QueryResult<usize>) -> Result<(), Error> {
    result.map(drop).map_err(|error| database::Error::from(error).into())
}
