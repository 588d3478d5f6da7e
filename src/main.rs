//! The program.

use std::process::ExitCode;

/// The system's allocator keeps what bursts of work took, thread by thread; this one gives it back, by a thread of its own.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    bookly::cli::main()
}
