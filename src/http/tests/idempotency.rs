use actix_web::http::Method;
use actors::access::Role;
use actors::database;
use actors::idempotency::{self, Key, Start};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Answer, Edge};
use crate::http::idempotency::fingerprint;

const RESOURCES: &str = "/api/v1/resources";

fn body(code: &str) -> Value {
    json!({"code": code, "name": "Room", "type": "CLASSROOM"})
}

async fn create(edge: &Edge, token: &str, key: &str, code: &str) -> Answer {
    edge.post(RESOURCES, &body(code)).bearer(token).header("idempotency-key", key).send().await
}

async fn count(edge: &Edge, token: &str) -> usize {
    let list: Value = edge.get(RESOURCES).bearer(token).send().await.expect(200).json();
    list["items"].as_array().map_or(0, Vec::len)
}

#[actix_web::test]
async fn a_repeated_request_is_answered_and_not_repeated() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    let first = create(&edge, &token, "k-1", "A1").await.expect(201);
    let again = create(&edge, &token, "k-1", "A1").await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.text, again.text);
    for name in ["etag", "location", "content-type"] {
        assert_eq!(first.header(name), again.header(name), "{name}");
    }
    assert_eq!(count(&edge, &token).await, 1);
}

#[actix_web::test]
async fn a_lasting_refusal_is_repeated_too() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    create(&edge, &token, "k-1", "").await.refused(422, "rules.broken");
    let again = create(&edge, &token, "k-1", "").await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    again.expect(422);
}

#[actix_web::test]
async fn a_key_is_for_one_request_of_one_caller() {
    let edge = Edge::new().await;
    let (admin, staff) = (edge.token(Role::GeneralAdmin).await, edge.token(Role::AdministrativeStaff).await);
    create(&edge, &admin, "k-1", "A1").await.expect(201);
    create(&edge, &admin, "k-1", "A2").await.refused(422, "idempotency.mismatch");
    create(&edge, &staff, "k-1", "A2").await.expect(201);
    create(&edge, &admin, &"k".repeat(256), "A3").await.refused(400, "header.invalid");
    create(&edge, &admin, "with space", "A3").await.refused(400, "header.invalid");
}

#[actix_web::test]
async fn a_refusal_that_may_pass_frees_the_key() {
    let edge = Edge::new().await;
    let (admin, student) = (edge.token(Role::GeneralAdmin).await, edge.token(Role::Student).await);
    create(&edge, &student, "k-1", "A1").await.refused(403, "auth.forbidden");
    // The same caller, who has become an administrator since: nothing was stored for the refusal.
    let me = edge.get("/api/v1/users/me").bearer(&student).send().await.expect(200).json();
    let roles = format!("/api/v1/users/{}/roles", me["id"].as_str().expect("an id"));
    edge.post(&roles, &json!({"role": "GENERAL_ADMIN"})).bearer(&admin).send().await.expect(200);
    let body = json!({"email": me["email"], "password": super::PASSWORD});
    let session = edge.post("/api/v1/auth/login", &body).send().await.expect(200).json();
    create(&edge, session["accessToken"].as_str().expect("a token"), "k-1", "A1").await.expect(201);
}

#[actix_web::test]
async fn a_request_in_progress_is_not_begun_twice_until_it_counts_as_broken_off() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    let me = edge.get("/api/v1/users/me").bearer(&token).send().await.expect(200).json();
    let caller_id = me["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    edge.room(&token, "A1").await;
    // What a crash between the change and its note leaves behind: the row without an answer.
    let body = serde_json::to_vec(&body("A1")).expect("JSON");
    let fingerprint = fingerprint(&Method::POST, RESOURCES, "", &body);
    let (key, now) = (Key { caller_id, key: "k-1".to_owned() }, edge.clock().now());
    let start: Result<Start, database::Error> =
        edge.state().database.write(move |transaction| idempotency::start(transaction, &key, &fingerprint, now)).await;
    assert_eq!(start.expect("starts"), Start::Fresh);
    let answer = create(&edge, &token, "k-1", "A1").await;
    assert_eq!(answer.header("retry-after"), "1");
    answer.refused(409, "idempotency.in_progress");
    edge.clock().advance(TimeDelta::seconds(61));
    create(&edge, &token, "k-1", "A1").await.refused(409, "resource.code_taken");
}
