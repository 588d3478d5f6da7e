//! Tests of the edge as a whole, over a real database and supervised actors.

mod contract;
mod dead_letters_operations;
mod idempotency;
mod operation;
mod resources;
mod server;
mod users;

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::Data;
use actors::access::{Caller, Role};
use actors::auth::{AddUser, Auth, LogIn, Tokens};
use actors::availability::Availability;
use actors::cache::{Cache, CacheClient};
use actors::clock::Clock;
use actors::database::{Database, Location};
use actors::dead_letters::{self, DeadLetters, Replayed};
use actors::imports::{Imports, Workplace};
use actors::reports::Reports;
use actors::resources::Resources;
use actors::service::{Campus, Request};
use actors::supervision::{Running, child, supervisor};
use amqp::Transport;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::documents::Documents;
use super::health::Probe;
use super::server::app;
use super::state::{HttpState, Services};
use super::table;

const PASSWORD: &str = "correct horse battery";

/// The edge over services of its own.
pub struct Edge {
    state: HttpState,
    clock: Clock,
    _directory: tempfile::TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// The answer, which must be a problem of this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["correlationId"], answer.header("x-correlation-id"));
        problem
    }
}

impl Edge {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let database = Database::open(Location::Sqlite(directory.path().join("bookly.db"))).expect("opens");
        let clock = Clock::manual("2026-03-02T08:00:00Z".parse::<DateTime<Utc>>().expect("an instant"));
        let campus = Campus {
            database: database.clone(),
            cache: CacheClient::in_process(),
            clock: clock.clone(),
            time_zone: chrono_tz::America::Bogota,
        };
        let cache = campus.cache.clone();
        database.invalidates(cache.clone());
        let tokens = Tokens::load(&database).await.expect("a key");
        let (services, running) = services(&campus, &tokens);
        let probe = Probe::new(database.clone(), Transport::in_process(&[]));
        let time_zone = campus.time_zone;
        let state = HttpState { services, running, database, tokens, clock: clock.clone(), time_zone, cache, probe };
        Self { state, clock, _directory: directory }
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub fn running(&self) -> &Running {
        &self.state.running
    }

    pub fn state(&self) -> &HttpState {
        &self.state
    }

    /// An access token of a new user with this role.
    pub async fn token(&self, role: Role) -> String {
        let email = format!("{}@university.example", Uuid::new_v5(&role.id(), b"email").simple());
        let user = AddUser {
            email: email.clone(),
            name: role.name().to_owned(),
            password: PASSWORD.into(),
            roles: [role].into(),
        };
        let caller = Caller::operator(Uuid::nil());
        let added = self.state.services.auth.send(Request { caller: caller.clone(), command: user }).await;
        added.expect("answers").expect("is added");
        let log_in = LogIn { email, password: PASSWORD.into(), ip: None, user_agent: None };
        let logged_in = self.state.services.auth.send(Request { caller, command: log_in }).await;
        logged_in.expect("answers").expect("logs in").access_token.expose().to_owned()
    }

    pub fn request(&self, method: Method, path: &str) -> Sending<'_> {
        Sending { edge: self, request: TestRequest::default().method(method).uri(path) }
    }

    pub fn get(&self, path: &str) -> Sending<'_> {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: &Value) -> Sending<'_> {
        self.request(Method::POST, path).json(body)
    }

    pub fn patch(&self, path: &str, body: &Value) -> Sending<'_> {
        self.request(Method::PATCH, path).json(body)
    }

    /// A new classroom, by its answer.
    pub async fn room(&self, token: &str, code: &str) -> Value {
        let body = json!({"code": code, "name": format!("Room {code}"), "type": "CLASSROOM", "capacity": 30});
        self.post("/api/v1/resources", &body).bearer(token).send().await.expect(201).json()
    }
}

/// Every service, supervised.
fn services(campus: &Campus, tokens: &Tokens) -> (Services, Running) {
    let (shared, signing) = (campus.clone(), tokens.clone());
    let (auth, auth_child) = child("auth", move |_| Ok(Auth::new(shared.clone(), signing.clone()))).build();
    let shared = campus.clone();
    let (resources, resources_child) = child("resources", move |_| Ok(Resources::new(shared.clone()))).build();
    let shared = campus.clone();
    let (availability, availability_child) =
        child("availability", move |_| Ok(Availability::new(shared.clone()))).build();
    let shared = campus.clone();
    let (reports, reports_child) = child("reports", move |_| Ok(Reports::new(shared.clone()))).build();
    let (shared, workplace) =
        (campus.clone(), Workplace { resources: resources.clone(), availability: availability.clone() });
    let (imports, imports_child) =
        child("imports", move |_| Ok(Imports::new(shared.clone(), workplace.clone(), Uuid::nil()))).build();
    let shared = campus.clone();
    let (dead_letters, dead_letters_child) = child("dead-letters", move |life| {
        let replay: dead_letters::Replay = Arc::new(|_| Box::pin(async { Ok(Replayed::Now) }));
        Ok(DeadLetters::new(shared.clone(), Arc::default(), replay, dead_letters::wakeup(), life.clone()))
    })
    .build();
    let shared = campus.clone();
    let (cache, cache_child) =
        child("cache", move |life| Ok(Cache::new(shared.cache.clone(), None, life.clone()))).build();
    let children = [
        auth_child,
        resources_child,
        availability_child,
        reports_child,
        imports_child,
        dead_letters_child,
        cache_child,
    ];
    let tree = children.into_iter().fold(supervisor("bookly"), |tree, child| tree.child(child));
    (Services { auth, resources, availability, reports, imports, dead_letters, cache }, tree.start())
}

/// A request that is being put together.
pub struct Sending<'a> {
    edge: &'a Edge,
    request: TestRequest,
}

impl Sending<'_> {
    pub fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.insert_header((name, value));
        self
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.request = self.request.set_json(body);
        self
    }

    pub fn body(mut self, text: impl Into<String>) -> Self {
        self.request = self.request.set_payload(text.into());
        self
    }

    pub async fn send(self) -> Answer {
        let state = Data::new(self.edge.state.clone());
        let table = table();
        let documents = Data::new(Documents::of(&table));
        let service = init_service(app(table, documents, state)).await;
        read(service.call(self.request.to_request()).await.expect("answers")).await
    }
}

async fn read<B: MessageBody + 'static>(response: ServiceResponse<B>) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = tokio::time::timeout(Duration::from_secs(10), to_bytes(BoxBody::new(response.into_body())));
    let bytes = body.await.expect("in time").expect("to its end");
    Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}
