//! An actor that panics again and again: restarting does not help, and the process ends, so that whoever runs it starts
//! it afresh.

use std::net::TcpListener;
use std::process::{Command, ExitCode, Stdio};

use actors::clock::Clock;
use actors::supervision::{Running, State};
use bookly::app::App;
use bookly::serving::serve_until_stopped;

use super::inside::{Inside, inject_panic, settings};
use crate::harness::{Engine, on_each_engine, settle_within};

/// Set for the process that is to end.
const ROLE: &str = "BOOKLY_TEST_ESCALATES";
const LOOPING: &str = "bookly/services/reports";
/// With what the process ends.
const EXIT_CODE: u8 = 70;
/// Restarts wait longer and longer before the tree gives up.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

on_each_engine! {
    readiness_ends_with_the_tree(engine) {
        let inside = Inside::start(engine);
        let client = inside.anonymous();
        client.get("/health/ready").expect(200);
        panic_until_it_gives_up(&inside.running);
        let answer = client.get("/health/ready");
        let body = answer.expect(503);
        assert_eq!((&body["status"], &body["parts"]["actors"]["status"]), (&"unready".into(), &"unready".into()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let escalation = runtime.block_on(inside.running.escalated());
        assert_eq!(escalation.path(), "bookly");
        assert!(escalation.reason().contains("bookly/services"), "{escalation}");
        client.get("/health/live").expect(200);
    }
}

#[test]
fn the_process_ends_with_70_and_says_why() {
    if std::env::var_os(ROLE).is_some() {
        let ended = format!("{:?}", actix_rt::System::new().block_on(escalate()));
        // The code of an `ExitCode` can only be seen in its debug text.
        let expected = format!("{:?}", ExitCode::from(EXIT_CODE));
        std::process::exit(if ended == expected { EXIT_CODE.into() } else { 1 });
    }
    let Some(_) = Engine::sqlite() else { return };
    let program = std::env::current_exe().expect("the test program");
    let name = concat!(module_path!(), "::the_process_ends_with_70_and_says_why");
    let (_, name) = name.split_once("::").expect("a name within the program");
    let mut child = Command::new(program);
    child.args([name, "--exact", "--nocapture"]).env(ROLE, "1").stdin(Stdio::null());
    let output = child.output().expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(EXIT_CODE.into()), "{errors}");
    let last = errors.lines().last().unwrap_or_default();
    assert!(last.starts_with("bookly: supervisor `bookly` gave up: more than"), "{last}");
    assert!(last.contains("bookly/services"), "{last}");
    println!("{last}");
}

/// Serves as the program does, while one actor panics whenever it runs.
async fn escalate() -> ExitCode {
    let directory = tempfile::tempdir().expect("a directory");
    let app = App::start(settings(&Engine::Sqlite, directory.path()), Clock::system()).await.expect("it starts");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let running = app.running.clone();
    let looping = std::thread::spawn(move || panic_until_it_gives_up(&running));
    let code = serve_until_stopped(app, listener).await.expect("it serves");
    looping.join().expect("it gave up");
    code
}

/// Makes one actor panic whenever it runs.
fn panic_until_it_gives_up(running: &Running) {
    settle_within(LIMIT, "the tree gives up", || {
        let tree = running.tree();
        if tree.find(LOOPING).expect("a node").state == State::Running {
            inject_panic(running, LOOPING);
        }
        (tree.state == State::Failed).then_some(())
    });
}
