//! Whether a session goes on.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Auth, Error, sessions};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// A login session, as those see it who admit its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Whose it is.
    pub user_id: Uuid,
    /// Whether it was not ended. When it expires is not told: that is at least 29 days after its last access token.
    pub active: bool,
}

/// The session with this id.
#[derive(Debug, Clone, Copy)]
pub struct GetSession(pub Uuid);

impl Query for GetSession {
    type Service = Auth;
    type Answer = Session;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Session, Error> {
        sessions::find(connection, self.0)
    }
}
