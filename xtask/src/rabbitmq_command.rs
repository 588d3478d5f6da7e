//! `cargo xtask rabbitmq`: a private broker in the foreground, for development and for tests that mistreat a broker.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use crate::arguments::{Broker, Keep};
use crate::needs::{self, rabbitmq};
use crate::private::keeper::Keeper;

/// Starts the broker, prints its two URLs and its process on standard output, and stops it when standard input ends.
///
/// # Errors
/// When RabbitMQ cannot be had or does not start.
pub fn run(broker: Broker) -> Result<ExitCode, String> {
    if let Some(missing) = needs::ensure(&[Box::new(rabbitmq::RabbitMq::default())]).first() {
        return Err(missing.reason.clone());
    }
    let rabbitmq = Some(Broker { bin: rabbitmq::binaries()?, ..broker });
    let private = crate::environment::private_directory()?;
    let keeper = Keeper::start(&Keep { private, rabbitmq, ..Keep::default() })?;
    let broker = keeper.rabbitmq.as_ref().ok_or("the keeper named no broker")?;
    // Whoever waits for these lines may be gone already; then standard input has ended too.
    drop(writeln!(io::stdout(), "{}\n{}\n{}", broker.url, broker.management_url, broker.process));
    eprintln!("running until Ctrl-C or the end of standard input");
    drop(io::stdin().read_to_end(&mut Vec::new()));
    drop(keeper);
    Ok(ExitCode::SUCCESS)
}
