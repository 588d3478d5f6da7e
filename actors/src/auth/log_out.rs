//! Logging out.

use super::{Auth, Error, sessions, store};
use crate::database::Transaction;
use crate::service::{Command, Context};

/// Ends the session that the caller's token belongs to: its tokens are void at once. Nothing happens when it has ended.
#[derive(Debug, Clone, Copy)]
pub struct LogOut;

impl Command for LogOut {
    type Service = Auth;
    type Answer = ();
    type Refusal = Error;

    fn run(self, transaction: &mut Transaction<'_>, context: &Context) -> Result<(), Error> {
        let caller = &context.caller;
        let (Some(user_id), Some(session_id)) = (caller.user_id, caller.session_id) else {
            return Err(Error::TokenInvalid);
        };
        let user = store::load(transaction, user_id)?;
        if sessions::revoke(transaction, session_id, user_id, context.origin.now)? {
            let event = user.log_out(session_id);
            store::change(transaction, context, user, event)?;
        }
        Ok(())
    }
}
