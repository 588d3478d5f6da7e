//! Whether a broker serves: asked in its own protocols.

use crate::private::ask::ask;

/// A client's first bytes (AMQP 0-9-1, section 4.2.2).
const PROTOCOL_HEADER: &[u8] = b"AMQP\0\0\x09\x01";
/// The type of a method frame (AMQP 0-9-1, section 4.2.3); connection.start is the first.
const METHOD_FRAME: u8 = 1;
/// `guest:guest` is the account of every private broker.
const OVERVIEW: &[u8] =
    b"GET /api/overview HTTP/1.0\r\nHost: localhost\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n\r\n";

/// Whether AMQP clients are let in.
pub fn amqp(port: u16) -> bool {
    ask(port, PROTOCOL_HEADER, 1).is_some_and(|answer| answer == [METHOD_FRAME])
}

/// Whether the management API lets `guest` in.
pub fn management(port: u16) -> bool {
    ask(port, OVERVIEW, 12).is_some_and(|answer| answer.ends_with(b" 200"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::private::ask::tests::port_that_says;

    #[test]
    fn only_a_method_frame_is_amqp() {
        assert!(amqp(port_that_says(b"\x01\0\0\0\0")));
        assert!(!amqp(port_that_says(b"HTTP/1.1 400 Bad Request")));
        assert!(!amqp(port_that_says(b"")));
    }

    #[test]
    fn only_a_welcome_counts() {
        assert!(management(port_that_says(b"HTTP/1.1 200 OK\r\n")));
        assert!(!management(port_that_says(b"HTTP/1.1 401 Unauthorized\r\n")));
    }
}
