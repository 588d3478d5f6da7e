//! Redis answers late, not at all, or hangs up, while readers go on.

use std::time::Duration;

use super::load::Load;
use super::{Cached, last};
use crate::harness::{Engine, RedisServer, SlowProxy};

/// What the way to Redis does.
type Trouble = (&'static str, fn(&SlowProxy));

const TROUBLES: [Trouble; 5] = [
    ("100 ms late", |proxy| proxy.delay(Duration::from_millis(100))),
    ("40 ms late", |proxy| proxy.delay(Duration::from_millis(40))),
    ("silent", SlowProxy::stall),
    ("hangs up once", SlowProxy::drop_connections),
    ("hangs up", SlowProxy::refuse),
];

#[test]
fn a_bad_way_to_redis_costs_fifty_milliseconds_once() {
    if Engine::sqlite().is_none() {
        return;
    }
    let Some(server) = RedisServer::start(module_path!()) else { return };
    let proxy = SlowProxy::before(&server.url());
    let cached = Cached::at(&proxy.url(), server.keys());
    let load = Load::on(&cached);
    load.run(|| {
        let calm = load.calm();
        for (name, trouble) in TROUBLES {
            let figures = load.endure(&calm, name, || {
                trouble(&proxy);
                last(Duration::from_secs(3));
                proxy.pass();
            });
            figures.must_have_opened();
        }
    });
    cached.check();
}
