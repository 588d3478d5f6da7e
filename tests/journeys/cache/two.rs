//! Two processes on one database, one broker and one Redis: what one writes, the other reads at once.

use serde_json::json;

use super::Cached;
use crate::harness::{Client, Engine, Installation};
use crate::services::campus::{PASSWORD, text};

const ROUNDS: usize = 200;
/// Roles, each with a question that its holders may ask and those of the ones before may not.
const ROLES: [(&str, &str); 4] = [
    ("ADMINISTRATIVE_STAFF", "/reports/usage?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z"),
    ("PROGRAM_ADMIN", "/users?limit=1"),
    ("GENERAL_ADMIN", "/events?limit=1"),
    ("GENERAL_ADMIN", "/admin/cache"),
];

/// Both processes, each with its administrator.
struct Pair {
    cached: Cached,
    twin: Installation,
    administrators: [Client; 2],
}

impl Pair {
    fn start(test: &str) -> Option<Self> {
        let cached = Cached::start(Engine::postgres(test)?, test)?;
        let twin = cached.twin();
        let administrators = [cached.administrator(), twin.administrator()];
        administrators.iter().for_each(super::is_read);
        Some(Self { cached, twin, administrators })
    }

    /// Clients of both with this access token.
    fn clients(&self, token: &str) -> [Client; 2] {
        [self.cached.anonymous(), self.twin.anonymous()].map(|client| client.with_token(token))
    }

    fn log_in(&self, number: usize, email: &str) -> [Client; 2] {
        let client = [self.cached.anonymous(), self.twin.anonymous()][number % 2].clone();
        let login = json!({"email": email, "password": PASSWORD});
        self.clients(&text(&client.post("/auth/login", &login).expect(200)["accessToken"]))
    }

    /// Both read what the other had written.
    fn have_hit(&self, family: &str) {
        for administrator in &self.administrators {
            let statistics = administrator.get("/admin/cache").expect(200);
            let hits = super::count(&statistics, family, "hits");
            assert!(hits >= ROUNDS as u64 / 4, "{family}: {hits} hits, so the cache was not tested");
        }
    }
}

#[test]
fn names_are_read_at_once() {
    let Some(pair) = Pair::start(module_path!()) else { return };
    let path = format!("/resources/{}", pair.cached.room("TWO"));
    for round in 0..ROUNDS {
        let [writer, reader] = [round, round + 1].map(|number| &pair.administrators[number % 2]);
        assert_eq!(writer.get(&path).text, reader.get(&path).text);
        let written = writer.patch(&path, &json!({"name": format!("Round {round}")})).expect(200);
        assert_eq!(reader.get(&path).expect(200), written, "round {round}");
    }
    pair.have_hit("resource");
    pair.cached.check();
}

#[test]
fn roles_count_at_once() {
    let Some(pair) = Pair::start(module_path!()) else { return };
    let mut rounds = 0;
    while rounds < ROUNDS {
        let (id, email) = pair.cached.add_user(&["STUDENT"]);
        let clients = pair.log_in(rounds, &email);
        for (role, question) in ROLES.iter().take(3) {
            let [granter, asker] = [rounds, rounds + 1].map(|number| number % 2);
            for client in &clients {
                client.get(question).refused(403, "auth.forbidden");
            }
            let path = format!("/users/{id}/roles");
            pair.administrators[granter].post(&path, &json!({"role": role})).expect(200);
            clients[asker].get(question).expect(200);
            rounds += 1;
        }
        let (_, question) = ROLES[3];
        clients.iter().for_each(|client| drop(client.get(question).expect(200)));
    }
    pair.have_hit("auth:permissions");
    pair.cached.check();
}

#[test]
fn a_logout_counts_at_once() {
    let Some(pair) = Pair::start(module_path!()) else { return };
    let (_, email) = pair.cached.add_user(&["TEACHER"]);
    for round in 0..ROUNDS {
        let clients = pair.log_in(round, &email);
        let [leaver, other] = [round, round + 1].map(|number| &clients[number % 2]);
        other.get("/users/me").expect(200);
        leaver.get("/users/me").expect(200);
        let left = leaver.post("/auth/logout", &json!({}));
        assert!([200, 204].contains(&left.status), "{} {}", left.status, left.text);
        for client in [other, leaver] {
            assert_eq!(client.get("/users/me").status, 401, "round {round}");
        }
    }
    pair.have_hit("auth:session");
    pair.cached.check();
}
