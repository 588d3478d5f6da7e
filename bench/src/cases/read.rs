//! Reading one resource through the cache.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::json;

use super::Case;
use crate::figures::{Reach, Row};
use crate::http::request;
use crate::load::closed_loop;
use crate::postgres::Database;
use crate::process::Part;
use crate::program::{Program, Setup};
use crate::rounds::in_turn;
use crate::servers::Servers;
use crate::{Outcome, Scale};

/// The case.
pub const CASE: Case = Case {
    name: "read",
    question: "How many cached resources a second does GET /resources/{id} answer?",
    method: "Ours: authenticated (session and permissions are looked up with each request), 32 connections, nothing changes. \
        Reference: actix-web with as many workers that answers the same bytes from memory, without looking at the request. \
        The client is the same for both and shares the machine with them.",
    measure,
};

const CONNECTIONS: usize = 32;
/// The reference's name as a part.
pub const PART: &str = "static";

fn measure(servers: &Servers, scale: Scale) -> Outcome<Vec<Row>> {
    let database = Database::empty(servers)?;
    let redis =
        Setup { database_url: Some(database.url()), redis_url: Some(servers.redis_url.clone()), ..Setup::default() };
    let rows = [
        (redis, "cached in Redis, PostgreSQL behind it", 0.35),
        (Setup::default(), "cached in the process, SQLite behind it", 0.55),
    ];
    rows.into_iter().map(|(setup, what, reach)| compare(servers, scale, &setup, what, reach)).collect()
}

fn compare(servers: &Servers, scale: Scale, setup: &Setup, what: &str, reach: f64) -> Outcome<Row> {
    let program = Program::start(servers, setup)?;
    let client = program.administrator()?;
    let room = json!({"code": "READ", "name": "Room", "type": "LABORATORY", "capacity": 30,
        "location": {"building": "A", "floor": "1", "room": "101"}});
    let room = client.post("/resources", &room)?;
    let path = format!("/resources/{}", room["id"].as_str().ok_or("no id")?);
    let body = client.get(&path)?.to_string();
    let bytes = request("GET", &format!("/api/v1{path}"), &client.token, "");
    let reference = Part::start(PART, &[&body])?;
    let (warm_up, span) = scale.of((2_000, 6_000), (100, 300));
    let load = |address: &str| -> Outcome<f64> {
        let during =
            |span| closed_loop(address, CONNECTIONS, Duration::from_millis(span), 200, |_| Some(bytes.clone()));
        during(warm_up)?;
        Ok(during(span)?.clean()?.rate())
    };
    let (ours, theirs) = in_turn(scale, |_| load(&program.address), |_| load(&reference.said))?;
    Ok(Row::beside(what, "requests/s", ours, theirs).wanted(Reach::RatioAtLeast(reach)))
}

/// Serves the first word to whoever asks for anything.
///
/// # Errors
/// When no port is to be had.
pub fn play(words: &[String]) -> Outcome {
    let body: &'static str = Box::leak(words.first().cloned().unwrap_or_default().into_boxed_str());
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let answer = move || async move { HttpResponse::Ok().content_type("application/json").body(body) };
    let server = HttpServer::new(move || App::new().default_service(web::to(answer)));
    Ok(actix_rt::System::new().block_on(server.workers(2).listen(listener)?.run())?)
}
