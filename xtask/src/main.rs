//! The workspace's own commands. `cargo xtask` lists them.
//!
//! It uses the standard library alone, so that it compiles in seconds on a fresh machine, and no signal handler:
//! what must be cleaned up is owned by a keeper process (see [`private::keeper`]) that outlives this one.

use std::process::ExitCode;

mod account;
mod arguments;
mod bench_command;
mod environment;
mod needs;
mod postgres_command;
mod private;
mod rabbitmq_command;
mod redis_command;
mod skipped;
mod test_command;

use arguments::Command;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments::parse(&given) {
        Ok(Command::Help) => {
            println!("{}", arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Command::Test(test)) => test_command::run(&test),
        Ok(Command::Bench(bench)) => bench_command::run(&bench),
        Ok(Command::Postgres) => postgres_command::run(),
        Ok(Command::RabbitMq(broker)) => rabbitmq_command::run(broker),
        Ok(Command::Redis(redis)) => redis_command::run(&redis),
        Ok(Command::Keep(keep)) => private::keeper::serve(&keep),
        Err(problem) => {
            eprintln!("cargo xtask: {problem}\n\n{}", arguments::HELP);
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|problem| {
        eprintln!("cargo xtask: {problem}");
        ExitCode::FAILURE
    })
}
