use actix_web::http::Method;
use actors::access::Role;
use futures_util::future::{join, join_all};
use serde_json::json;
use uuid::Uuid;

use super::Edge;

#[actix_web::test]
async fn every_answer_carries_its_marks_and_security_headers() {
    let edge = Edge::new().await;
    let id = Uuid::from_u128(7).to_string();
    for path in ["/api/v1/health/live", "/health/live", "/api/v1/nothing", "/api/v1/resources", "/docs"] {
        let answer = edge.get(path).header("x-correlation-id", &id).send().await;
        assert_eq!(answer.header("x-correlation-id"), id, "{path}");
        assert_eq!(
            (answer.header("x-content-type-options"), answer.header("cache-control")),
            ("nosniff", "no-store"),
            "{path}"
        );
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
    }
    let given = edge.get("/health/live").header("x-correlation-id", "not a uuid").send().await;
    assert!(given.header("x-correlation-id").parse::<Uuid>().is_ok());
}

#[actix_web::test]
async fn events_tell_what_happened_in_order_and_for_whom() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let correlation = Uuid::from_u128(9).to_string();
    let body = json!({"code": "A1", "name": "Room", "type": "CLASSROOM"});
    let send = edge.post("/api/v1/resources", &body).bearer(&token);
    let room =
        send.header("traceparent", trace).header("x-correlation-id", &correlation).send().await.expect(201).json();
    edge.room(&token, "A2").await;
    let list = |query: String| edge.get(&format!("/api/v1/events?{query}")).bearer(&token).send();
    let first = list("type=resource.created&limit=1".into()).await.expect(200).json();
    let event = &first["items"][0];
    assert_eq!((&event["aggregateId"], &event["eventType"]), (&room["id"], &json!("resource.created")));
    assert_eq!(
        (&event["metadata"]["correlationId"], &event["metadata"]["traceparent"]),
        (&json!(correlation), &json!(trace))
    );
    let cursor = first["nextCursor"].as_str().expect("a next page").to_owned();
    let second = list(format!("type=resource.created&limit=1&cursor={cursor}")).await.expect(200).json();
    assert_eq!(second["items"][0]["data"]["code"], "A2");
    let behind = list(format!("after={}", second["items"][0]["position"])).await.expect(200).json();
    assert_eq!(behind, json!({"items": [], "nextCursor": null}));
    let of_one = list(format!("aggregateId={}", room["id"].as_str().expect("an id"))).await.expect(200).json();
    assert_eq!(of_one["items"].as_array().map(Vec::len), Some(1));
    list("type=resource.invented".into()).await.refused(400, "query.invalid");
}

#[actix_web::test]
async fn readiness_is_the_worst_of_the_parts() {
    let edge = Edge::new().await;
    // The tree starts on a thread of its own.
    let ready = loop {
        let answer = edge.get("/health/ready").send().await;
        if answer.status.as_u16() == 200 {
            break answer.json();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(ready["status"], "ready");
    assert_eq!(ready["parts"]["cache"], json!({"status": "ready", "detail": "in-process"}));
    let parts = ready["parts"].as_object().expect("parts");
    assert_eq!(parts.keys().collect::<Vec<_>>(), ["database", "bus", "cache", "actors"]);
    edge.running().stop().await;
    let unready = edge.get("/api/v1/health/ready").send().await.expect(503).json();
    assert_eq!((&unready["status"], &unready["parts"]["actors"]["status"]), (&json!("unready"), &json!("unready")));
    edge.get("/api/v1/health/live").send().await.expect(200);
}

#[actix_web::test]
async fn a_database_that_hangs_makes_unready_within_a_second() {
    let edge = Edge::new().await;
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    // More than the database has readers.
    let hanging = (0..16).map(|_| {
        let wait = wait.clone();
        edge.state().database.read(move |_| {
            let _ = wait.lock().expect("not poisoned").recv();
            Ok::<(), actors::database::Error>(())
        })
    });
    let asked = async {
        let began = std::time::Instant::now();
        let unready = edge.get("/health/ready").send().await.expect(503).json();
        assert!(began.elapsed() < std::time::Duration::from_secs(3));
        assert_eq!(unready["parts"]["database"]["status"], "unready");
        drop(release);
    };
    let (read, ()) = join(join_all(hanging), asked).await;
    assert!(read.into_iter().all(|one| one.is_ok()));
}

#[actix_web::test]
async fn the_operator_sees_the_tree_and_restarts_its_parts() {
    let edge = Edge::new().await;
    let (admin, teacher) = (edge.token(Role::GeneralAdmin).await, edge.token(Role::Teacher).await);
    edge.get("/api/v1/admin/actors").bearer(&teacher).send().await.refused(403, "auth.forbidden");
    let tree = edge.get("/api/v1/admin/actors").bearer(&admin).send().await.expect(200).json();
    assert_eq!(tree["children"][1]["path"], "bookly/resources");
    for path in ["bookly/resources", "bookly%2Fresources"] {
        let path = format!("/api/v1/admin/actors/{path}/restart");
        edge.request(Method::POST, &path).bearer(&admin).send().await.expect(204);
    }
    let tree = edge.get("/api/v1/admin/actors").bearer(&admin).send().await.expect(200).json();
    assert_eq!(tree["children"][1]["restart_count"], 2);
    let unknown = edge.request(Method::POST, "/api/v1/admin/actors/bookly/nobody/restart").bearer(&admin).send().await;
    unknown.refused(404, "not_found");
}
