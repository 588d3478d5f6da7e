//! The command line's small commands.

use std::process::{Command, Output, Stdio};

use super::campus::{PASSWORD, items, text};
use crate::harness::{Installation, on_each_engine};

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The program in an empty directory, without anything that the tests' own environment sets.
fn bookly(directory: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bookly"));
    command.args(arguments).current_dir(directory).env("BOOKLY_DATA_DIR", directory.join("data"));
    let names = ["DATABASE_URL", "DATABASE_URL_FILE", "AMQP_URL", "AMQP_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"];
    let others = ["BOOKLY_LISTEN", "BOOKLY_CONFIG", "BOOKLY_TIME_ZONE", "BOOKLY_REDIS_NAMESPACE", "BOOKLY_CACHE"];
    for name in names.into_iter().chain(others) {
        command.env_remove(name);
    }
    command.output().expect("it runs")
}

#[test]
fn the_contract_is_written_and_checked() {
    let directory = tempfile::tempdir().expect("a directory");
    let missing = bookly(directory.path(), &["contract", "--check"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stdout(&missing).contains("asyncapi.yml is stale; run `bookly contract`"), "{}", stdout(&missing));
    assert!(!directory.path().join("asyncapi.yml").exists(), "it only looks");
    let written = bookly(directory.path(), &["contract"]);
    assert_eq!((written.status.code(), stdout(&written).lines().count()), (Some(0), stdout(&missing).lines().count()));
    assert_eq!(bookly(directory.path(), &["contract", "--check"]).status.code(), Some(0));
    assert_eq!(stdout(&bookly(directory.path(), &["contract"])), "", "nothing is left to write");
    std::fs::write(directory.path().join("asyncapi.yml"), "changed by hand").expect("written");
    assert_eq!(bookly(directory.path(), &["contract", "--check"]).status.code(), Some(1));
}

#[test]
fn help_names_every_command() {
    let directory = tempfile::tempdir().expect("a directory");
    let help = bookly(directory.path(), &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for command in ["demo", "serve", "migrate", "import", "user", "contract", "doctor"] {
        assert!(stdout(&help).contains(&format!("\n  {command}")), "{command}");
        let own = bookly(directory.path(), &[command, "--help"]);
        assert_eq!((own.status.code(), stdout(&own).contains("Usage: bookly")), (Some(0), true), "{command}");
    }
    let unknown = bookly(directory.path(), &["sevre"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("'serve'"), "it guesses what was meant: {}", stderr(&unknown));
    assert!(!directory.path().join("data").exists());
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("bookly.toml");
    for (text, named) in [
        ("lisen = \"127.0.0.1:0\"", "lisen"),
        ("listen = 7", "listen"),
        ("time_zone = \"Mars/Olympus\"", "time_zone"),
        ("database_url = \"mysql://x\"", "postgres://"),
        ("log = ", "bookly.toml"),
    ] {
        std::fs::write(&file, text).expect("written");
        let output = bookly(directory.path(), &["migrate"]);
        assert_eq!(output.status.code(), Some(1), "{text}");
        let message = stderr(&output);
        assert!(message.starts_with("bookly: ") && message.contains(named), "{text}: {message}");
    }
    std::fs::remove_file(&file).expect("removed");
    let missing = bookly(directory.path(), &["migrate", "--config", "other.toml"]);
    assert!(missing.status.code() == Some(1) && stderr(&missing).contains("other.toml"), "{}", stderr(&missing));
    let zone = bookly(directory.path(), &["migrate", "--time-zone", "Mars/Olympus"]);
    assert!(zone.status.code() == Some(2) && stderr(&zone).contains("--time-zone"), "{}", stderr(&zone));
    assert!(!directory.path().join("data").exists());
}

#[test]
fn a_second_migration_has_nothing_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = bookly(directory.path(), &["migrate"]);
    assert!(first.status.success() && stdout(&first).contains("migrations applied: 2026"), "{}", stderr(&first));
    let second = bookly(directory.path(), &["migrate"]);
    assert_eq!((second.status.code(), stdout(&second).as_str()), (Some(0), "the schema is up to date\n"));
}

on_each_engine! {
    users_are_added_with_and_without_a_server(engine) {
        let mut installation = Installation::start(engine);
        installation.stop();
        let migrated = installation.run_command(&["migrate"], "");
        assert_eq!((migrated.status.code(), stdout(&migrated).as_str()), (Some(0), "the schema is up to date\n"));
        refused_users(&installation);
        let added = add(&installation, "early@test.bookly.local", "GENERAL_ADMIN", PASSWORD);
        assert_eq!(added.status.code(), Some(0), "{}", stderr(&added));
        installation.run();
        let administrator = installation.anonymous().log_in("early@test.bookly.local", PASSWORD);
        let added = add(&installation, "late@test.bookly.local", "teacher", &format!("{PASSWORD}\r\nsecond line"));
        assert_eq!(added.status.code(), Some(0), "{}", stderr(&added));
        installation.anonymous().log_in("late@test.bookly.local", PASSWORD);
        refused_users(&installation);
        let users = items(&administrator.get("/users").expect(200));
        let emails: Vec<_> = users.iter().map(|user| text(&user["email"])).filter(|email| email.contains("test")).collect();
        assert_eq!(emails, ["early@test.bookly.local", "late@test.bookly.local"]);
    }
}

fn add(installation: &Installation, email: &str, role: &str, password: &str) -> Output {
    let arguments = ["user", "add", "--email", email, "--name", "Somebody", "--role", role, "--password-stdin"];
    installation.run_command(&arguments, password)
}

fn refused_users(installation: &Installation) {
    let weak = add(installation, "nowhere", "TEACHER", "aaa\n");
    assert_eq!(weak.status.code(), Some(1));
    for rule in ["12 to 128 characters", "one character repeated", "e-mail address"] {
        assert!(stderr(&weak).contains(rule), "{rule}: {}", stderr(&weak));
    }
    let dean = add(installation, "a@b.c", "DEAN", PASSWORD);
    assert_eq!(dean.status.code(), Some(2));
    assert!(stderr(&dean).contains("GENERAL_ADMIN"), "{}", stderr(&dean));
    let nothing = add(installation, "a@b.c", "TEACHER", "");
    assert!(nothing.status.code() == Some(1) && stderr(&nothing).contains("standard input"), "{}", stderr(&nothing));
}

on_each_engine! {
    whoever_reads_no_further_is_no_error(engine) {
        let installation = Installation::start(engine);
        for command in [&["cache", "stats"][..], &["dead-letters", "stats"], &["topology", "show"], &["doctor"]] {
            let mut process = installation.command(command);
            let mut process = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
            drop(process.stdout.take());
            let output = process.wait_with_output().expect("it ends");
            assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{command:?}");
        }
    }

    the_cache_is_told_from_one_that_no_server_has(engine) {
        let mut installation = Installation::start(engine);
        let running = installation.run_command(&["cache", "stats"], "");
        assert!(running.status.success() && !stderr(&running).contains("no server"), "{}", stderr(&running));
        installation.run_command(&["cache", "forget", "resources:list:*"], "");
        let told = "the cache is to forget resources:list:* for the operator";
        assert!(installation.log().contains(told), "{}", installation.log());
        installation.stop();
        let stopped = installation.run_command(&["cache", "stats"], "");
        assert!(stopped.status.success() && stderr(&stopped).contains("no server is running on"), "{}", stderr(&stopped));
    }
}
