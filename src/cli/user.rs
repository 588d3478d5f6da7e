//! `bookly user`.

use std::io::Read;
use std::process::ExitCode;

use actors::access::Role;
use clap::Subcommand;
use serde_json::json;

use super::Failure;
use crate::control::Control;
use crate::output::say;
use crate::settings::Settings;

/// What to do with users.
#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Add a user.
    Add {
        /// The e-mail address, with which the user logs in.
        #[arg(long)]
        email: String,
        /// The name.
        #[arg(long)]
        name: String,
        /// A role; may be given several times: STUDENT, TEACHER, PROGRAM_ADMIN, GENERAL_ADMIN, SECURITY,
        /// ADMINISTRATIVE_STAFF.
        #[arg(long, required = true)]
        role: Vec<Role>,
        /// Read the password from the first line of standard input. There is no other way to give it, so that it ends
        /// in no list of processes and no shell history.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

pub(super) async fn run(settings: Settings, what: What) -> Result<ExitCode, Failure> {
    let What::Add { email, name, role, password_stdin: _ } = what;
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let password = input.lines().next().unwrap_or_default();
    if password.is_empty() {
        return Err(
            "no password on standard input; write it there, for example: bookly user add ... < password-file".into()
        );
    }
    let control = Control::reach(&settings).await?;
    let roles: Vec<&str> = role.iter().map(|role| role.name()).collect();
    let body = json!({ "email": email, "name": name, "password": password, "roles": roles });
    let added = control.post("/users", &body).await;
    control.close().await;
    let user = added?;
    say!(
        "added {} ({}) with {}",
        user["email"].as_str().unwrap_or_default(),
        user["id"].as_str().unwrap_or_default(),
        roles.join(", ")
    );
    Ok(ExitCode::SUCCESS)
}
