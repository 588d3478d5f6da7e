//! Redis is killed, frozen and starved while readers go on.

use std::time::Duration;

use super::load::{Load, READERS};
use super::{Cached, last};
use crate::harness::{Engine, RedisServer};

#[test]
fn its_troubles_cost_fifty_milliseconds_once() {
    if Engine::sqlite().is_none() {
        return;
    }
    let Some(mut server) = RedisServer::start(module_path!()) else { return };
    let cached = Cached::at(&server.url(), server.keys());
    let load = Load::on(&cached);
    let keys = server.keys();
    let limit = |bytes: &str| {
        keys.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
        keys.command(&["CONFIG", "SET", "maxmemory", bytes]);
    };
    load.run(|| {
        let calm = load.calm();
        let killed = load.endure(&calm, "killed and started again", || {
            server.kill();
            last(Duration::from_secs(2));
            server.start_again();
        });
        killed.must_have_opened();

        let frozen = load.endure(&calm, "frozen for three seconds", || {
            server.pause();
            last(Duration::from_secs(3));
            server.resume();
        });
        frozen.must_have_opened();

        load.endure(&calm, "out of memory", || {
            limit("1");
            let stored = cached.count("resource", "stored");
            last(Duration::from_secs(3));
            let stored = cached.count("resource", "stored") - stored;
            limit("0");
            // What was on its way when the limit fell.
            assert!(stored <= READERS as u64 + 1, "{stored} values were stored, so there was memory");
        });
    });
    cached.check();
}
