//! A part of the test Redis for one test alone.

use super::Keys;
use crate::harness::skip;

/// A namespace; its keys on the test Redis, where there is one, are removed with its owner.
#[derive(Debug)]
pub struct Namespace {
    server: Option<String>,
    name: String,
}

impl Namespace {
    /// An empty namespace. That there is no test Redis is noted.
    pub fn make(test: &str) -> Self {
        let server = std::env::var("BOOKLY_TEST_REDIS_URL").ok();
        if server.is_none() {
            skip(test, "Redis (BOOKLY_TEST_REDIS_URL is not set; the rest of the test runs without)");
        }
        Self { server, name: format!("bookly-{}:", uuid::Uuid::now_v7().simple()) }
    }

    /// Where clients of the test Redis connect.
    pub fn url(&self) -> Option<String> {
        self.server.clone()
    }

    /// What the name of each of its keys begins with.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let Some(server) = &self.server else { return };
        let keys = Keys::new(server).within(&self.name);
        // A failed test must not panic once more because the server is gone as well.
        if keys.try_command(&["PING"]).is_ok() {
            for key in keys.matching("*") {
                keys.del(&key);
            }
        }
    }
}
