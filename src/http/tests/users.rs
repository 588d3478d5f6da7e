use actors::access::Role;
use serde_json::json;

use super::{Edge, PASSWORD};

const EMAIL: &str = "student@university.example";

#[actix_web::test]
async fn somebody_gets_an_account_logs_in_and_out() {
    let edge = Edge::new().await;
    let admin = edge.token(Role::GeneralAdmin).await;
    let body = json!({"email": EMAIL, "name": "A student", "password": PASSWORD, "roles": ["STUDENT"]});
    let user = edge.post("/api/v1/users", &body).bearer(&admin).send().await.expect(201);
    assert!(!user.text.contains(PASSWORD));
    edge.post("/api/v1/users", &body).bearer(&admin).send().await.refused(409, "user.email_taken");
    let credentials = json!({"email": EMAIL, "password": PASSWORD});
    let session = edge.post("/api/v1/auth/login", &credentials).send().await.expect(200).json();
    assert_eq!((&session["tokenType"], &session["user"]["email"]), (&json!("Bearer"), &json!(EMAIL)));
    let token = session["accessToken"].as_str().expect("a token");
    let me = edge.get("/api/v1/users/me").bearer(token).send().await.expect(200);
    assert_eq!(me.json()["id"], user.json()["id"]);
    edge.get("/api/v1/users").bearer(token).send().await.refused(403, "auth.forbidden");
    let renewal = json!({"refreshToken": session["refreshToken"]});
    let renewed = edge.post("/api/v1/auth/refresh", &renewal).send().await.expect(200).json();
    let token = renewed["accessToken"].as_str().expect("a token");
    edge.request(actix_web::http::Method::POST, "/api/v1/auth/logout").bearer(token).send().await.expect(204);
    let ended = edge.get("/api/v1/users/me").bearer(token).send().await;
    assert!(ended.header("www-authenticate").contains("invalid_token"));
    let problem = ended.refused(401, "auth.session_ended");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("log in again")), "{problem}");
    let renewal = json!({"refreshToken": renewed["refreshToken"]});
    edge.post("/api/v1/auth/refresh", &renewal).send().await.refused(401, "auth.session_ended");
}

#[actix_web::test]
async fn a_wrong_password_is_refused_and_at_last_locked() {
    let edge = Edge::new().await;
    let log_in = || edge.post("/api/v1/auth/login", &json!({"email": EMAIL, "password": "not the password"})).send();
    for _ in 0..5 {
        log_in().await.refused(401, "auth.login_refused");
    }
    let locked = log_in().await;
    assert!(locked.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    locked.refused(423, "auth.locked");
}

/// How often a family's values came from the cache, and how often from the database.
fn reads(edge: &Edge, family: &str) -> (u64, u64) {
    let statistics = edge.state().cache.statistics();
    let figures = statistics.families.iter().find(|figures| figures.family == family);
    figures.map_or((0, 0), |figures| (figures.hits, figures.misses))
}

#[actix_web::test]
async fn who_asks_is_read_from_the_database_once() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    for _ in 0..5 {
        edge.get("/api/v1/roles").bearer(&token).send().await.expect(200);
    }
    for family in ["auth:session", "auth:permissions", "auth:roles"] {
        assert_eq!(reads(&edge, family), (4, 1), "{family}");
    }
    let grant = json!({"permission": "reports:read"});
    edge.post("/api/v1/roles/STUDENT/permissions", &grant).bearer(&token).send().await.expect(200);
    edge.get("/api/v1/roles").bearer(&token).send().await.expect(200);
    assert_eq!(reads(&edge, "auth:session"), (6, 1), "of sessions nothing changed");
    assert_eq!(reads(&edge, "auth:permissions"), (5, 2));
    assert_eq!(reads(&edge, "auth:roles"), (4, 2));
}

#[actix_web::test]
async fn users_are_listed_and_shown() {
    let edge = Edge::new().await;
    let admin = edge.token(Role::GeneralAdmin).await;
    edge.token(Role::Teacher).await;
    let page = edge.get("/api/v1/users?limit=1").bearer(&admin).send().await.expect(200).json();
    let next = format!("/api/v1/users?limit=1&cursor={}", page["nextCursor"].as_str().expect("a next page"));
    let last = edge.get(&next).bearer(&admin).send().await.expect(200).json();
    assert_ne!(page["items"][0]["id"], last["items"][0]["id"]);
    let path = format!("/api/v1/users/{}", last["items"][0]["id"].as_str().expect("an id"));
    let user = edge.get(&path).bearer(&admin).send().await.expect(200);
    assert_eq!(user.json(), last["items"][0]);
    edge.post(&format!("{path}/roles"), &json!({"role": "SECURITY"}))
        .bearer(&admin)
        .header("if-match", "\"99\"")
        .send()
        .await
        .refused(412, "version.stale");
}
