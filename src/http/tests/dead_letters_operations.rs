//! Operators and dead letters, over HTTP.

use actors::access::Role;
use actors::clock::Ids;
use actors::dead_letters::{EventRef, Parcel, Reason, park};
use amqp::{Envelope, catalogue};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Edge;

const PATH: &str = "/api/v1/admin/dead-letters";

fn example() -> Envelope {
    catalogue::find("resource.created").expect("in the catalogue").example_envelope()
}

/// Parks so many resource.created, each of an aggregate of its own, that failed for good.
async fn park_some(edge: &Edge, count: u128) -> Vec<Uuid> {
    let now = edge.clock().now();
    let work = move |transaction: &mut actors::database::Transaction<'_>| {
        let parcel = |number: u128| {
            let (event_id, aggregate_id) = (Uuid::from_u128(number), Uuid::from_u128(number << 64));
            let envelope = Envelope { event_id, aggregate_id, ..example() };
            Parcel {
                consumer: "availability".to_owned(),
                event: Some(EventRef::of(&envelope)),
                label: None,
                bytes: envelope.to_bytes().expect("bytes"),
                reason: Reason::Failed,
                error: format!("no room number {number}"),
                attempts: Vec::new(),
                failures: 3,
                due_at: None,
            }
        };
        (1..=count).map(|number| park(transaction, &parcel(number), &Ids, now)).collect()
    };
    let parked: Result<Vec<Uuid>, actors::database::Error> = edge.state().database.write(work).await;
    parked.expect("parked")
}

async fn until(edge: &Edge, token: &str, path: &str, state: &str) -> Value {
    loop {
        let found = edge.get(path).bearer(token).send().await.expect(200).json();
        if found["state"] == state {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn only_operators_see_dead_letters() {
    let edge = Edge::new().await;
    edge.get(PATH).send().await.refused(401, "auth.unauthenticated");
    let token = edge.token(Role::ProgramAdmin).await;
    edge.get(PATH).bearer(&token).send().await.refused(403, "auth.forbidden");
    let retry = format!("{PATH}/retry");
    edge.post(&retry, &json!({"filter": {}})).bearer(&token).send().await.refused(403, "auth.forbidden");
}

#[actix_web::test]
async fn they_are_listed_grouped_counted_and_shown() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    let ids = park_some(&edge, 3).await;
    let get = async |path: &str| edge.get(&format!("{PATH}{path}")).bearer(&token).send().await;
    let page = get("?limit=2&state=failed&consumer=availability").await.expect(200).json();
    assert_eq!(page["items"][0]["id"], json!(ids[2]));
    let cursor = page["nextCursor"].as_str().expect("another page");
    let last = get(&format!("?limit=2&cursor={cursor}")).await.expect(200).json();
    assert_eq!((last["items"][0]["id"].clone(), last["nextCursor"].clone()), (json!(ids[0]), Value::Null));
    get("?state=lost").await.refused(400, "query.invalid");
    let groups = get("/groups").await.expect(200).json();
    assert_eq!((groups["items"].as_array().map(Vec::len), &groups["items"][0]["count"]), (Some(1), &json!(3)));
    let stats = get("/stats").await.expect(200).json();
    assert_eq!((&stats["byState"]["failed"], &stats["byConsumer"]["availability"]), (&json!(3), &json!(3)));
    let one = get(&format!("/{}", ids[0])).await.expect(200).json();
    assert_eq!((&one["reason"], &one["message"]["encoding"]), (&json!("failed"), &json!("text")));
    let message: Value = serde_json::from_str(one["message"]["content"].as_str().expect("text")).expect("JSON");
    assert_eq!(message["eventType"], "resource.created");
    get(&format!("/{}", Uuid::nil())).await.refused(404, "not_found");
}

#[actix_web::test]
async fn one_is_retried_with_another_payload() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    let id = park_some(&edge, 1).await[0];
    let path = format!("{PATH}/{id}/retry");
    let send = async |body: Value| edge.post(&path, &body).bearer(&token).send().await;
    let problem = send(json!({"data": {"code": "A"}})).await.refused(422, "rules.broken");
    assert_eq!(problem["errors"][0]["field"], "data");
    send(json!({"daat": {}})).await.refused(400, "body.malformed");
    let mut data = example().data;
    data["name"] = "Another name".into();
    assert_eq!(send(json!({ "data": data })).await.expect(200).json()["edited"], true);
    let done = until(&edge, &token, &format!("{PATH}/{id}"), "resolved").await;
    assert!(done["editedMessage"]["content"].as_str().expect("text").contains("Another name"));
    assert_eq!(done["operations"][0]["operation"], "retry");
    assert!(done["operations"][0]["actor"].is_string());
    send(json!({})).await.refused(409, "dead_letter.state");
}

#[actix_web::test]
async fn a_repeated_request_is_one_operation() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    let ids = park_some(&edge, 2).await;
    let resolve = format!("{PATH}/{}/resolve", ids[0]);
    edge.post(&resolve, &json!({"reason": ""})).bearer(&token).send().await.refused(422, "rules.broken");
    for _ in 0..2 {
        let body = json!({"reason": "entered by hand"});
        let answer = edge.post(&resolve, &body).bearer(&token).header("idempotency-key", "k").send().await;
        assert_eq!(answer.expect(200).json()["resolution"], "resolved: entered by hand");
    }
    let operations = edge.get(&format!("{PATH}/{}", ids[0])).bearer(&token).send().await.expect(200).json();
    assert_eq!(operations["operations"].as_array().map(Vec::len), Some(1));
    let discard = format!("{PATH}/{}/discard", ids[1]);
    let sent = edge.request(actix_web::http::Method::POST, &discard).bearer(&token).send().await;
    assert_eq!(sent.expect(200).json()["resolution"], "discarded");
}

#[actix_web::test]
async fn many_are_retried_at_once() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    park_some(&edge, 5).await;
    let path = format!("{PATH}/retry");
    let bad = json!({"filter": {"state": "resolved"}, "perSecond": 0});
    let problem = edge.post(&path, &bad).bearer(&token).send().await.refused(422, "rules.broken");
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2));
    edge.post(&path, &json!({})).bearer(&token).send().await.refused(400, "body.malformed");
    let body = json!({"filter": {"consumer": "availability"}, "perSecond": 1000});
    let begun = edge.post(&path, &body).bearer(&token).send().await.expect(202);
    let location = begun.header("location").to_owned();
    let begun = begun.json();
    assert_eq!((&begun["matched"], &begun["state"]), (&json!(5), &json!("canary")));
    // The rate is by the clock of the installation, which stands still here until it is moved.
    loop {
        edge.clock().advance(chrono::TimeDelta::seconds(1));
        let bulk = edge.get(&location).bearer(&token).send().await.expect(200).json();
        if bulk["state"] == "done" {
            assert_eq!((&bulk["retried"], &bulk["resolved"]), (&json!(5), &json!(5)));
            return;
        }
        tokio::task::yield_now().await;
    }
}
