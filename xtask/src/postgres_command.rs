//! `cargo xtask postgres`: a private server in the foreground.

use std::process::ExitCode;

use crate::arguments::Keep;
use crate::needs::{self, postgres};
use crate::private::keeper::Keeper;

/// Starts the server, prints its URL on standard output and waits.
///
/// # Errors
/// When PostgreSQL cannot be had or does not start.
pub fn run() -> Result<ExitCode, String> {
    if let Some(url) = crate::environment::database_url() {
        return Err(format!("{} is set ({url}): unset it to start a private server", crate::environment::DATABASE_URL));
    }
    let missing = needs::ensure(&[Box::new(postgres::Postgres::default())]);
    if let Some(missing) = missing.first() {
        return Err(missing.reason.clone());
    }
    let mut keeper = Keeper::start(&Keep {
        private: crate::environment::private_directory()?,
        postgres: Some(postgres::binaries()?),
        ..Keep::default()
    })?;
    println!("{}", keeper.postgres.as_deref().unwrap_or_default());
    eprintln!("running until Ctrl-C; its data is deleted then");
    keeper.wait();
    Err("the server was ended from outside".into())
}
