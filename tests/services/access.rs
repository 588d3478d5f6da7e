//! What ends a session, and what gives a permission: it counts at once for tokens that were given out before.

use serde_json::{Value, json};

use super::campus::{Campus, PASSWORD, id, items, text};
use crate::harness::{Client, on_each_engine};

on_each_engine! {
    a_logout_ends_the_access_token_at_once(engine) {
        let campus = Campus::start(engine);
        let (_, email) = campus.add_user(&["TEACHER"]);
        let session = Session::of(&campus, &email);
        let other = Session::of(&campus, &email);
        for _ in 0..3 {
            session.client.get("/users/me").expect(200);
        }
        session.client.send("POST", "/auth/logout", &[], None).expect(204);
        session.is_over();
        other.client.get("/users/me").expect(200);
        // The refresh token is void as well, and a new login begins another session.
        renew(&campus, &session.tokens).refused(401, "auth.session_ended");
        Session::of(&campus, &email).client.get("/users/me").expect(200);
        session.is_over();
        campus.check();
    }

    a_stolen_refresh_token_ends_the_access_tokens_of_its_session_at_once(engine) {
        let campus = Campus::start(engine);
        let (user, email) = campus.add_user(&["TEACHER"]);
        let stolen = Session::of(&campus, &email);
        let other = Session::of(&campus, &email);
        let renewed = renew(&campus, &stolen.tokens).expect(200);
        let renewed = Session::with(&campus, renewed);
        for session in [&stolen, &renewed, &other] {
            session.client.get("/users/me").expect(200);
        }
        renew(&campus, &stolen.tokens).refused(401, "auth.session_ended");
        stolen.is_over();
        renewed.is_over();
        other.client.get("/users/me").expect(200);
        let events = campus.events_of(&user, 4);
        assert_eq!(events[3]["eventType"], "user.logged_out");
        assert!(events[3]["data"]["sessionId"].is_string(), "{}", events[3]);
        campus.check();
    }

    a_role_counts_without_a_new_token(engine) {
        let campus = Campus::start(engine);
        let (user, email) = campus.add_user(&["STUDENT"]);
        let client = Session::of(&campus, &email).client;
        client.get("/users").refused(403, "auth.forbidden");
        campus.administrator.post(&format!("/users/{user}/roles"), &json!({"role": "PROGRAM_ADMIN"})).expect(200);
        client.get("/users").expect(200);
        campus.check();
    }

    a_permission_counts_for_its_user_at_once(engine) {
        let campus = Campus::start(engine);
        let (user, email) = campus.add_user(&["STUDENT"]);
        let (client, neighbour) = (Session::of(&campus, &email).client, campus.member("STUDENT"));
        let path = format!("/users/{user}/permissions");
        giving_to_a_user(&campus, &client, &path);
        neighbour.get("/users").refused(403, "auth.forbidden");
        let event = &campus.events_of(&user, 3)[2];
        assert_eq!((&event["eventType"], &event["aggregateType"]), (&json!("permission.granted"), &json!("User")));
        assert_eq!(event["data"]["grantedBy"], json!(campus.administrator.user_id()));
        campus.check();
    }

    a_permission_of_a_role_counts_for_its_holders_at_once(engine) {
        let campus = Campus::start(engine);
        let students = [campus.member("STUDENT"), campus.member("STUDENT")];
        let teacher = campus.member("TEACHER");
        giving_to_a_role(&campus, &students);
        teacher.get("/users").refused(403, "auth.forbidden");
        campus.member("STUDENT").get("/users").expect(200);
        campus.check();
    }

    whoever_may_not_give_is_refused(engine) {
        let campus = Campus::start(engine);
        let staff = campus.member("PROGRAM_ADMIN");
        assert_eq!(items(&staff.get("/roles").expect(200)).len(), 6);
        let grant = json!({"permission": "users:write"});
        staff.post(&format!("/users/{}/permissions", staff.user_id()), &grant).refused(403, "auth.forbidden");
        staff.post("/roles/PROGRAM_ADMIN/permissions", &grant).refused(403, "auth.forbidden");
        campus.member("STUDENT").get("/roles").refused(403, "auth.forbidden");
    }
}

/// A login session.
struct Session {
    client: Client,
    tokens: Value,
}

impl Session {
    fn of(campus: &Campus, email: &str) -> Self {
        let credentials = json!({"email": email, "password": PASSWORD});
        Self::with(campus, campus.anonymous().post("/auth/login", &credentials).expect(200))
    }

    fn with(campus: &Campus, tokens: Value) -> Self {
        Self { client: campus.anonymous().with_token(&text(&tokens["accessToken"])), tokens }
    }

    /// Its access token, which has not expired, is refused.
    #[track_caller]
    fn is_over(&self) {
        for path in ["/users/me", "/resources"] {
            let answer = self.client.get(path);
            let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
            let problem = answer.refused(401, "auth.session_ended");
            assert!(text(&problem["detail"]).contains("log in again"), "{problem}");
        }
    }
}

fn renew(campus: &Campus, tokens: &Value) -> crate::harness::Answer {
    campus.anonymous().post("/auth/refresh", &json!({"refreshToken": tokens["refreshToken"]}))
}

fn giving_to_a_user(campus: &Campus, client: &Client, path: &str) {
    let administrator = &campus.administrator;
    let grant = json!({"permission": "users:read"});
    client.get("/users").refused(403, "auth.forbidden");
    administrator.send("POST", path, &[("if-match", "\"1\"")], Some(&grant)).refused(412, "version.stale");
    let given = administrator.post(path, &grant).expect(200);
    assert_eq!(given["permissions"], json!(["users:read"]));
    client.get("/users").expect(200);
    assert_eq!(administrator.post(path, &grant).expect(200), given, "nothing changes twice");
    unknown(administrator, path);
    administrator.post("/users/00000000-0000-7000-8000-000000000000/permissions", &grant).refused(404, "not_found");
}

/// A permission that there is not is refused with those that there are.
fn unknown(administrator: &Client, path: &str) {
    let problem = administrator.post(path, &json!({"permission": "resources:paint"})).refused(422, "rules.broken");
    let fault = &problem["errors"][0];
    assert_eq!((&fault["code"], &fault["field"]), (&json!("field.permission"), &json!("permission")));
    let message = text(&fault["message"]);
    assert!(["resources:write", "users:read", "operate"].iter().all(|name| message.contains(name)), "{message}");
}

fn giving_to_a_role(campus: &Campus, students: &[Client]) {
    let administrator = &campus.administrator;
    let student = || {
        let roles = items(&administrator.get("/roles").expect(200));
        assert_eq!(roles.len(), 6);
        roles.into_iter().find(|role| role["name"] == "STUDENT").expect("the role")
    };
    let before = student();
    assert_eq!(
        (&before["version"], &before["permissions"]),
        (&json!(0), &json!(["resources:read", "reservations:write"]))
    );
    for client in students {
        client.get("/users").refused(403, "auth.forbidden");
    }
    let grant = json!({"permission": "users:read"});
    let path = format!("/roles/{}/permissions", id(&before));
    administrator.send("POST", &path, &[("if-match", "\"7\"")], Some(&grant)).refused(412, "version.stale");
    let given = administrator.post(&path, &grant).expect(200);
    assert_eq!(given["permissions"], json!(["resources:read", "reservations:write", "users:read"]));
    for client in students {
        client.get("/users").expect(200);
    }
    assert_eq!(student(), given, "the list is the new one at once");
    assert_eq!(administrator.post("/roles/student/permissions", &grant).expect(200), given, "nothing changes twice");
    unknown(administrator, &path);
    administrator.post("/roles/DEAN/permissions", &grant).refused(404, "not_found");
    let events = campus.events_of(&id(&before), 1);
    assert_eq!((events.len(), &events[0]["aggregateType"]), (1, &json!("Role")));
    assert_eq!((&events[0]["eventType"], &events[0]["version"]), (&json!("permission.granted"), &json!(1)));
}
