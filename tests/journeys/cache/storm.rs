//! A thousand readers want the same cold resource at once.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use serde_json::{Value, json};

use super::Cached;
use crate::harness::{Engine, settle, settle_within};
use crate::services::campus::{PASSWORD, text};

const READERS: usize = 1_000;
/// A connection that has nothing to do tells its counts after ten seconds at the latest (PostgreSQL's
/// `PGSTAT_IDLE_INTERVAL`).
const TOLD: Duration = Duration::from_secs(12);

#[derive(QueryableByName)]
struct Scans {
    #[diesel(sql_type = BigInt)]
    scans: i64,
}

#[test]
fn a_thousand_readers_cost_one_query() {
    let Some(engine) = Engine::postgres(module_path!()) else { return };
    let Some(cached) = Cached::start(engine, module_path!()) else { return };
    let (_, email) = cached.add_user(&["TEACHER"]);
    let login = json!({"email": email, "password": PASSWORD});
    let token = text(&cached.anonymous().post("/auth/login", &login).expect(200)["accessToken"]);
    let reader = cached.anonymous().with_token(&token);
    let path = format!("/resources/{}", cached.room("STORM"));
    let expected = reader.get(&path).expect(200);
    let mut database = PgConnection::establish(&cached.database_url().expect("PostgreSQL")).expect("it answers");

    let before = scans(&mut database);
    forget(&cached, &path);
    reader.get(&path).expect(200);
    let one = scans(&mut database) - before;
    assert!(one > 0, "a cold read is not seen in the statistics");

    forget(&cached, &path);
    let (before, stored) = (scans(&mut database), cached.count("resource", "stored"));
    let answers = storm(&cached, &mut database, &path, &token);
    assert!(answers.iter().all(|answer| *answer == expected), "{answers:?}");
    let many = scans(&mut database) - before;
    println!("{one} scans for one reader, {many} for {READERS} at once");
    assert_eq!(many, one);
    assert_eq!(cached.count("resource", "stored") - stored, 1);
    let hits = cached.count("resource", "hits");
    reader.get(&path).expect(200);
    assert_eq!(cached.count("resource", "hits"), hits + 1);
}

/// Everybody asks while the table is locked, so that nobody is answered before all have missed.
fn storm(cached: &Cached, database: &mut PgConnection, path: &str, token: &str) -> Vec<Value> {
    let address = cached.address().strip_prefix("http://").expect("HTTP");
    let connect = |_| TcpStream::connect(address).expect("a connection");
    let mut readers: Vec<TcpStream> = (0..READERS).map(connect).collect();
    let misses = cached.count("resource", "misses");
    let question = format!(
        "GET /api/v1{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    database.batch_execute("BEGIN; LOCK TABLE resources IN ACCESS EXCLUSIVE MODE").expect("it is locked");
    let began = Instant::now();
    readers.iter_mut().for_each(|reader| reader.write_all(question.as_bytes()).expect("it is sent"));
    settle("all have missed", || {
        let missed = cached.count("resource", "misses") - misses;
        (missed >= READERS as u64).then_some(())
    });
    println!("{READERS} readers waited for one after {:?}", began.elapsed());
    database.batch_execute("COMMIT").expect("it is unlocked");
    readers.into_iter().map(answer).collect()
}

fn answer(mut reader: TcpStream) -> Value {
    let mut answer = String::new();
    reader.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn forget(cached: &Cached, path: &str) {
    let pattern = path.replace("/resources/", "resource:");
    let forgotten = cached.administrator.post("/admin/cache/forget", &json!({"pattern": pattern})).expect(200);
    assert_eq!(forgotten["forgotten"], 1);
}

/// How often the table of resources was read, once nobody has more to tell.
fn scans(database: &mut PgConnection) -> i64 {
    let statement = "SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) AS scans FROM pg_stat_user_tables \
         WHERE relname = 'resources'";
    let mut count = || sql_query(statement).get_result::<Scans>(database).expect("statistics").scans;
    let (mut last, mut since) = (count(), Instant::now());
    settle_within(Duration::from_secs(120), "the statistics are complete", || {
        let now = count();
        if now != last {
            (last, since) = (now, Instant::now());
        }
        (since.elapsed() >= TOLD).then_some(last)
    })
}
