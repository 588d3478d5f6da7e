//! Ports for what a test starts and stops itself.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which Linux gives ports to outgoing connections (32768 and up, ip(7)): while a server is down, a
/// client that tries again and again would sooner or later be given the server's own port and keep it. The private
/// servers of `cargo xtask` have 26000 and up.
const LOWEST: u16 = 20_000;
const COUNT: u16 = 6_000;

/// A port on the loopback interface where nothing listens, and that no other test of this process is given.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Processes that run at once begin at different places.
    let first = u16::try_from(std::process::id() % u32::from(COUNT)).expect("less than their count");
    let next = || LOWEST + (first + GIVEN.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (0..COUNT).map(|_| next()).find(is_free).expect("a free port")
}

#[test]
fn a_port_is_given_once() {
    let (one, other) = (free_port(), free_port());
    assert_ne!(one, other);
    assert!([one, other].iter().all(|port| (LOWEST..LOWEST + COUNT).contains(port)));
}
