use actix_web::http::Method;
use actors::access::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Edge;

const RESOURCES: &str = "/api/v1/resources";

fn one(id: &Value) -> String {
    format!("{RESOURCES}/{}", id.as_str().expect("an id"))
}

#[actix_web::test]
async fn a_resource_is_created_read_changed_and_deleted() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    let body = json!({"code": "SA401", "name": "Room", "type": "CLASSROOM", "location": {"building": "A"}});
    let created = edge.post(RESOURCES, &body).bearer(&token).send().await.expect(201);
    let path = one(&created.json()["id"]);
    assert_eq!((created.header("location"), created.header("etag")), (path.as_str(), "\"1\""));
    let read = edge.get(&path).bearer(&token).send().await.expect(200);
    assert_eq!((read.json(), read.header("etag")), (created.json(), "\"1\""));
    let changed =
        edge.patch(&path, &json!({"capacity": 40})).bearer(&token).header("if-match", "\"1\"").send().await.expect(200);
    assert_eq!((&changed.json()["capacity"], changed.header("etag")), (&json!(40), "\"2\""));
    let status = json!({"status": "MAINTENANCE", "reason": "paint"});
    let closed = edge.patch(&format!("{path}/status"), &status).bearer(&token).send().await.expect(200);
    assert_eq!(closed.json()["status"], "MAINTENANCE");
    edge.request(Method::DELETE, &format!("{path}?reason=gone")).bearer(&token).send().await.expect(204);
    edge.get(&path).bearer(&token).send().await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_stale_change_is_refused_and_an_unchanged_answer_is_not_sent() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    let path = one(&edge.room(&token, "A1").await["id"]);
    let change = || edge.patch(&path, &json!({"capacity": 40})).bearer(&token);
    let problem = change().header("if-match", "\"7\"").send().await.refused(412, "version.stale");
    assert_eq!(problem["currentVersion"], 1);
    change().header("if-match", "7").send().await.refused(400, "header.invalid");
    change().header("if-match", "*").send().await.expect(200);
    let unchanged = edge.get(&path).bearer(&token).header("if-none-match", "\"2\"").send().await.expect(304);
    assert_eq!((unchanged.text.as_str(), unchanged.header("etag")), ("", "\"2\""));
    edge.get(&path).bearer(&token).header("if-none-match", "\"1\"").send().await.expect(200);
}

#[actix_web::test]
async fn lists_come_in_pages_and_know_their_filters() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    for code in ["A1", "A2", "B1"] {
        edge.room(&token, code).await;
    }
    let list = |query: String| edge.get(&format!("{RESOURCES}?{query}")).bearer(&token).send();
    let first = list("limit=2".into()).await.expect(200).json();
    let cursor = first["nextCursor"].as_str().expect("a next page");
    let last = list(format!("limit=2&cursor={cursor}")).await.expect(200).json();
    let codes = |page: &Value| {
        page["items"].as_array().expect("items").iter().map(|item| item["code"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((codes(&first), codes(&last)), (vec![json!("A1"), json!("A2")], vec![json!("B1")]));
    assert_eq!(last["nextCursor"], Value::Null);
    assert_eq!(codes(&list("search=b1".into()).await.expect(200).json()), ["B1"]);
    for wrong in ["limit=0", "limit=201", "cursor=abc", "type=CAVE", "serach=b1"] {
        list(wrong.into()).await.refused(400, "query.invalid");
    }
}

#[actix_web::test]
async fn a_body_that_is_wrong_is_told_all_that_is_wrong() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    let send = |body: Value| edge.post(RESOURCES, &body).bearer(&token).send();
    let problem = send(json!({"code": 1, "nmae": "x", "type": "CLASSROOM"})).await.refused(400, "body.malformed");
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(3), "{problem}");
    let problem =
        send(json!({"code": "", "name": "x".repeat(300), "type": "CLASSROOM"})).await.refused(422, "rules.broken");
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2), "{problem}");
    edge.room(&token, "A1").await;
    send(json!({"code": "A1", "name": "x", "type": "CLASSROOM"})).await.refused(409, "resource.code_taken");
    let raw = |media_type: &str, text: String| {
        edge.request(Method::POST, RESOURCES).bearer(&token).header("content-type", media_type).body(text).send()
    };
    let problem = raw("application/json", "{\"code\"".into()).await.refused(400, "body.malformed");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("line 1 column 7")), "{problem}");
    raw("text/plain", "{}".into()).await.refused(415, "body.type");
    raw("application/json", " ".repeat(1024 * 1024 + 1)).await.refused(413, "body.too_large");
}

#[actix_web::test]
async fn who_may_not_is_told_what_is_missing() {
    let edge = Edge::new().await;
    let student = edge.token(Role::Student).await;
    let body = json!({"code": "A1", "name": "x", "type": "CLASSROOM"});
    let answer = edge.post(RESOURCES, &body).send().await;
    assert!(answer.header("www-authenticate").starts_with("Bearer realm="));
    answer.refused(401, "auth.unauthenticated");
    let answer = edge.post(RESOURCES, &body).bearer("x.y.z").send().await;
    assert!(answer.header("www-authenticate").contains("invalid_token"));
    answer.refused(401, "auth.unauthenticated");
    let answer = edge.post(RESOURCES, &body).bearer(&student).send().await;
    assert!(answer.header("www-authenticate").contains("scope=\"resources:write\""));
    assert_eq!(answer.refused(403, "auth.forbidden")["permission"], "resources:write");
    edge.get(RESOURCES).bearer(&student).send().await.expect(200);
    edge.clock().advance(chrono::TimeDelta::hours(1));
    edge.get(RESOURCES).bearer(&student).send().await.refused(401, "auth.unauthenticated");
}

#[actix_web::test]
async fn wrong_paths_and_methods_are_told_apart() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    edge.get("/api/v1/nothing").send().await.refused(404, "path.unknown");
    edge.get(&format!("{RESOURCES}/abc")).bearer(&token).send().await.refused(404, "not_found");
    edge.get(&format!("{RESOURCES}/{}", Uuid::nil())).bearer(&token).send().await.refused(404, "not_found");
    let answer = edge.request(Method::PUT, RESOURCES).send().await;
    assert_eq!(answer.header("allow"), "GET, HEAD, POST");
    answer.refused(405, "method.not_allowed");
    edge.request(Method::HEAD, RESOURCES).bearer(&token).send().await.expect(200);
}

#[actix_web::test]
async fn rules_are_replaced_and_none_is_ignored() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    let path = format!("{}/rules", one(&edge.room(&token, "A1").await["id"]));
    let read = edge.get(&path).bearer(&token).send().await.expect(200);
    let mut rules = read.json();
    rules["maxBookingDurationMinutes"] = json!(60);
    let put = |rules: &Value| {
        edge.request(Method::PUT, &path).json(rules).bearer(&token).header("if-match", read.header("etag")).send()
    };
    let set = put(&rules).await.expect(200);
    rules.as_object_mut().expect("an object").retain(|field, _| !["openingHours", "inForce"].contains(&field.as_str()));
    assert_eq!((set.json(), set.header("etag")), (rules.clone(), "\"2\""));
    rules["maxBookingDurationMinuets"] = json!(60);
    put(&rules).await.refused(400, "body.malformed");
}

#[actix_web::test]
async fn categories_are_kept_in_order_and_given_to_resources() {
    let edge = Edge::new().await;
    let token = edge.token(Role::GeneralAdmin).await;
    let add = |name: &str| edge.post("/api/v1/categories", &json!({"name": name})).bearer(&token).send();
    let labs = add("Labs").await.expect(201).json();
    add("Halls").await.expect(201);
    add("Labs").await.refused(409, "category.name_taken");
    let page = edge.get("/api/v1/categories?limit=1").bearer(&token).send().await.expect(200).json();
    assert_eq!(page["items"][0]["name"], "Halls");
    let next = format!("/api/v1/categories?limit=1&cursor={}", page["nextCursor"].as_str().expect("a next page"));
    let page = edge.get(&next).bearer(&token).send().await.expect(200).json();
    assert_eq!((&page["items"][0]["name"], &page["nextCursor"]), (&json!("Labs"), &Value::Null));
    let room = one(&edge.room(&token, "A1").await["id"]);
    let sorted =
        edge.patch(&format!("{room}/category"), &json!({"categoryId": labs["id"]})).bearer(&token).send().await;
    assert_eq!(sorted.expect(200).json()["categoryId"], labs["id"]);
    let category = format!("/api/v1/categories/{}", labs["id"].as_str().expect("an id"));
    let edited = edge.patch(&category, &json!({"name": "Laboratories"})).bearer(&token).send().await.expect(200);
    assert_eq!(edited.header("etag"), "\"2\"");
}
