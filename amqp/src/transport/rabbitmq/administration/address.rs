//! Where a broker is, read from a URL.

use super::management::ManagementError;
use super::trouble::Trouble;
use crate::transport::rabbitmq::options::Broker;

/// Where a broker is, and who asks.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Its host; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
    /// The virtual host; of a management URL, the path.
    pub vhost: String,
}

impl std::fmt::Debug for Address {
    /// Never shows the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}/{}", self.user, self.place(), self.vhost)
    }
}

/// The port of the management API.
const MANAGEMENT_PORT: u16 = 15_672;

impl Address {
    /// Reads a broker's URL (<https://www.rabbitmq.com/docs/uri-spec>).
    ///
    /// # Errors
    /// [`Trouble::Unavailable`] when it is none. The URL is not repeated, because it carries a password.
    pub fn of_broker(url: &str) -> Result<Self, Trouble> {
        let uri = Broker::read(url).map_err(Trouble::Unavailable)?.uri;
        let (authority, user) = (uri.authority.clone(), uri.authority.userinfo);
        Ok(Self {
            host: authority.host,
            port: authority.port,
            user: user.username,
            password: user.password,
            vhost: uri.vhost,
        })
    }

    /// Host and port as a URL has them.
    pub fn place(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Where a broker's management API is, unless somebody says otherwise: at its usual port, for the same user.
    pub fn usual_management(&self) -> Self {
        Self { port: MANAGEMENT_PORT, vhost: String::new(), ..self.clone() }
    }

    /// Reads the URL of a management API, `http://host:15672` or `http://user:password@host:15672`. The user is the
    /// broker's when the URL names none.
    ///
    /// # Errors
    /// [`ManagementError::Unreadable`] when it is none, or asks for TLS.
    pub fn of_management(url: &str, broker: &Self) -> Result<Self, ManagementError> {
        // Both kinds of URL have the same form up to the path, so one parser does.
        let amqp = url.strip_prefix("http://").map(|rest| format!("amqp://{rest}"));
        let uri = amqp.and_then(|url| Broker::read(&url).ok()).ok_or(ManagementError::Unreadable)?.uri;
        let authority = url.split('/').nth(2).unwrap_or_default();
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let (user, password) = if authority.contains('@') {
            (uri.authority.userinfo.username, uri.authority.userinfo.password)
        } else {
            (broker.user.clone(), broker.password.clone())
        };
        let port = if has_port { uri.authority.port } else { MANAGEMENT_PORT };
        Ok(Self { host: uri.authority.host, port, user, password, vhost: String::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_management_api_is_beside_the_broker_unless_said_otherwise() {
        let broker = Address::of_broker("amqp://bookly:p%40ss@rabbit.example:5673/campus%2Feast").unwrap();
        assert_eq!((broker.host.as_str(), broker.port, broker.vhost.as_str()), ("rabbit.example", 5673, "campus/east"));
        assert_eq!((broker.user.as_str(), broker.password.as_str()), ("bookly", "p@ss"));
        let usual = broker.usual_management();
        assert_eq!((usual.host.as_str(), usual.port, usual.user.as_str()), ("rabbit.example", 15_672, "bookly"));
        let named = Address::of_management("http://other.example", &broker).unwrap();
        assert_eq!((named.host.as_str(), named.port, named.password.as_str()), ("other.example", 15_672, "p@ss"));
        let six = Address::of_management("http://[2001:db8::1]", &broker).unwrap();
        assert_eq!((six.host.as_str(), six.place().as_str()), ("2001:db8::1", "[2001:db8::1]:15672"));
        let full = Address::of_management("http://a:b@other.example:8080/", &broker).unwrap();
        assert_eq!((full.port, full.user.as_str(), full.password.as_str()), (8080, "a", "b"));
    }

    #[test]
    fn the_default_virtual_host_has_its_own_name() {
        assert_eq!(Address::of_broker("amqp://localhost").unwrap().vhost, "/");
        assert_eq!(Address::of_broker("amqp://localhost/%2f").unwrap().vhost, "/");
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_a_password() {
        for url in ["", "localhost", "redis://u:secret@host", "amqp:u:secret"] {
            let error = Address::of_broker(url).unwrap_err().to_string();
            assert!(error.contains("amqp://") && !error.contains("secret"), "{error}");
        }
        let broker = Address::of_broker("amqp://localhost").unwrap();
        assert!(Address::of_management("https://host", &broker).unwrap_err().to_string().contains("tunnel"));
        assert!(!format!("{:?}", Address::of_broker("amqp://u:secret@h/v").unwrap()).contains("secret"));
    }
}
