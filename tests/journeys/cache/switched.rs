//! A process does without its Redis for a while, or uses another one, and comes back to it.

use serde_json::json;

use super::{NAMESPACE, is_read, settings};
use crate::harness::{Engine, Installation, RedisServer, on_each_engine};
use crate::services::campus::{id, text};

const PASSWORD: &str = "correct horse battery";
const EMAIL: &str = "ana@test.bookly.local";

on_each_engine! {
    what_changed_without_it_is_not_read_from_it(engine) {
        let (Some(first), Some(other)) = (server(), server()) else { return };
        let (at, settings_at) = at(&engine, Some(&first));
        let mut installation = Installation::start_with(at.clone(), &settings_at);
        let administrator = installation.administrator();
        let room = json!({"code": "R1", "name": "Name", "type": "CLASSROOM"});
        let path = format!("/resources/{}", id(&administrator.post("/resources", &room).expect(201)));
        let user = json!({"email": EMAIL, "name": "Ana", "password": PASSWORD, "roles": ["TEACHER"]});
        administrator.post("/users", &user).expect(201);
        for (round, server) in [None, Some(&other)].into_iter().enumerate() {
            is_read(&installation.administrator());
            let token = log_in(&installation);
            let client = installation.anonymous().with_token(&token);
            for _ in 0..2 {
                client.get(&path).expect(200);
            }
            assert!(!first.keys().within(&namespace(&engine)).matching("auth:session:*").is_empty());
            installation.stop();

            let (elsewhere, settings) = self::at(&engine, server);
            installation.resettle(elsewhere, &settings);
            installation.run();
            let name = format!("Name {round}");
            installation.administrator().patch(&path, &json!({"name": name})).expect(200);
            let left = installation.anonymous().with_token(&token).post("/auth/logout", &json!({}));
            assert!([200, 204].contains(&left.status), "{} {}", left.status, left.text);
            installation.stop();

            installation.resettle(at.clone(), &settings_at);
            installation.run();
            is_read(&installation.administrator());
            assert_eq!(installation.anonymous().with_token(&token).get("/users/me").status, 401, "round {round}");
            assert_eq!(installation.administrator().get(&path).expect(200)["name"], name);
        }
        let log = installation.log();
        assert_eq!(log.matches("has to name the same Redis and namespace").count(), 4, "{log}");
        installation.check();
    }
}

fn server() -> Option<RedisServer> {
    RedisServer::start(module_path!())
}

/// The same database with this Redis, or with none.
fn at(engine: &Engine, server: Option<&RedisServer>) -> (Engine, String) {
    match (engine.url(), server) {
        (Some(_), Some(server)) => (engine.clone().with_redis_url(&server.url()), String::new()),
        (Some(_), None) => (engine.clone().without_redis(), String::new()),
        (None, Some(server)) => (engine.clone(), settings(&server.url())),
        (None, None) => (engine.clone(), String::new()),
    }
}

fn namespace(engine: &Engine) -> String {
    engine.redis_namespace().unwrap_or_else(|| NAMESPACE.to_owned())
}

fn log_in(installation: &Installation) -> String {
    let login = json!({"email": EMAIL, "password": PASSWORD});
    text(&installation.anonymous().post("/auth/login", &login).expect(200)["accessToken"])
}
