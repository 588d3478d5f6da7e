//! The same at the command line.

use std::process::Output;

use serde_json::{Value, json};

use super::super::campus::{PASSWORD, id, text};
use super::{PATH, Scene};
use crate::harness::on_each_engine;

on_each_engine! {
    operators_look_and_decide_at_the_command_line(engine) {
        let scene = Scene::set(engine);
        says(&scene, &["list"], "there are no such dead letters");
        says(&scene, &["groups"], "there are no dead letters");
        assert!(prints(&scene, &["stats"]).starts_with("0 dead letters, 0 of them unresolved\n"));
        let codes = ["A", "B", "C", "D"];
        let letters = codes.map(|code| scene.failed(&scene.refused(code, 1).1));
        let fingerprint = text(&scene.show(&letters[0])["fingerprint"]);
        looking(&scene, &letters, &fingerprint);
        in_vain(&scene, &letters[0]);
        deciding(&scene, &letters);
        scene.refusals.end();
        let line = "done: 1 matched, 1 retried, 1 resolved, 0 failed again\nall have been retried";
        says(&scene, &["retry", "--fingerprint", &fingerprint, "--per-second", "100"], line);
        assert_eq!(scene.counts()["unresolved"], 0);
    }

    another_machine_is_reached_with_a_token(engine) {
        let scene = Scene::set(engine);
        let remote = |token: &str| {
            let mut command = scene.command(&["dead-letters", "--url", scene.address(), "stats"]);
            command.env("BOOKLY_TOKEN", token).output().expect("it runs")
        };
        let stats = remote(&token(&scene, "GENERAL_ADMIN"));
        assert_eq!(stats.status.code(), Some(0), "{}", stderr(&stats));
        assert!(stdout(&stats).starts_with("0 dead letters"), "{}", stdout(&stats));
        for (token, said) in [(token(&scene, "TEACHER").as_str(), "bookly: "), ("", "BOOKLY_TOKEN")] {
            let refused = remote(token);
            assert_eq!((refused.status.code(), stdout(&refused).as_str()), (Some(1), ""));
            assert!(stderr(&refused).contains(said), "{}", stderr(&refused));
        }
    }
}

fn token(scene: &Scene, role: &str) -> String {
    let (_, email) = scene.add_user(&[role]);
    let session = scene.anonymous().post("/auth/login", &json!({"email": email, "password": PASSWORD})).expect(200);
    text(&session["accessToken"])
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn run(scene: &Scene, arguments: &[&str], input: &str) -> Output {
    scene.run_command(&[&["dead-letters"], arguments].concat(), input)
}

/// What a command prints, which must go well.
#[track_caller]
fn prints(scene: &Scene, arguments: &[&str]) -> String {
    let output = run(scene, arguments, "");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

#[track_caller]
fn says(scene: &Scene, arguments: &[&str], expected: &str) {
    assert_eq!(prints(scene, arguments).trim_end(), expected, "{arguments:?}");
}

/// What a command says that must end with this code.
#[track_caller]
fn fails(scene: &Scene, arguments: &[&str], input: &str, code: i32) -> String {
    let output = run(scene, arguments, input);
    let said = stdout(&output) + &stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

fn looking(scene: &Scene, letters: &[String], fingerprint: &str) {
    let table = prints(scene, &["list", "--state", "failed", "--consumer", "reports"]);
    assert_eq!(table.lines().count(), 1 + letters.len(), "{table}");
    assert!(letters.iter().all(|letter| table.contains(letter.as_str())), "{table}");
    let page = prints(scene, &["list", "--limit", "3"]);
    let cursor = page.lines().last().and_then(|line| line.strip_prefix("there are more: --cursor ")).expect("a cursor");
    let rest = prints(scene, &["list", "--limit", "3", "--cursor", cursor]);
    assert!(rest.lines().count() == 2 && rest.contains(&letters[0]), "{rest}");
    let one: Value = serde_json::from_str(&prints(scene, &["show", &letters[0], "--json"])).expect("JSON");
    assert_eq!(one, scene.show(&letters[0]), "it is what the API answers");
    let stats = prints(scene, &["stats"]);
    assert!(stats.starts_with("4 dead letters, 4 of them unresolved\n"), "{stats}");
    let groups = prints(scene, &["groups"]);
    assert!(groups.lines().count() == 2 && groups.contains(&format!("{fingerprint}  4 ")), "{groups}");
    let shown = prints(scene, &["show", &letters[0]]);
    for part in ["\nattempts\n", "on purpose", "\nmessage (", "reservation.created", "policy"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

/// Retries while the database still refuses, and what makes no sense.
fn in_vain(scene: &Scene, letter: &str) {
    let said = fails(scene, &["retry", letter], "", 1);
    assert!(said.starts_with(&format!("{letter} failed: ")) && said.contains("on purpose"), "{said}");
    let said = fails(scene, &["retry", "--all"], "", 1);
    assert!(said.starts_with("stopped: 4 matched, 1 retried, 0 resolved, 1 failed again\n"), "{said}");
    let said = fails(scene, &["retry"], "", 1);
    assert!(said.contains("--all"), "it says how to mean all: {said}");
    let said = fails(scene, &["retry", letter, "--data", "-"], "{", 1);
    assert!(said.contains("not JSON"), "{said}");
    let said = fails(scene, &["retry", letter, "--data", "-"], "{}", 1);
    assert!(said.contains("the payload: "), "{said}");
    fails(scene, &["retry", letter, "--all"], "", 2);
    let said = fails(scene, &["retry", "--all", "--data", "-"], "{}", 1);
    assert!(said.contains("give its ID"), "a payload is of one: {said}");
    fails(scene, &["resolve", letter], "", 2);
    let nothing = uuid::Uuid::now_v7().to_string();
    for arguments in [&["show", &nothing][..], &["retry", &nothing], &["discard", &nothing]] {
        assert!(fails(scene, arguments, "", 1).contains("no such dead letter"));
    }
}

/// Edits the first, resolves the second, discards the third.
fn deciding(scene: &Scene, letters: &[String]) {
    let [edited, resolved, discarded, ..] = letters else { panic!("too few") };
    let envelope: Value = serde_json::from_str(&text(&scene.show(edited)["message"]["content"])).expect("the envelope");
    let mut data = envelope["data"].clone();
    data["resourceId"] = json!(scene.room("E"));
    let file = scene.directory().join("payload.json");
    std::fs::write(&file, data.to_string()).expect("written");
    says(scene, &["retry", edited, "--data", &file.to_string_lossy()], &format!("{edited} replayed"));
    let reason = "resolved: Entered by hand";
    says(scene, &["resolve", resolved, "--reason", "Entered by hand"], &format!("{resolved} {reason}"));
    says(scene, &["discard", discarded], &format!("{discarded} discarded"));
    let shown = prints(scene, &["show", resolved]);
    let audit = shown.lines().find(|line| line.contains("  resolve ")).expect("the operation");
    assert!(audit.ends_with("-      Entered by hand"), "the operator at the machine has no user: {audit}");
    assert!(prints(scene, &["show", edited]).contains("\nedited message ("));
    let unresolved = scene.administrator.get(&format!("{PATH}?state=failed")).expect(200);
    assert_eq!(unresolved["items"].as_array().map(|all| all.iter().map(id).collect()), Some(vec![letters[3].clone()]));
}
