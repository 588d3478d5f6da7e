//! Checking that what each role was given is what its history says.

use super::{RoleGrants, store};
use crate::access::Role;
use crate::auth::{Auth, Error};
use crate::database::DatabaseConnection;
use crate::event_store::{events_of, fold};
use crate::service::{Context, Query};

/// Compares what every role was given with the fold of its events; answers how many were compared and what differs.
#[derive(Debug, Clone, Copy)]
pub struct CheckRoles;

impl Query for CheckRoles {
    type Service = Auth;
    type Answer = (usize, Vec<String>);
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<Self::Answer, Error> {
        let rows = store::all(connection)?;
        let mut differences = Vec::new();
        for role in Role::ALL {
            let stored = rows.iter().find(|row| row.role == role);
            match fold::<RoleGrants>(&events_of(connection, role.id())?) {
                Ok(folded) if folded.as_ref() == stored => {}
                Ok(folded) => differences.push(format!("role {role} is {stored:?}, its history says {folded:?}")),
                Err(error) => differences.push(format!("role {role}: {error}")),
            }
        }
        Ok((Role::ALL.len(), differences))
    }
}
