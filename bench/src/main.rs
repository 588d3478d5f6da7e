//! Runs Bookly and a reference side by side, in turn, on the same machine and in the same run, and prints ratios.
//!
//! `cargo xtask bench` builds everything, starts the servers and calls this. Each case is one file in `cases/`.

mod broker;
mod campus;
mod cases;
mod events;
mod figures;
mod filled;
mod footprint;
mod http;
mod load;
mod pgbench;
mod postgres;
mod process;
mod program;
mod report;
mod rounds;
mod servers;
mod slots;
mod sqlite;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

/// Bookly's, so that no reference is slower for want of it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What a measurement may fail with: whatever went wrong, in words.
pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measures Bookly against what its parts can do.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench")]
struct Arguments {
    /// The cases to measure; all of them when none is named.
    cases: Vec<String>,
    /// One short round each: shows that the cases work, and says nothing of speed.
    #[arg(long)]
    smoke: bool,
    /// How often each side is measured; the report wants five.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// The largest number of stored reservations that `growth` looks at; the smallest is 10,000.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100_000..))]
    largest: u64,
    /// Prints the names of the cases.
    #[arg(long)]
    list: bool,
    /// Only looks whether the arguments can be meant.
    #[arg(long, hide = true)]
    check: bool,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// One short round: shows that a case works.
    pub smoke: bool,
    /// How often each side is measured.
    pub rounds: u32,
    /// The largest number of stored reservations.
    pub largest: u64,
}

impl Scale {
    /// `whole`, or in a smoke test `little`.
    pub fn of<T>(self, whole: T, little: T) -> T {
        if self.smoke { little } else { whole }
    }
}

fn main() -> ExitCode {
    if let Some(code) = process::play_a_part() {
        return code;
    }
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome {
    if arguments.list {
        cases::ALL.iter().for_each(|case| println!("{}", case.name));
        return Ok(());
    }
    let chosen = cases::named(&arguments.cases)?;
    if arguments.check {
        return Ok(());
    }
    let rounds = if arguments.smoke { 1 } else { arguments.rounds };
    let scale = Scale { smoke: arguments.smoke, rounds, largest: arguments.largest };
    let servers = servers::Servers::of_environment()?;
    for case in chosen {
        println!("\n{}: {}", case.name, case.question);
        let mut rows = (case.measure)(&servers, scale).map_err(|error| format!("{}: {error}", case.name))?;
        if scale.smoke {
            // One short round of a program that is not optimised reaches nothing, and is not to.
            rows.iter_mut().for_each(|row| row.reaches.clear());
        }
        print!("{}", report::table(&rows));
        if !scale.smoke {
            report::store(case, &rows, scale, &servers)?;
        }
    }
    if scale.smoke { Ok(()) } else { report::assemble(&servers) }
}
