//! `cargo xtask redis`: a private Redis in the foreground, for development.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use crate::arguments::{Keep, Redis};
use crate::needs::{self, redis};
use crate::private::keeper::Keeper;

/// Starts the server, prints its URL on standard output, and stops it when standard input ends.
///
/// # Errors
/// When Redis cannot be had or does not start.
pub fn run(wanted: &Redis) -> Result<ExitCode, String> {
    if let Some(missing) = needs::ensure(&[Box::new(redis::Redis::default())]).first() {
        return Err(missing.reason.clone());
    }
    let redis = Some(Redis { program: redis::server()?, port: wanted.port });
    let private = crate::environment::private_directory()?;
    let keeper = Keeper::start(&Keep { private, redis, ..Keep::default() })?;
    let url = keeper.redis.as_ref().ok_or("the keeper named no Redis")?;
    // Whoever waits for this line may be gone already; then standard input has ended too.
    drop(writeln!(io::stdout(), "{url}"));
    eprintln!("running until Ctrl-C or the end of standard input; what it holds is gone then");
    drop(io::stdin().read_to_end(&mut Vec::new()));
    drop(keeper);
    Ok(ExitCode::SUCCESS)
}
