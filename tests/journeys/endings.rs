//! How the program ends: orderly, whatever is going on.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::listing::all;
use super::sheet::{FOUR_WEEKS, blocks, numbers, sheet};
use crate::harness::{Installation, on_each_engine, settle};

/// How long ending may take.
const LIMIT: Duration = Duration::from_secs(10);
const ROOMS: usize = 20;

/// The demonstration, with `place` for its throw-away directory.
fn demo(place: &std::path::Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bookly"));
    command.args(["demo", "--listen", "127.0.0.1:0"]).args(arguments);
    command.current_dir(place).env("TMPDIR", place).env_remove("DATABASE_URL").env_remove("BOOKLY_DATA_DIR");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the program starts")
}

/// Ctrl-C.
fn interrupt(pid: u32) {
    let sent = Command::new("kill").args(["-INT", &pid.to_string()]).status().expect("kill is there");
    assert!(sent.success());
}

fn entries(place: &std::path::Path) -> usize {
    std::fs::read_dir(place).expect("a directory").count()
}

#[test]
fn the_demonstration_leaves_nothing_behind() {
    let place = tempfile::tempdir().expect("a directory");
    let output = demo(place.path(), &["--exit"]).wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("throw-away campus in"), "{said}");
    assert_eq!(entries(place.path()), 0);
}

#[test]
fn an_interrupt_ends_the_demonstration() {
    let place = tempfile::tempdir().expect("a directory");
    let mut process = demo(place.path(), &[]);
    let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines().map_while(Result::ok);
    lines.by_ref().find(|line| line.starts_with("listening on http://")).expect("it serves");
    assert_eq!(entries(place.path()), 1);
    interrupt(process.id());
    let code = settle("it ends", || process.try_wait().expect("it can be waited for")).code();
    assert_eq!((code, entries(place.path())), (Some(0), 0));
}

/// A connection that was used once and is kept open.
fn idle(address: &str) -> TcpStream {
    let host = address.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(stream, "GET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("it can be written to");
    let mut head = [0; 12];
    stream.read_exact(&mut head).expect("an answer");
    assert_eq!(&head, b"HTTP/1.1 200");
    stream
}

on_each_engine! {
    who_has_asked_is_answered_before_the_end(engine) {
        let mut installation = Installation::start(engine);
        let (administrator, planner) = (installation.administrator(), installation.user("PROGRAM_ADMIN"));
        let _idle = idle(installation.address());
        let path = format!("/imports/timetable?from={}&to={}", FOUR_WEEKS[0], FOUR_WEEKS[1]);
        let headers = [("content-type", "text/csv")];
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| planner.try_send("POST", &path, &headers, sheet(ROOMS).into_bytes()));
            settle("the import is in its middle", || {
                let made = administrator.get("/reservations?limit=1").expect(200);
                made["nextCursor"].is_string().then_some(())
            });
            let began = Instant::now();
            assert_eq!(installation.stop(), Some(0));
            assert!(began.elapsed() < LIMIT, "it took {:?}", began.elapsed());
            println!("ended in {:?}", began.elapsed());
            let report = asking.join().expect("no panic").expect("an answer").expect(200);
            assert_eq!(numbers(&report, ["reservationsCreated"]), [4 * blocks(ROOMS)]);
        });
        installation.run();
        assert_eq!(all(&installation.administrator(), "/reservations").len(), 4 * blocks(ROOMS));
        installation.check();
    }

    an_interrupt_ends_the_server(engine) {
        let mut installation = Installation::start(engine);
        interrupt(installation.pid());
        assert_eq!(installation.wait(), Some(0));
        assert!(!installation.directory().join("control.sock").exists());
        installation.run();
        installation.check();
    }

    an_idle_connection_does_not_hold_the_end_up(engine) {
        let mut installation = Installation::start(engine);
        let _idle = idle(installation.address());
        let began = Instant::now();
        assert_eq!(installation.stop(), Some(0));
        assert!(began.elapsed() < LIMIT, "it took {:?}", began.elapsed());
        println!("ended in {:?}", began.elapsed());
    }
}
