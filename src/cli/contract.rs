//! `bookly contract`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use crate::output::say;

/// What to do with the generated documents.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only look whether the documents are fresh; exit 1 when one is not.
    #[arg(long)]
    check: bool,
    /// The directory to write to.
    #[arg(long, default_value = ".")]
    directory: PathBuf,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let mut stale = 0;
    for (path, text) in amqp::contract::files() {
        let path = options.directory.join(path);
        if std::fs::read_to_string(&path).is_ok_and(|found| found == text) {
            continue;
        }
        stale += 1;
        if options.check {
            say!("{} is stale; run `bookly contract`", path.display());
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, text)?;
        say!("wrote {}", path.display());
    }
    Ok(if options.check && stale > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
