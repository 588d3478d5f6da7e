//! The program.

use std::process::ExitCode;

/// The system's allocator keeps what bursts of work took, thread by thread; this one gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bookly::cli::main()
}
