//! The auth service over HTTP: sessions and users.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use super::campus::{Campus, PASSWORD, faults, id, items, named, text, walk};
use crate::harness::on_each_engine;

on_each_engine! {
    sessions_begin_go_on_and_end(engine) {
        let campus = Campus::start(engine);
        logging_in(&campus);
        refreshing(&campus);
        logging_out(&campus);
        guessing(&campus);
        campus.check();
    }

    users_are_added_listed_and_given_roles(engine) {
        let campus = Campus::start(engine);
        adding_users(&campus);
        listing_users(&campus);
        giving_roles(&campus);
        campus.check();
    }

    the_first_password_is_shown_once(engine) {
        let mut installation = crate::harness::Installation::start(engine);
        installation.administrator().get("/users/me").expect(200);
        installation.stop();
        let mut command = installation.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut again = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
        let mut lines = BufReader::new(again.stdout.take().expect("its output")).lines().map_while(Result::ok);
        let first = lines.next().expect("a line");
        again.kill().expect("it runs");
        let rest: Vec<_> = lines.collect();
        again.wait().expect("it ends");
        assert!(first.starts_with("listening on http://"), "{first}");
        assert_eq!(rest, Vec::<String>::new());
    }
}

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

fn renewal(session: &Value) -> Value {
    json!({"refreshToken": session["refreshToken"]})
}

fn logging_in(campus: &Campus) {
    let (user, email) = campus.add_user(&["STUDENT"]);
    let nobody = campus.anonymous();
    let session = nobody.post("/auth/login", &credentials(&email.to_uppercase(), PASSWORD)).expect(200);
    assert_eq!((&session["tokenType"], &session["user"]["id"]), (&json!("Bearer"), &json!(user)));
    assert!(session["expiresIn"].as_i64().is_some_and(|seconds| (60..=3_600).contains(&seconds)), "{session}");
    let me = nobody.clone().with_token(&text(&session["accessToken"])).get("/users/me").expect(200);
    assert_eq!((&me["email"], &me["roles"]), (&json!(email), &json!(["STUDENT"])));

    // Which of the two is wrong is not told.
    let mut wrong =
        nobody.post("/auth/login", &credentials(&email, "wrong password")).refused(401, "auth.login_refused");
    let unknown = credentials("nobody@test.bookly.local", "wrong password");
    let mut unknown = nobody.post("/auth/login", &unknown).refused(401, "auth.login_refused");
    for answer in [&mut wrong, &mut unknown] {
        answer.as_object_mut().expect("a document").remove("correlationId");
    }
    assert_eq!(wrong, unknown);
    nobody.post("/auth/login", &credentials("a\u{0}b@c.d", PASSWORD)).refused(400, "body.malformed");
    let expected = named(&[("email", "field.type"), ("password", "field.missing"), ("pasword", "field.unknown")]);
    let mistyped = nobody.post("/auth/login", &json!({"email": 7, "pasword": "x"}));
    assert_eq!(faults(mistyped, 400, "body.malformed"), expected);
}

fn refreshing(campus: &Campus) {
    let (_, email) = campus.add_user(&["TEACHER"]);
    let nobody = campus.anonymous();
    let first = nobody.post("/auth/login", &credentials(&email, PASSWORD)).expect(200);
    let second = nobody.post("/auth/refresh", &renewal(&first)).expect(200);
    assert_ne!(first["refreshToken"], second["refreshToken"]);
    nobody.clone().with_token(&text(&second["accessToken"])).get("/users/me").expect(200);
    // A token that comes twice was stolen by one of the two: the session ends for both.
    nobody.post("/auth/refresh", &renewal(&first)).refused(401, "auth.session_ended");
    nobody.post("/auth/refresh", &renewal(&second)).refused(401, "auth.session_ended");
    nobody.post("/auth/refresh", &json!({"refreshToken": "invented"})).refused(401, "auth.session_ended");
}

fn logging_out(campus: &Campus) {
    let (user, email) = campus.add_user(&["TEACHER"]);
    let nobody = campus.anonymous();
    let session = nobody.post("/auth/login", &credentials(&email, PASSWORD)).expect(200);
    let client = nobody.clone().with_token(&text(&session["accessToken"]));
    let answer = client.send("POST", "/auth/logout", &[], None);
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    client.send("POST", "/auth/logout", &[], None).refused(401, "auth.session_ended");
    nobody.post("/auth/refresh", &renewal(&session)).refused(401, "auth.session_ended");
    let history: Vec<_> = campus.history(&user, 3).into_iter().map(|(name, _)| name).collect();
    assert_eq!(history, ["user.registered", "user.logged_in", "user.logged_out"]);
}

fn guessing(campus: &Campus) {
    let nobody = campus.anonymous();
    let guess = credentials("guessed@test.bookly.local", "wrong password");
    for _ in 0..5 {
        nobody.post("/auth/login", &guess).refused(401, "auth.login_refused");
    }
    let locked = nobody.post("/auth/login", &guess);
    let wait_s = locked.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
    assert!(wait_s.is_some_and(|seconds| (800..=900).contains(&seconds)), "{wait_s:?}");
    locked.refused(423, "auth.locked");
}

fn adding_users(campus: &Campus) {
    let administrator = &campus.administrator;
    let email = "New.Person@Test.Bookly.Local";
    let body = json!({"email": email, "name": " New person ", "password": PASSWORD, "roles": ["TEACHER"]});
    let added = administrator.post("/users", &body);
    assert_eq!(added.header("etag"), Some("\"1\""));
    let location = added.header("location").map(str::to_owned);
    let added = added.expect(201);
    assert_eq!(location, Some(format!("/api/v1/users/{}", id(&added))));
    assert_eq!((&added["email"], &added["name"]), (&json!(email.to_lowercase()), &json!("New person")));
    assert_eq!(administrator.get(&format!("/users/{}", id(&added))).expect(200), added);
    assert!(!added.to_string().contains("assword"), "{added}");
    administrator.post("/users", &body).refused(409, "user.email_taken");
    administrator.get("/users/00000000-0000-7000-8000-000000000000").refused(404, "not_found");

    let bad = json!({"email": "nowhere", "name": "", "password": "aaa", "roles": []});
    let expected = named(&[
        ("email", "field.email"),
        ("name", "field.length"),
        ("password", "field.password"),
        ("password", "field.password"),
    ]);
    assert_eq!(faults(administrator.post("/users", &bad), 422, "rules.broken"), expected);
    let dean = json!({"email": "a@b.c", "name": "A", "password": PASSWORD, "roles": ["DEAN"]});
    let refused = administrator.post("/users", &dean).refused(400, "body.malformed");
    assert!(text(&refused["detail"]).contains("GENERAL_ADMIN"), "the roles there are: {refused}");
}

fn listing_users(campus: &Campus) {
    let administrator = &campus.administrator;
    for (email, name) in
        [("p1@list.local", "Percent 100%"), ("p2@list.local", "Under_score"), ("p3@list.local", "Plain")]
    {
        let body = json!({"email": email, "name": name, "password": PASSWORD, "roles": ["STUDENT"]});
        administrator.post("/users", &body).expect(201);
    }
    let all = walk(administrator, "/users?limit=2", 3);
    let emails: Vec<_> = all.iter().map(|user| text(&user["email"])).collect();
    let expected =
        ["admin@bookly.local", "new.person@test.bookly.local", "p1@list.local", "p2@list.local", "p3@list.local"];
    assert_eq!(emails, expected);
    for (search, found) in [("%25", 1), ("_", 1), ("LIST.local", 3), ("nobody", 0), ("%5C", 0)] {
        let page = administrator.get(&format!("/users?search={search}")).expect(200);
        assert_eq!(items(&page).len(), found, "{search}");
    }
}

fn giving_roles(campus: &Campus) {
    let administrator = &campus.administrator;
    let (user, email) = campus.add_user(&["STUDENT"]);
    let before = campus.anonymous().log_in(&email, PASSWORD);
    let path = format!("/users/{user}/roles");
    let role = json!({"role": "PROGRAM_ADMIN"});
    administrator.send("POST", &path, &[("if-match", "\"1\"")], Some(&role)).refused(412, "version.stale");
    let given = administrator.post(&path, &role).expect(200);
    assert_eq!(given["roles"], json!(["STUDENT", "PROGRAM_ADMIN"]));
    assert_eq!(administrator.post(&path, &role).expect(200)["version"], given["version"], "nothing changes twice");
    before.get("/users").expect(200);
    let assigned = &campus.events_of(&user, 3)[2];
    assert_eq!(
        (&assigned["eventType"], &assigned["data"]["roleName"]),
        (&json!("role.assigned"), &json!("PROGRAM_ADMIN"))
    );
    administrator.post("/users/00000000-0000-7000-8000-000000000000/roles", &role).refused(404, "not_found");
}
