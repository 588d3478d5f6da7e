//! Exchanging a refresh token.

use uuid::Uuid;

use super::{Auth, Error, LoggedIn, Secret, User, long_command, sessions, store};
use crate::access::Caller;
use crate::database::Transaction;
use crate::service::{Command, Context, Request};

/// Gets a new access token, and the refresh token to be used next time. A token that was exchanged before ends its
/// session: either this client or the earlier one has stolen it (RFC 9700, section 4.14.2).
#[derive(Debug, Clone)]
pub struct Refresh {
    /// The token.
    pub refresh_token: Secret,
}

long_command!(Refresh => LoggedIn);

impl Refresh {
    async fn run(self, auth: Auth, caller: Caller) -> Result<LoggedIn, Error> {
        let next = Secret::random()?;
        let command = Rotate { hash: self.refresh_token.fingerprint(), next: next.clone() };
        match auth.campus.execute(Request { caller, command }).await? {
            Rotation::Rotated { user, session_id } => auth.admit(user, session_id, next),
            Rotation::Revoked { session_id } => {
                log::warn!("session {session_id} was ended: one of its refresh tokens was used twice");
                Err(Error::TokenInvalid)
            }
        }
    }
}

/// Ends the token with this hash, and puts the next one in its place.
struct Rotate {
    hash: String,
    next: Secret,
}

/// What came of it. Both are to be committed, so a revocation is no refusal here.
enum Rotation {
    Rotated { user: User, session_id: Uuid },
    Revoked { session_id: Uuid },
}

impl Command for Rotate {
    type Service = Auth;
    type Answer = Rotation;
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<Rotation, Error> {
        let now = context.origin.now;
        let user_id = sessions::find_token(transaction, &self.hash, now)?.user_id;
        let user = store::load(transaction, user_id)?;
        // Read again under the lock: the same token may have come twice at once.
        let presented = sessions::find_token(transaction, &self.hash, now)?;
        let session_id = presented.session_id;
        if presented.rotated {
            sessions::revoke(transaction, session_id, user_id, now)?;
            let event = user.log_out(session_id);
            store::change(transaction, context, user, event)?;
            return Ok(Rotation::Revoked { session_id });
        }
        if !user.active {
            return Err(Error::Inactive);
        }
        sessions::rotate(transaction, session_id, &self.hash, &self.next, now)?;
        Ok(Rotation::Rotated { user, session_id })
    }
}
