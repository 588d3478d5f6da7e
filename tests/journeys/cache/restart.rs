//! The process dies right after it wrote, while Redis could not be told.

use std::time::Duration;

use serde_json::json;

use super::{NAMESPACE, is_read, settings};
use crate::harness::{Client, Installation, Keys, RedisServer, SlowProxy, on_each_engine, settle_within};
use crate::services::campus::id;

const ROUNDS: usize = 12;
/// Names that are written before the process dies.
const WRITES: usize = 3;

/// How Redis is lost, and how it comes back.
type Loss = (&'static str, fn(&RedisServer, &SlowProxy), fn(&RedisServer, &SlowProxy));

const LOSSES: [Loss; 3] = [
    ("frozen", |server, _| server.pause(), |server, _| server.resume()),
    // What was sent to it and held back never arrives.
    (
        "silent",
        |_, proxy| proxy.stall(),
        |_, proxy| {
            proxy.drop_connections();
            proxy.pass();
        },
    ),
    ("cut off", |_, proxy| proxy.refuse(), |_, proxy| proxy.pass()),
];

on_each_engine! {
    what_it_could_not_tell_redis_is_not_forgotten(engine) {
        let Some(server) = RedisServer::start(module_path!()) else { return };
        let proxy = SlowProxy::before(&server.url());
        let namespace = engine.redis_namespace().unwrap_or_else(|| NAMESPACE.to_owned());
        let settings = if engine.url().is_some() { String::new() } else { settings(&proxy.url()) };
        let mut installation = Installation::start_with(engine.with_redis_url(&proxy.url()), &settings);
        let room = json!({"code": "R1", "name": "Room", "type": "CLASSROOM"});
        let room = id(&installation.administrator().post("/resources", &room).expect(201));
        installation.settle_events();
        let keys = server.keys().within(&namespace);
        let story = Story { path: format!("/resources/{room}"), key: format!("resource:{room}"), keys };
        for round in 0..ROUNDS {
            story.round(&mut installation, round, &server, &proxy);
        }
        installation.check();
    }
}

struct Story {
    path: String,
    key: String,
    keys: Keys,
}

impl Story {
    fn round(&self, installation: &mut Installation, round: usize, server: &RedisServer, proxy: &SlowProxy) {
        let (what, lose, restore) = LOSSES[round % LOSSES.len()];
        // Redis is back before the process, or after it.
        let is_late = round / LOSSES.len() % 2 == 1;
        let client = installation.administrator();
        is_read(&client);
        client.get(&self.path).expect(200);
        let before = self.keys.get(&self.key).expect("it is in Redis");

        lose(server, proxy);
        let name = |number: usize| format!("Name {round}.{number}");
        for number in 0..WRITES {
            client.patch(&self.path, &json!({"name": name(number)})).expect(200);
        }
        installation.kill();
        if !is_late {
            restore(server, proxy);
            println!("{what}: {}", if self.keys.get(&self.key) == Some(before) { "outdated" } else { "gone" });
        }
        installation.run();
        let last = name(WRITES - 1);
        let client = self.read(installation, &last);
        if is_late {
            restore(server, proxy);
        }
        is_read(&client);
        self.read(installation, &last);
        settle_within(Duration::from_secs(10), "Redis has the last name, and nothing else", || {
            assert_eq!(client.get(&self.path).expect(200)["name"], last, "{what}");
            let stored = self.keys.get(&self.key).filter(|text| !text.starts_with("lease:"))?;
            assert!(stored.contains(&last), "{what}: {stored}");
            Some(())
        });
    }

    fn read(&self, installation: &Installation, name: &str) -> Client {
        let client = installation.administrator();
        for _ in 0..50 {
            assert_eq!(client.get(&self.path).expect(200)["name"], name);
        }
        client
    }
}
