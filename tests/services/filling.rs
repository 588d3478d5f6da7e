//! Installations that are filled in bulk.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use chrono::{DateTime, Utc, Weekday};
use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use serde_json::{Value, json};

use super::campus::{instant, items, next_week, text, walk, wish};
use crate::harness::{Client, Engine, Installation, on_each_engine, settle, signal};

on_each_engine! {
    a_filled_installation_is_sound_and_can_be_used(engine) {
        let mut installation = Installation::empty(engine);
        let filled = fill(&installation, "20", "2000");
        assert!(filled.contains("20 rooms, 80 users, 2,000 reservations from "), "{filled}");
        all_is_in_the_file(&installation);
        installation.run();
        let administrator = administrator(&installation, &filled);
        is_sound(&administrator, 20, 2_000);
        let doctor = installation.run_command(&["doctor"], "");
        assert_eq!(doctor.status.code(), Some(0), "{}", stdout(&doctor));
        assert!(stdout(&doctor).contains("2000 reservations with their history"), "{}", stdout(&doctor));
        a_room_is_found_and_reserved(&administrator);
        is_sound(&administrator, 20, 2_001);
        installation.stop();
        is_not_filled_again(&installation);
        installation.run();
        let again = installation.anonymous().log_in(ADMINISTRATOR, &password(&filled));
        is_sound(&again, 20, 2_001);
    }

    the_same_seed_gives_the_same_rooms_users_and_times(engine) {
        let filled = |seed: &str| {
            let mut installation = Installation::empty(engine_like(&engine));
            let lines = installation.run_as(&["demo", "--resources", "4", "--reservations", "150", "--seed", seed]);
            let lines = lines.join("\n");
            let made = lines.lines().find(|line| line.starts_with("Made from seed ")).expect("it says so").to_owned();
            let administrator = administrator(&installation, &lines);
            (made, content(&administrator))
        };
        let (mut one, mut other) = (filled("7"), filled("7"));
        // The days follow from today's date, and midnight may have come in between.
        if one.0 != other.0 {
            (one, other) = (filled("7"), filled("7"));
        }
        assert_eq!(one, other);
        assert_ne!(one.1, filled("8").1);
    }
}

const ADMINISTRATOR: &str = "general-admin@demo.bookly.local";

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn engine_like(engine: &Engine) -> Engine {
    match engine {
        Engine::Sqlite => Engine::Sqlite,
        Engine::Postgres { .. } => Engine::postgres(module_path!()).expect("it was there before"),
    }
}

fn fill(installation: &Installation, resources: &str, reservations: &str) -> String {
    let arguments = ["demo", "--resources", resources, "--reservations", reservations, "--fill-only"];
    let output = installation.run_command(&arguments, "");
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

/// The administrator's password, as it was printed.
fn password(printed: &str) -> String {
    let line = printed.lines().find(|line| line.trim().starts_with(ADMINISTRATOR)).expect("the account is printed");
    line.split_whitespace().nth(1).expect("with a password").to_owned()
}

fn administrator(installation: &Installation, printed: &str) -> Client {
    installation.anonymous().log_in(ADMINISTRATOR, &password(printed))
}

fn is_sound(administrator: &Client, resources: u64, reservations: u64) {
    let checks = settle("every event is delivered", || {
        Some(administrator.get("/admin/checks").expect(200)).filter(|checks| checks["undelivered"] == 0)
    });
    assert_eq!(checks["differences"], json!([]));
    for (what, count) in [
        ("resources", resources),
        ("availabilityProfiles", resources),
        ("reservations", reservations),
        ("reportedReservations", reservations),
    ] {
        assert_eq!(checks["compared"][what], count, "{what}");
    }
}

fn a_room_is_found_and_reserved(administrator: &Client) {
    let start = next_week(Weekday::Wed, 10);
    let (from, to) = (instant(start), instant(start + chrono::TimeDelta::hours(1)));
    let free = items(&administrator.get(&format!("/availability/search?from={from}&to={to}&limit=20")).expect(200));
    assert!(!free.is_empty(), "a room is free at {from}");
    let room = text(&free[0]["id"]);
    administrator.post("/reservations", &wish(&room, start, 60)).expect(201);
    administrator.post("/reservations", &wish(&room, start, 60)).refused(409, "reservation.conflict");
}

/// Who copies the file has everything.
fn all_is_in_the_file(installation: &Installation) {
    let beside = installation.directory().join("bookly.sqlite3-wal");
    let left = std::fs::metadata(&beside).map_or(0, |metadata| metadata.len());
    assert_eq!(left, 0, "{}", beside.display());
}

fn is_not_filled_again(installation: &Installation) {
    let arguments = ["demo", "--resources", "1", "--reservations", "1", "--fill-only"];
    let refused = installation.run_command(&arguments, "");
    assert_eq!(refused.status.code(), Some(1), "{}", stdout(&refused));
    let sentence = match installation.database_url() {
        Some(_) => "the database has tables already, and only an empty one is filled; name a new one",
        None => "there is an installation in",
    };
    assert!(stderr(&refused).contains(sentence), "{}", stderr(&refused));
}

/// A room, who has it, from when and to when.
type Reserved = (String, String, DateTime<Utc>, DateTime<Utc>);

/// The rooms, and who has which when.
fn content(administrator: &Client) -> (Vec<Value>, Vec<Reserved>) {
    let rooms = items(&administrator.get("/resources?limit=200").expect(200));
    let at = |value: &Value| text(value).parse::<DateTime<Utc>>().expect("an instant");
    let reservations = walk(administrator, "/reservations?limit=100", 2)
        .into_iter()
        .map(|one| (text(&one["resourceId"]), text(&one["userId"]), at(&one["startTime"]), at(&one["endTime"])));
    let mut reservations: Vec<_> = reservations.collect();
    reservations.sort();
    assert_eq!((rooms.len(), reservations.len()), (4, 150));
    (rooms, reservations)
}

/// The program in a directory, where no other one and no database are named.
fn program_in(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bookly"));
    command.args(arguments).current_dir(directory);
    for name in ["BOOKLY_DATA_DIR", "BOOKLY_CONFIG", "DATABASE_URL", "DATABASE_URL_FILE", "AMQP_URL", "REDIS_URL"] {
        command.env_remove(name);
    }
    command
}

/// Runs it where there is nothing.
fn nowhere(arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().expect("a directory");
    let output = program_in(directory.path(), arguments).output().expect("it runs");
    assert_eq!(std::fs::read_dir(directory.path()).expect("readable").count(), 0, "nothing is left behind");
    output
}

#[test]
fn what_cannot_be_filled_is_refused_with_what_to_do() {
    let alone = nowhere(&["demo", "--resources", "5"]);
    assert!(alone.status.code() == Some(2) && stderr(&alone).contains("--reservations"), "{}", stderr(&alone));
    let lost = nowhere(&["demo", "--resources", "5", "--reservations", "5", "--fill-only"]);
    assert!(lost.status.code() == Some(1) && stderr(&lost).contains("--data-dir"), "{}", stderr(&lost));
    let order = ["demo", "--resources", "1", "--reservations", "1000000", "--fill-only", "--data-dir", "new"];
    let crowded = nowhere(&order);
    assert!(crowded.status.code() == Some(1) && stderr(&crowded).contains("take at most"), "{}", stderr(&crowded));
    let none = nowhere(&["demo", "--resources", "0", "--reservations", "0", "--fill-only", "--data-dir", "new"]);
    assert!(none.status.code() == Some(1) && stderr(&none).contains("ask for 1 to"), "{}", stderr(&none));
}

#[test]
fn a_database_of_another_program_is_left_as_it_is() {
    let Some(engine) = Engine::postgres(module_path!()) else { return };
    let installation = Installation::empty(engine);
    let url = installation.database_url().expect("a database");
    let mut connection = PgConnection::establish(&url).expect("it answers");
    connection.batch_execute("CREATE TABLE payroll (name text)").expect("a table");
    let refused = installation.run_command(&["demo", "--resources", "1", "--reservations", "1", "--fill-only"], "");
    assert!(
        refused.status.code() == Some(1) && stderr(&refused).contains("has tables already"),
        "{}",
        stderr(&refused)
    );
    let tables = "SELECT count(*) AS count FROM pg_tables WHERE schemaname = current_schema()";
    assert_eq!(sql_query(tables).get_result::<Count>(&mut connection).expect("an answer").count, 1);
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[test]
fn a_filling_that_is_stopped_leaves_nothing_or_says_what_to_delete() {
    for (place, left, advice) in [(&[][..], 0, "SIGTERM"), (&["--data-dir", "kept"], 1, "delete kept, and fill again")]
    {
        let directory = tempfile::tempdir().expect("a directory");
        let order = [&["demo", "--resources", "1000", "--reservations", "2000000"], place].concat();
        let mut command = program_in(directory.path(), &order);
        command.env("TMPDIR", directory.path());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut said = BufReader::new(process.stdout.take().expect("its output")).lines();
        assert!(said.any(|line| line.expect("text").starts_with("Filling ")), "it begins");
        signal("TERM", process.id());
        let output = process.wait_with_output().expect("it ends");
        assert!(output.status.code() == Some(1) && stderr(&output).contains(advice), "{}", stderr(&output));
        assert_eq!(std::fs::read_dir(directory.path()).expect("readable").count(), left, "{place:?}");
    }
}
