//! What an operator does at the machine: starts, adds users, looks whether all is well.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use serde_json::json;

use super::listing::text;
use crate::harness::{Installation, on_each_engine, settle};

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn add_user(installation: &Installation, email: &str) {
    let arguments = ["user", "add", "--email", email, "--name", "Test user", "--role", "TEACHER", "--password-stdin"];
    let output = installation.run_command(&arguments, "correct horse battery\n");
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}

/// Changes what is stored behind the program's back.
fn tamper(installation: &Installation, statement: &str) {
    match installation.database_url() {
        Some(url) => PgConnection::establish(&url).expect("it answers").batch_execute(statement),
        None => {
            let path = installation.directory().join("bookly.sqlite3");
            let path = path.to_str().expect("a path");
            SqliteConnection::establish(path).expect("it opens").batch_execute(statement)
        }
    }
    .expect("the statement is right");
}

#[test]
fn a_database_that_is_not_there_is_said_clearly() {
    let place = tempfile::tempdir().expect("a directory");
    for (url, hint) in [
        ("postgres://nobody@127.0.0.1:1/nothing", "the database is not available"),
        ("mysql://nobody@127.0.0.1/nothing", "DATABASE_URL must begin with postgres://"),
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bookly"));
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("BOOKLY_DATA_DIR", place.path())
            .env("DATABASE_URL", url);
        let output = command.output().expect("the program starts");
        assert_eq!(output.status.code(), Some(1));
        let last = errors(&output).lines().last().unwrap_or_default().to_owned();
        assert!(errors(&output).contains(&format!("bookly: {hint}")), "{}", errors(&output));
        assert!(!errors(&output).contains("panicked"), "{last}");
    }
}

on_each_engine! {
    one_directory_has_one_server(engine) {
        let installation = Installation::start(engine);
        let second = installation.run_command(&["serve", "--listen", "127.0.0.1:0"], "");
        assert_eq!(second.status.code(), Some(1));
        assert!(errors(&second).contains("another bookly uses the data directory"), "{}", errors(&second));
        installation.anonymous().get("/health/ready").expect(200);
    }

    only_its_owner_reaches_the_data(engine) {
        let installation = Installation::start(engine);
        let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode(&installation.directory().join("control.sock")), 0o600);
        let made = installation.directory().join("made");
        let arguments = ["migrate", "--data-dir", made.to_str().expect("a path")];
        assert_eq!(installation.run_command(&arguments, "").status.code(), Some(0));
        assert_eq!(mode(&made), 0o700);
        if installation.database_url().is_none() {
            assert_eq!(mode(&made.join("bookly.sqlite3")), 0o600);
        }
    }

    the_doctor_makes_no_data(engine) {
        let installation = Installation::start(engine);
        if installation.database_url().is_none() {
            let missing = installation.directory().join("missing");
            let output = installation.run_command(&["doctor", "--data-dir", missing.to_str().expect("a path")], "");
            assert_eq!(output.status.code(), Some(1));
            assert!(!missing.exists());
        }
    }

    users_are_added_with_and_without_a_server(engine) {
        let mut installation = Installation::start(engine);
        add_user(&installation, "with@test.bookly.local");
        installation.anonymous().log_in("with@test.bookly.local", "correct horse battery");
        assert_eq!(installation.stop(), Some(0));
        add_user(&installation, "without@test.bookly.local");
        installation.run();
        for email in ["with@test.bookly.local", "without@test.bookly.local"] {
            let client = installation.anonymous().log_in(email, "correct horse battery");
            assert_eq!(client.get("/users/me").expect(200)["roles"], json!(["TEACHER"]));
        }
        installation.check();
    }

    the_doctor_finds_a_row_that_was_tampered_with(engine) {
        let mut installation = Installation::start(engine);
        let room = json!({"code": "D1", "name": "Room", "type": "CLASSROOM"});
        let id = text(&installation.administrator().post("/resources", &room).expect(201), "id");
        installation.settle_events();
        let doctor = |installation: &Installation| {
            let output = installation.run_command(&["doctor"], "");
            (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        assert_eq!(doctor(&installation).0, Some(0));
        assert_eq!(installation.stop(), Some(0));
        let (code, said) = doctor(&installation);
        assert!(code == Some(0) && said.contains("no server is running"), "{said}");

        tamper(&installation, "UPDATE resources SET name = 'Another room'");
        let (code, said) = doctor(&installation);
        assert!(code == Some(1) && said.contains("FAIL") && said.contains(&id), "{said}");
        installation.run();
        let (code, said) = doctor(&installation);
        assert!(code == Some(1) && said.contains("a server is running"), "{said}");

        tamper(&installation, "UPDATE resources SET name = 'Room'");
        let well = settle("the doctor is content", || Some(doctor(&installation)).filter(|(code, _)| *code == Some(0)));
        assert!(!well.1.contains("FAIL"), "{}", well.1);
    }
}
