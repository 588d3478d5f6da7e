//! Adding a user.

use std::collections::BTreeSet;

use amqp::events::UserRegistered;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Auth, Error, Secret, User, long_command, model, store};
use crate::access::{Caller, Role};
use crate::clock::Ids;
use crate::database::Transaction;
use crate::service::{Command, Context, Request};

/// Makes an account for somebody.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddUser {
    /// The address to log in with, unique; upper and lower case are the same.
    pub email: String,
    /// The name to show, 1 to 200 characters.
    pub name: String,
    /// The password, 12 to 128 characters.
    pub password: Secret,
    /// The roles to start with.
    #[serde(default)]
    pub roles: BTreeSet<Role>,
}

long_command!(AddUser => User);

impl AddUser {
    async fn run(self, auth: Auth, caller: Caller) -> Result<User, Error> {
        let Self { email, name, password, roles } = self;
        let registered =
            model::register(Ids.next(), &email, &name, password.expose(), &roles).map_err(Error::Invalid)?;
        // The constraint decides; asking first only spares the hash.
        let email = registered.email.clone();
        if auth.campus.database.read(move |connection| store::find_account(connection, &email)).await?.is_some() {
            return Err(Error::EmailTaken(registered.email));
        }
        let password_hash = auth.hashing.turn().await?.hash(password).await?;
        auth.campus.execute(Request { caller, command: InsertUser { registered, password_hash } }).await
    }
}

/// Stores a user whose password has been hashed.
struct InsertUser {
    registered: UserRegistered,
    password_hash: String,
}

impl Command for InsertUser {
    type Service = Auth;
    type Answer = User;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<User, Error> {
        store::insert(transaction, context, self.registered.into(), &self.password_hash)
    }
}
