//! Reading one user.

use uuid::Uuid;

use super::{Auth, Error, User, store};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// The user with this id.
#[derive(Debug, Clone, Copy)]
pub struct GetUser(pub Uuid);

impl Query for GetUser {
    type Service = Auth;
    type Answer = User;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<User, Error> {
        store::find(connection, self.0)
    }
}
