//! The arrow of dependencies: `src -> actors -> amqp`.

use crate::tidy::rule::{Rule, crates, rust_in, shipped};

#[test]
fn amqp_knows_nobody() {
    let rule = Rule {
        says: "`amqp` names neither actix, diesel, `actors` nor `bookly`",
        because: "what crosses service boundaries must be usable without a service, a database or a server",
        instead: "move the code into `actors`, or pass what it needs as an argument",
        covers: |path| rust_in(path, &["amqp/"]),
        finds: |file| {
            let above = ["actix", "actix_rt", "actix_web", "diesel", "diesel_migrations", "actors", "bookly"];
            crates(&shipped(file), &above)
        },
        broken: ("amqp/src/a.rs", "fn a() -> ::diesel::QueryResult<()> { b() }"),
        kept: ("amqp/src/a.rs", "//! See actors::b.\nuse crate::actors::Actor; fn bookly() {}"),
    };
    rule.hold();
}

#[test]
fn actors_know_no_http() {
    let rule = Rule {
        says: "`actors` names neither `actix_web` nor `bookly`",
        because: "a service's commands are the same for HTTP, the command line and tests",
        instead: "take and return plain values; translate them in `src/http`",
        covers: |path| rust_in(path, &["actors/"]),
        finds: |file| crates(&shipped(file), &["actix_web", "actix_web_actors", "bookly"]),
        broken: ("actors/src/a.rs", "use actix_web::HttpResponse;"),
        kept: ("actors/src/a.rs", "use actix::Message; // unlike actix_web::web"),
    };
    rule.hold();
}

#[test]
fn the_edge_knows_no_storage() {
    let rule = Rule {
        says: "`src` names neither diesel, lapin nor redis",
        because: "the edges speak to actors by messages; storage and transport stay exchangeable behind them",
        instead: "ask an actor, or add what is missing to `actors`",
        covers: |path| rust_in(path, &["src/"]),
        finds: |file| crates(&shipped(file), &["diesel", "diesel_migrations", "lapin", "redis", "bb8_redis"]),
        broken: ("src/app.rs", "fn a(b: &mut diesel::PgConnection) {}"),
        kept: ("src/app.rs", "let redis = config.redis; log::info!(\"diesel::x\");"),
    };
    rule.hold();
}
