//! Access tokens: what a login gives, and what every request shows.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Error, Secret};
use crate::database::{self, Database, Transaction, each_engine};

/// How long an access token is good for, while its session goes on.
pub(super) const LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// Who issues the tokens, and the only issuer whose tokens are taken.
const ISSUER: &str = "bookly";
/// The name of the signing key in `installation_secrets`.
const KEY_NAME: &str = "access-token-key";

diesel::table! {
    installation_secrets (name) {
        name -> Text,
        value -> Text,
    }
}

/// Why a bearer token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is none of this installation's tokens.
    #[error("the access token is not valid; log in to get one")]
    Invalid,
    /// Its time has passed.
    #[error("the access token has expired; get a new one with the refresh token")]
    Expired,
}

/// Signs and verifies access tokens: JWT (RFC 7519), HMAC with SHA-256. Cheap to clone.
#[derive(Clone)]
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
}

/// Whom an access token stands for, in which session. Whether that goes on, and what the user may do, it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user_id: Uuid,
    /// The login session.
    pub session_id: Uuid,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: Uuid,
    sid: Uuid,
    iat: i64,
    exp: i64,
}

impl Tokens {
    /// With the installation's key, which the first process makes and all others share.
    ///
    /// # Errors
    /// When storage fails or the operating system gives no random bytes.
    pub async fn load(database: &Database) -> Result<Self, Error> {
        let new = Secret::random()?;
        let key = database.write(move |transaction| key(transaction, &new)).await?;
        Ok(Self::with_key(key.as_bytes()))
    }

    /// The key's text itself is the secret: 64 hexadecimal digits of 256 random bits fill the hash's block exactly.
    pub(super) fn with_key(key: &[u8]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "sub", "exp"]);
        // The library would ask the system's clock; the injected one decides, without leeway.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.leeway = 0;
        Self { signing: EncodingKey::from_secret(key), verifying: DecodingKey::from_secret(key), validation }
    }

    /// A token that stands for a user in a session.
    pub(super) fn issue(&self, user_id: Uuid, session_id: Uuid, now: DateTime<Utc>) -> Result<Secret, Error> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user_id,
            sid: session_id,
            iat: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.signing).map_err(Error::cryptography)?;
        Ok(token.into())
    }

    /// Who shows the token (without the word `Bearer`), by its signature and its time alone.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, bearer: &str, now: DateTime<Utc>) -> Result<Identity, TokenError> {
        let token = decode::<Claims>(bearer, &self.verifying, &self.validation).map_err(|_| TokenError::Invalid)?;
        let claims = token.claims;
        if now.timestamp() >= claims.exp {
            return Err(TokenError::Expired);
        }
        Ok(Identity { user_id: claims.sub, session_id: claims.sid })
    }
}

/// The key that is stored, which is `new` when none was.
fn key(transaction: &mut Transaction<'_>, new: &Secret) -> Result<String, Error> {
    use installation_secrets::{name, table, value};
    let row = (name.eq(KEY_NAME), value.eq(new.expose()));
    each_engine!(transaction.connection(), connection => {
        diesel::insert_into(table).values(row).on_conflict_do_nothing().execute(connection)
    })
    .map_err(database::Error::from)?;
    let stored = table.find(KEY_NAME).select(value).get_result(transaction.connection());
    Ok(stored.map_err(database::Error::from)?)
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
