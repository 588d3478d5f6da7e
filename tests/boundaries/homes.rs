//! Some things have exactly one home.

use crate::tidy::rule::{Rule, crates, phrases, rust_in, shipped};

const SHIPPED: [&str; 3] = ["amqp/src/", "actors/src/", "src/"];

#[test]
fn only_the_kit_starts_actors() {
    let rule = Rule {
        says: "only `supervision/` starts actors, contexts and arbiters",
        because: "an actor nobody supervises is dead after its first panic, and nobody notices",
        instead: "hand the supervisor a factory",
        covers: |path| rust_in(path, &SHIPPED) && !path.starts_with("actors/src/supervision"),
        finds: |file| {
            let starts = [
                "Actor::start",
                "Actor::create",
                "Context::new",
                "Arbiter::new",
                "SyncArbiter::start",
                "Supervisor::start",
                "Actor::start_in_arbiter",
                "start_in_arbiter",
            ];
            phrases(&shipped(file), &starts)
        },
        broken: ("src/app.rs", "fn a() { let b = Arbiter::new(); }"),
        kept: ("src/app.rs", "fn a() { Arbiter::newest(); Request::start(); } // Actor::start"),
    };
    rule.hold();
}

#[test]
fn only_one_file_talks_to_rabbitmq() {
    let rule = Rule {
        says: "only `amqp/src/transport/rabbitmq.rs` names lapin",
        because: "its traps (recovery, hanging calls, lost confirms) are dealt with once, there",
        instead: "use the transport's face",
        covers: |path| {
            let home = ["amqp/src/transport/rabbitmq.rs", "amqp/src/transport/rabbitmq/"];
            rust_in(path, &SHIPPED) && !rust_in(path, &home)
        },
        finds: |file| crates(&shipped(file), &["lapin"]),
        broken: ("amqp/src/topology.rs", "use lapin::Channel;"),
        kept: ("amqp/src/transport/rabbitmq.rs", "use lapin::Channel;"),
    };
    rule.hold();
}

#[test]
fn only_the_cache_talks_to_redis() {
    let rule = Rule {
        says: "only `actors/src/cache.rs` names redis",
        because: "losing Redis may cost speed and nothing else; the cache's circuit breaker sees to that",
        instead: "ask the cache",
        covers: |path| {
            let home = ["actors/src/cache.rs", "actors/src/cache/"];
            rust_in(path, &SHIPPED) && !rust_in(path, &home)
        },
        finds: |file| crates(&shipped(file), &["redis", "bb8_redis", "deadpool_redis"]),
        broken: ("actors/src/auth/cached.rs", "async fn a(b: &redis::Client) {}"),
        kept: ("actors/src/auth/cached.rs", "fn a(redis: &Url) { redis.host() }"),
    };
    rule.hold();
}
