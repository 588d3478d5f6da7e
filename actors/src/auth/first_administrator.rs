//! The account with which an installation begins.

use std::collections::BTreeSet;

use amqp::events::UserRegistered;
use uuid::Uuid;

use super::{Auth, Error, Secret, User, long_command, model, store};
use crate::access::{Caller, Role};
use crate::clock::Ids;
use crate::database::{self, Transaction};
use crate::service::{Command, Context, Request};

/// Makes the first administrator, if there are no users yet. Answers the account and its generated password, which is
/// stored nowhere and can be shown only now.
#[derive(Debug, Clone)]
pub struct FirstAdministrator {
    /// The address to log in with.
    pub email: String,
}

long_command!(FirstAdministrator => Option<(User, Secret)>);

impl FirstAdministrator {
    async fn run(self, auth: Auth, caller: Caller) -> Result<Option<(User, Secret)>, Error> {
        let password = Secret::password()?;
        let roles = BTreeSet::from([Role::GeneralAdmin]);
        let registered = model::register(Ids.next(), &self.email, "Administrator", password.expose(), &roles)
            .map_err(Error::Invalid)?;
        // Every start asks; the hash is worth making only at the first.
        if !auth.campus.database.read(store::is_empty).await? {
            return Ok(None);
        }
        let password_hash = auth.hashing.turn().await?.hash(password.clone()).await?;
        let inserted =
            auth.campus.execute(Request { caller, command: InsertFirst { registered, password_hash } }).await?;
        Ok(inserted.map(|user| (user, password)))
    }
}

/// Stores the first user; does nothing when there is one.
struct InsertFirst {
    registered: UserRegistered,
    password_hash: String,
}

impl Command for InsertFirst {
    type Service = Auth;
    type Answer = Option<User>;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Option<User>, Error> {
        database::lock(transaction, &[lock_id()])?;
        if !store::is_empty(transaction.connection())? {
            return Ok(None);
        }
        store::insert(transaction, context, self.registered.into(), &self.password_hash).map(Some)
    }
}

/// What processes that start at the same time lock, so that only one of them finds no users.
fn lock_id() -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, b"bookly/first-administrator")
}
