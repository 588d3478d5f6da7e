//! What can be wrong between Bookly and its broker.

use lapin::ErrorKind;
use lapin::protocol::{AMQPError, AMQPErrorKind, AMQPHardError, AMQPSoftError};

use crate::topology::Difference;

/// What can be wrong with a broker. Each one says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It cannot be reached, or does not answer in time. It may pass by itself.
    #[error("the broker cannot be reached: {0}")]
    Unavailable(String),
    /// It refuses the user or the password, or the user lacks a permission. It lasts until somebody mends it.
    #[error("the broker refuses the user: check AMQP_URL; {0}")]
    Credentials(String),
    /// The virtual host is not there, or the user may not enter it. It lasts until somebody mends it.
    #[error("the broker refuses the virtual host: check AMQP_URL; {0}")]
    Vhost(String),
    /// Something on it is not what it must be; everything else was made.
    #[error("{}", in_words(.0))]
    Different(Vec<Difference>),
    /// Queues are missing and what was in them could not be put back into the outbox, so they were not made.
    #[error("events of a queue that is missing cannot be put back into the outbox, so it is not made yet: {0}")]
    Recovery(String),
}

fn in_words(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Trouble {
    /// What an error of a connection, or of opening one, means.
    pub(in crate::transport::rabbitmq) fn of(error: &lapin::Error) -> Self {
        match error.kind() {
            ErrorKind::ProtocolError(said) => Self::said(said),
            _ => Self::Unavailable(error.to_string()),
        }
    }

    /// What it means that a call had no answer in time.
    pub(in crate::transport::rabbitmq) fn late(call: &str) -> Self {
        Self::Unavailable(format!("no answer in time: {call}"))
    }

    fn said(said: &AMQPError) -> Self {
        let words = said.get_message();
        match said.kind() {
            // A refused login closes the connection; a refused operation closes the channel and names what was refused.
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) if words.as_str().contains("access to") => {
                Self::Credentials(format!(
                    "{words}; the user needs configure, write and read for what is called bookly.*, which \
                     `rabbitmqctl set_permissions` gives"
                ))
            }
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => Self::Credentials(words.to_string()),
            AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) if refuses_host(words.as_str()) => Self::Vhost(format!(
                "{words}; `rabbitmqctl add_vhost` makes a virtual host, and `rabbitmqctl set_permissions` lets a user in"
            )),
            _ => Self::Unavailable(words.to_string()),
        }
    }
}

/// A limit on connections is reported with the same code, but passes by itself.
fn refuses_host(words: &str) -> bool {
    words.contains("vhost") && !words.contains("limit")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(kind: impl Into<AMQPErrorKind>, words: &str) -> Trouble {
        Trouble::of(&ErrorKind::ProtocolError(AMQPError::new(kind.into(), words.into())).into())
    }

    #[test]
    fn a_refused_login_is_told_apart_from_a_missing_permission_and_a_missing_host() {
        let login = trouble(AMQPSoftError::ACCESSREFUSED, "ACCESS_REFUSED - Login was refused using PLAIN");
        assert!(matches!(&login, Trouble::Credentials(text) if text.contains("Login was refused")), "{login}");
        let permission = "ACCESS_REFUSED - access to queue 'bookly.reports' in vhost 'v' refused for user 'u'";
        let permission = trouble(AMQPSoftError::ACCESSREFUSED, permission);
        assert!(matches!(&permission, Trouble::Credentials(text) if text.contains("set_permissions")), "{permission}");
        let host = trouble(AMQPHardError::NOTALLOWED, "NOT_ALLOWED - vhost nowhere not found");
        assert!(matches!(&host, Trouble::Vhost(text) if text.contains("add_vhost")), "{host}");
    }

    #[test]
    fn everything_else_may_pass_by_itself() {
        let forced = trouble(AMQPHardError::CONNECTIONFORCED, "CONNECTION_FORCED - broker forced connection closure");
        assert!(matches!(&forced, Trouble::Unavailable(text) if text.contains("CONNECTION_FORCED")), "{forced}");
        let limit = "NOT_ALLOWED - access to vhost 'v' refused for user 'u': connection limit (5) is reached";
        assert!(matches!(trouble(AMQPHardError::NOTALLOWED, limit), Trouble::Unavailable(_)));
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert!(matches!(Trouble::of(&refused.into()), Trouble::Unavailable(_)));
    }
}
