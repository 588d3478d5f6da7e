//! `bookly dead-letters`.

mod retry;
mod show;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Failure;
use crate::control::Control;
use crate::output::say;
use crate::settings::Settings;

const PATH: &str = "/admin/dead-letters";

/// Look at events that could not be handled, and decide what becomes of them.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Speak to the server at this address (`http://host:port`) instead of the one on the data directory.
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    /// The access token for --url, of a user who may operate.
    #[arg(long, global = true, env = "BOOKLY_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List dead letters, those parked last first.
    List {
        #[command(flatten)]
        filter: Filter,
        /// Only those in this state: pending, retrying, failed, resolved.
        #[arg(long)]
        state: Option<String>,
        /// How many at most, 1 to 200.
        #[arg(long, default_value_t = 50)]
        limit: u16,
        /// Where to go on: what the list before named last.
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Count them by state, consumer, type and reason.
    Stats,
    /// Group those that failed alike.
    Groups {
        /// Count resolved ones as well.
        #[arg(long)]
        resolved: bool,
    },
    /// Show one with its message, its attempts and what was done to it.
    Show {
        /// Its id.
        id: Uuid,
    },
    /// Retry one, or all that match: one first, and if that goes well the others.
    Retry(retry::Options),
    /// Say that what it stood for was dealt with otherwise; its event shall have no effect.
    Resolve {
        /// Its id.
        id: Uuid,
        /// What was done instead.
        #[arg(long)]
        reason: String,
    },
    /// Give it up; its event shall have no effect.
    Discard {
        /// Its id.
        id: Uuid,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
}

/// Which dead letters are meant; every part that is given has to fit.
#[derive(Debug, Args)]
struct Filter {
    /// Only those of this consumer: a service's name, relay or unrouted.
    #[arg(long)]
    consumer: Option<String>,
    /// Only events of this type.
    #[arg(long = "type")]
    event_type: Option<String>,
    /// Only those that failed alike: the fingerprint of their group.
    #[arg(long)]
    fingerprint: Option<String>,
    /// Only those parked for this reason, such as malformed.
    #[arg(long)]
    reason: Option<String>,
    /// Only events of this aggregate.
    #[arg(long)]
    aggregate: Option<Uuid>,
}

impl Filter {
    /// The parts that are given, by their names on the wire.
    fn parts(&self) -> Vec<(&'static str, String)> {
        let parts = [
            ("consumer", self.consumer.clone()),
            ("eventType", self.event_type.clone()),
            ("fingerprint", self.fingerprint.clone()),
            ("reason", self.reason.clone()),
            ("aggregateId", self.aggregate.map(|id| id.to_string())),
        ];
        parts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

pub(super) async fn run(settings: Settings, options: Options) -> Result<ExitCode, Failure> {
    let control = match &options.url {
        Some(url) => Control::remote(url, options.token.as_deref())?,
        None => Control::reach(&settings).await?,
    };
    let done = act(&control, options.what, options.json).await;
    control.close().await;
    done
}

async fn act(control: &Control, what: What, json: bool) -> Result<ExitCode, Failure> {
    match what {
        What::List { filter, state, limit, cursor } => {
            let mut parts = filter.parts();
            parts.push(("limit", limit.to_string()));
            parts.extend(state.map(|state| ("state", state)));
            parts.extend(cursor.map(|cursor| ("cursor", cursor)));
            let answer = control.get(&format!("{PATH}?{}", query(&parts))).await?;
            tell(json, &answer, show::list)
        }
        What::Stats => tell(json, &control.get(&format!("{PATH}/stats")).await?, show::statistics),
        What::Groups { resolved } => {
            let answer = control.get(&format!("{PATH}/groups?resolved={resolved}")).await?;
            tell(json, &answer, show::groups)
        }
        What::Show { id } => tell(json, &control.get(&format!("{PATH}/{id}")).await?, show::one),
        What::Retry(options) => retry::run(control, options, json).await,
        What::Resolve { id, reason } => {
            let answer = control.post(&format!("{PATH}/{id}/resolve"), &json!({ "reason": reason })).await?;
            tell(json, &answer, show::outcome)
        }
        What::Discard { id, reason } => {
            let answer = control.post(&format!("{PATH}/{id}/discard"), &json!({ "reason": reason })).await?;
            tell(json, &answer, show::outcome)
        }
    }
}

fn tell(json: bool, answer: &Value, print: fn(&Value)) -> Result<ExitCode, Failure> {
    if json {
        say!("{}", serde_json::to_string_pretty(answer)?);
    } else {
        print(answer);
    }
    Ok(ExitCode::SUCCESS)
}

/// A query string (RFC 3986, section 2.1: all but unreserved characters are percent-encoded).
fn query(parts: &[(&str, String)]) -> String {
    let encoded = |text: &str| {
        let byte = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    let pairs = parts.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_break_out_of_the_query() {
        let parts = [("consumer", "a&state=x ñ".to_owned()), ("limit", "5".to_owned())];
        assert_eq!(query(&parts), "consumer=a%26state%3Dx%20%C3%B1&limit=5");
    }
}
