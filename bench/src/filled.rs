//! Installations that `bookly demo` has filled.

use std::path::Path;

use crate::Outcome;
use crate::postgres::Database;
use crate::program::{Client, Program, Setup, command};
use crate::servers::Servers;

/// The role whose account measures.
const ROLE: &str = "GENERAL_ADMIN";

/// Who may do everything in a filled installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    email: String,
    password: String,
}

impl Administrator {
    /// A client of theirs.
    ///
    /// # Errors
    /// When the login fails.
    pub fn log_in(&self, program: &Program) -> Outcome<Client> {
        program.client().log_in(&self.email, &self.password)
    }
}

/// A new PostgreSQL database with so many resources and reservations.
///
/// # Errors
/// When it cannot be filled.
pub fn postgres(servers: &Servers, resources: u64, reservations: u64) -> Outcome<(Database, Administrator)> {
    let database = Database::empty(servers)?;
    let own = tempfile::Builder::new().prefix("bookly-bench-").tempdir()?;
    let setup = Setup { database_url: Some(database.url()), ..Setup::default() };
    let administrator = fill(servers, &setup, own.path(), resources, reservations)?;
    database.look_after()?;
    Ok((database, administrator))
}

/// The same in SQLite, in a directory that is empty.
///
/// # Errors
/// When it cannot be filled.
pub fn sqlite(servers: &Servers, directory: &Path, resources: u64, reservations: u64) -> Outcome<Administrator> {
    fill(servers, &Setup::default(), directory, resources, reservations)
}

fn fill(
    servers: &Servers,
    setup: &Setup,
    directory: &Path,
    resources: u64,
    reservations: u64,
) -> Outcome<Administrator> {
    let mut command = command(servers, setup, directory);
    command.args(["demo", "--fill-only", "--seed", "1"]);
    command.arg(format!("--resources={resources}")).arg(format!("--reservations={reservations}"));
    let output = command.output()?;
    let told = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let problem = String::from_utf8_lossy(&output.stderr);
        return Err(format!("bookly demo could not fill: {told}{problem}").into());
    }
    administrator(&told).ok_or_else(|| format!("bookly demo told no account of {ROLE}: {told}").into())
}

/// The account in what it prints: a line of address, password and role.
fn administrator(told: &str) -> Option<Administrator> {
    told.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let (email, password, role) = (words.next()?, words.next()?, words.next()?);
        let found = role == ROLE && email.contains('@') && words.next().is_none();
        found.then(|| Administrator { email: email.to_owned(), password: password.to_owned() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_administrator_is_found_among_the_accounts() {
        let told =
            "Made 2 rooms\n\nAccounts\n  a@demo.bookly   pass-1   STUDENT\n  b@demo.bookly   pass-2   GENERAL_ADMIN\n";
        let found = administrator(told).unwrap();
        assert_eq!((found.email.as_str(), found.password.as_str()), ("b@demo.bookly", "pass-2"));
        assert_eq!(administrator("a role of GENERAL_ADMIN"), None);
    }
}
