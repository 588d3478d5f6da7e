//! `bookly serve`.

use std::net::TcpListener;
use std::process::ExitCode;

use actors::access::Caller;
use actors::auth::FirstAdministrator;
use actors::clock::{Clock, Ids};
use actors::service::Request;

use super::Failure;
use crate::app::App;
use crate::output::say;
use crate::serving::serve_until_stopped;
use crate::settings::Settings;

/// The address of the first administrator, whose password is generated.
const ADMINISTRATOR: &str = "admin@bookly.local";

pub(super) async fn run(settings: Settings) -> Result<ExitCode, Failure> {
    let address = settings.listen;
    let listener = TcpListener::bind(address)
        .map_err(|error| format!("cannot listen on {address}: {error}; choose another address with --listen"))?;
    let app = App::start(settings, Clock::system()).await?;
    show_first_administrator(&app).await?;
    serve_until_stopped(app, listener).await
}

async fn show_first_administrator(app: &App) -> Result<(), Failure> {
    let caller = Caller::operator(Ids.next());
    let command = FirstAdministrator { email: ADMINISTRATOR.to_owned() };
    if let Some((user, password)) = app.services.auth.send(Request { caller, command }).await?? {
        say!("The first administrator was created. This password is shown only now:");
        say!("  e-mail   {}\n  password {}", user.email, password.expose());
    }
    Ok(())
}
