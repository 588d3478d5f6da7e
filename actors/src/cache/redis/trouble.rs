//! What Redis's errors mean to an operator: one line that says what to do.

use redis::{ErrorKind, RedisError};

use crate::cache::store::Trouble;

/// What the user in REDIS_URL must be allowed.
const NEEDED: &str = "allow it +@read +@write +@scripting +ping +info +time on the keys of the namespace";
/// The most characters of what Redis or the library says.
const MOST: usize = 200;

/// A server that is full still forgets, so reading from it goes on.
pub(super) fn trouble(error: &RedisError) -> Trouble {
    let said = one_line(&error.to_string());
    match error.code() {
        Some("OOM") => Trouble::Full("Redis has reached its maxmemory; give it more, or an eviction policy".to_owned()),
        Some("NOAUTH" | "WRONGPASS") => {
            Trouble::Broken(format!("Redis refuses the login; correct the user and password in REDIS_URL ({said})"))
        }
        Some("READONLY") => Trouble::Broken(format!("REDIS_URL leads to a replica; give the primary's ({said})")),
        code if code == Some("NOPERM") || is_forbidden_in_a_script(&said) => {
            Trouble::Broken(format!("the user in REDIS_URL may not do what a cache needs; {NEEDED} ({said})"))
        }
        _ if error.kind() == ErrorKind::AuthenticationFailed => {
            Trouble::Broken("Redis refuses the login; correct the user and password in REDIS_URL".to_owned())
        }
        _ if error.kind() == ErrorKind::Parse => {
            Trouble::Broken("what answers there is no Redis, or one that wants TLS (rediss://)".to_owned())
        }
        _ if is_no_tls(&said) => Trouble::Broken("no TLS is spoken there; use redis://".to_owned()),
        Some(_) => Trouble::Broken(format!("Redis refuses what REDIS_URL leads to: {said}")),
        None => Trouble::Broken(said),
    }
}

/// The same of the first words that are exchanged: whoever hangs up at once, or does not know what to make of them, may
/// be another program.
pub(super) fn first_trouble(error: &RedisError, url: &str) -> Trouble {
    let perhaps = match url.starts_with("rediss:") {
        true if error.is_connection_dropped() || error.is_timeout() => "if no TLS is spoken there, use redis://",
        false if error.is_connection_dropped() => "perhaps what answers there is no Redis",
        _ => return trouble(error),
    };
    Trouble::Broken(format!("{}; {perhaps}", trouble(error)))
}

/// How a server says it whose scripts fail with a code of their own (before Redis 7).
fn is_forbidden_in_a_script(said: &str) -> bool {
    said.contains("ACL failure in script") || said.contains("can't run this command")
}

/// What rustls says when the other side answers with something else than TLS.
fn is_no_tls(said: &str) -> bool {
    said.contains("received corrupt message") || said.contains("InvalidContentType")
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_fits_on_a_line() {
        assert_eq!(one_line("Parse error\n  at `H`\r\n"), "Parse error at `H`");
        assert_eq!(one_line(&"ñ".repeat(MOST + 1)), format!("{}…", "ñ".repeat(MOST)));
    }
}
