//! A user of every role.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use actors::access::{Caller, Role};
use actors::auth::{AddUser, Secret, User};
use actors::clock::Ids;
use actors::service::Request;
use chrono::{DateTime, Datelike, TimeDelta, TimeZone, Utc, Weekday};

use crate::app::App;
use crate::output::say;

/// The demonstration's users and their passwords, which are made up for each run.
pub struct Accounts(Vec<(User, Role, String)>);

/// Creates a user of every role.
pub async fn create(app: &App) -> Result<Accounts, Box<dyn std::error::Error>> {
    let mut accounts = Vec::new();
    for role in Role::ALL {
        let word = role.name().to_lowercase().replace('_', "-");
        let password = Secret::password()?;
        let command = AddUser {
            email: format!("{word}@demo.bookly.local"),
            name: format!("Demo {}", word.replace('-', " ")),
            password: password.clone(),
            roles: BTreeSet::from([role]),
        };
        let caller = Caller::operator(Ids.next());
        let user = app.services.auth.send(Request { caller, command }).await??;
        accounts.push((user, role, password.expose().to_owned()));
    }
    Ok(Accounts(accounts))
}

impl Accounts {
    /// The caller who is this role's user.
    pub fn caller(&self, role: Role) -> Caller {
        let user = self.0.iter().find(|(_, of, _)| *of == role).map(|(user, ..)| user.id);
        Caller { user_id: user, ..Caller::operator(Ids.next()).in_roles(BTreeSet::from([role])) }
    }

    /// The general administrator.
    pub fn administrator(&self) -> Caller {
        self.caller(Role::GeneralAdmin)
    }

    /// Prints the accounts.
    pub fn print_passwords(&self) {
        say!("Accounts");
        for (user, role, password) in &self.0 {
            say!("  {:<42} {password}   {role}", user.email);
        }
    }

    /// Prints the address, the accounts and what to try.
    pub fn print(&self, address: SocketAddr, app: &App) {
        say!("Address   http://{address}   (documentation: http://{address}/docs)\n");
        self.print_passwords();
        let Some((user, _, password)) = self.0.iter().find(|(_, role, _)| *role == Role::GeneralAdmin) else { return };
        let api = format!("http://{address}/api/v1");
        let Some((from, to)) = next_morning(app) else { return };
        say!("\nTry");
        say!("  TOKEN=$(curl -s {api}/auth/login -H 'Content-Type: application/json' \\");
        say!(
            "    -d '{{\"email\":\"{}\",\"password\":\"{password}\"}}' | grep -o '\"accessToken\":\"[^\"]*' | cut -d'\"' -f4)",
            user.email
        );
        say!("  curl -s \"{api}/resources?limit=3\" -H \"Authorization: Bearer $TOKEN\"");
        say!("  ROOM=$(curl -s \"{api}/availability/search?from={from}&to={to}&limit=1\" \\");
        say!("    -H \"Authorization: Bearer $TOKEN\" | grep -o '\"id\":\"[^\"]*' | cut -d'\"' -f4)");
        say!("  curl -s {api}/reservations -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\");
        say!(
            "    -d \"{{\\\"resourceId\\\":\\\"$ROOM\\\",\\\"startTime\\\":\\\"{from}\\\",\\\"endTime\\\":\\\"{to}\\\"}}\""
        );
        say!("  curl -s \"{api}/events?type=reservation.created&limit=2\" -H \"Authorization: Bearer $TOKEN\"\n");
    }
}

/// An hour of the next weekday's morning on the campus, as the API takes it.
fn next_morning(app: &App) -> Option<(String, String)> {
    let zone = app.time_zone();
    let tomorrow = app.clock.now().with_timezone(&zone).date_naive().succ_opt()?;
    let day = tomorrow.iter_days().find(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))?;
    let from = zone.from_local_datetime(&day.and_hms_opt(10, 0, 0)?).earliest()?.with_timezone(&Utc);
    let text = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    Some((text(from), text(from + TimeDelta::hours(1))))
}
