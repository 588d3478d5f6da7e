//! The run's RabbitMQ: virtual hosts of its own for each measurement, and a client as plain as one can be.

mod raw;

use serde_json::{Value, json};

use crate::Outcome;
use crate::servers::Servers;

pub use raw::Raw;

/// A virtual host that is deleted, with its queues, with its owner.
#[derive(Debug)]
pub struct VirtualHost {
    server: String,
    management_url: String,
    name: String,
}

impl VirtualHost {
    /// An empty one.
    ///
    /// # Errors
    /// When the broker does not make it.
    pub fn empty(servers: &Servers) -> Outcome<Self> {
        let (server, user) = parts(&servers.amqp_url).ok_or("the broker's URL cannot be read")?;
        let (server, user) = (server.to_owned(), user.to_owned());
        let management_url = servers.amqp_management_url.trim_end_matches('/').to_owned();
        let host = Self { server, management_url, name: format!("bench_{:016x}", fastrand::u64(..)) };
        host.put(&format!("vhosts/{}", host.name), &json!({}))?;
        let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
        host.put(&format!("permissions/{}/{user}", host.name), &all)?;
        Ok(host)
    }

    /// Where clients of AMQP connect.
    pub fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    fn put(&self, path: &str, body: &Value) -> Outcome {
        ureq::put(format!("{}/api/{path}", self.management_url)).send_json(body)?;
        Ok(())
    }
}

impl Drop for VirtualHost {
    fn drop(&mut self) {
        drop(ureq::delete(format!("{}/api/vhosts/{}", self.management_url, self.name)).call());
    }
}

/// A broker's URL without its path, and the user in it.
fn parts(url: &str) -> Option<(&str, &str)> {
    let start = url.find("://")? + 3;
    let length = url[start..].find('/').unwrap_or(url.len() - start);
    let server = &url[..start + length];
    let user = server[start..].rsplit_once('@').map_or("guest", |(account, _)| account);
    Some((server, user.split(':').next().unwrap_or(user)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_url_are_found() {
        assert_eq!(parts("amqp://a:b@h:1/%2F"), Some(("amqp://a:b@h:1", "a")));
        assert_eq!(parts("amqp://h:1"), Some(("amqp://h:1", "guest")));
        assert_eq!(parts("h:1"), None);
    }
}
