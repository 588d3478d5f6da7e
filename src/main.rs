//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    bookly::cli::main()
}
