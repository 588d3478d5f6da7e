//! `cargo xtask test`: the whole suite, with everything it needs.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::arguments::{Engine, Test};
use crate::environment::{self, DATABASE_URL};
use crate::needs::{self, Missing, postgres};
use crate::private::keeper::Keeper;
use crate::private::leftovers::MARK;
use crate::skipped::Skipped;

/// Runs the tests and tells what was skipped. The exit code is cargo's, or a failure when a gate skipped something.
///
/// # Errors
/// When the private server or cargo cannot be started.
pub fn run(test: &Test) -> Result<ExitCode, String> {
    let missing = needs::ensure(&needs::of_tests(&test.engines));
    let postgres = wants_private_postgres(test, &missing).then(postgres::binaries).transpose()?;
    let keeper = Keeper::start(&environment::private_directory()?, postgres.as_deref())?;
    let url = environment::database_url().or_else(|| keeper.postgres.clone());
    let skip_file = keeper.run.join("skipped");

    let mut cargo = cargo_test(test, url.as_deref(), missing.is_empty());
    cargo.current_dir(environment::workspace_root()?).env(MARK, &keeper.run).env("BOOKLY_TEST_SKIPPED", &skip_file);
    let status = cargo.status().map_err(|error| format!("cannot run cargo: {error}"))?;

    let passed = report(&Skipped::new(&missing, &read(&skip_file)), environment::is_ci());
    match status.code() {
        Some(0) if passed => Ok(ExitCode::SUCCESS),
        Some(0) => Ok(ExitCode::FAILURE),
        // A cargo ended by a signal has no code of its own.
        code => Ok(ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))),
    }
}

fn wants_private_postgres(test: &Test, missing: &[Missing]) -> bool {
    test.engines.contains(&Engine::Postgres)
        && environment::database_url().is_none()
        && missing.iter().all(|need| need.name != "PostgreSQL")
}

fn cargo_test(test: &Test, url: Option<&str>, complete: bool) -> Command {
    let mut cargo = Command::new(environment::cargo());
    cargo.arg("test");
    if !names_packages(&test.cargo) {
        cargo.arg("--workspace");
    }
    cargo.args(&test.cargo);
    let engines: Vec<&str> = test.engines.iter().map(|engine| engine.name()).collect();
    cargo.env("BOOKLY_TEST_ENGINES", engines.join(","));
    match url.filter(|_| test.engines.contains(&Engine::Postgres)) {
        Some(url) => cargo.env(DATABASE_URL, url),
        None => cargo.env_remove(DATABASE_URL),
    };
    if complete {
        cargo.env("BOOKLY_TEST_REQUIRED", "1");
    }
    cargo
}

/// Whether the user chose packages: cargo's `--workspace` would override that choice.
fn names_packages(arguments: &[String]) -> bool {
    let options = arguments.iter().take_while(|word| *word != "--");
    let long = |word: &str| word == "--package" || word.starts_with("--package=");
    options.into_iter().any(|word| long(word) || (word.starts_with("-p") && !word.starts_with("--")))
}

fn read(skip_file: &Path) -> String {
    // Without the file no test skipped anything.
    fs::read_to_string(skip_file).unwrap_or_default()
}

/// Prints what was skipped; whether the run passes as far as that goes.
fn report(skipped: &Skipped, gate: bool) -> bool {
    for line in skipped.report() {
        eprintln!("{line}");
    }
    let fails = gate && skipped.fails_a_gate();
    if fails {
        eprintln!("CI is set, so what was skipped fails the run");
    }
    !fails
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(String::from).collect()
    }

    fn variable<'a>(command: &'a Command, name: &str) -> Option<Option<&'a OsStr>> {
        command.get_envs().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    #[test]
    fn chosen_packages_replace_the_workspace() {
        for (line, named) in
            [("-p amqp", true), ("-pamqp", true), ("--package=amqp", true), ("--lib", false), ("-- -p", false)]
        {
            assert_eq!(names_packages(&words(line)), named, "{line}");
        }
    }

    #[test]
    fn postgres_is_named_to_the_tests_only_when_they_run_on_it() {
        let both = Test { engines: vec![Engine::Sqlite, Engine::Postgres], cargo: words("--lib") };
        let command = cargo_test(&both, Some("postgres://x"), true);
        assert_eq!(variable(&command, DATABASE_URL), Some(Some(OsStr::new("postgres://x"))));
        assert_eq!(variable(&command, "BOOKLY_TEST_ENGINES"), Some(Some(OsStr::new("sqlite,postgres"))));
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["test", "--workspace", "--lib"]);

        let sqlite = Test { engines: vec![Engine::Sqlite], cargo: vec![] };
        let command = cargo_test(&sqlite, Some("postgres://x"), true);
        assert_eq!(variable(&command, DATABASE_URL), Some(None));
    }

    #[test]
    fn nothing_is_required_of_the_tests_when_a_need_is_missing() {
        let test = Test { engines: vec![Engine::Postgres], cargo: vec![] };
        assert_eq!(variable(&cargo_test(&test, None, false), "BOOKLY_TEST_REQUIRED"), None);
        let command = cargo_test(&test, Some("postgres://x"), true);
        assert_eq!(variable(&command, "BOOKLY_TEST_REQUIRED"), Some(Some(OsStr::new("1"))));
    }

    #[test]
    fn a_skip_fails_only_a_gate() {
        let skipped = Skipped::new(&[], "redis");
        assert!(report(&skipped, false) && !report(&skipped, true));
    }
}
