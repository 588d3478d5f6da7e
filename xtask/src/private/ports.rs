//! Free ports on the loopback interface.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

/// Below the range from which Linux gives ports to outgoing connections (32768 and up, ip(7)): a client that tries
/// again and again while its server is down would sooner or later be given the server's own port and keep it.
/// The usual ports of RabbitMQ (4369, 5672, 15672, 25672), PostgreSQL (5432) and Redis (6379) are outside.
const CANDIDATES: std::ops::Range<u16> = 26_000..32_000;
const ATTEMPTS: u64 = 200;

/// A free port that is none of `taken`.
///
/// # Errors
/// When there is none.
pub fn free(taken: &[u16]) -> Result<u16, String> {
    let lowest = ephemeral_start().unwrap_or(u16::MAX);
    let port = candidates().filter(|port| *port < lowest).find(|port| !taken.contains(port) && is_free(*port));
    port.or_else(any_free).ok_or_else(|| "no free port on the loopback interface".into())
}

/// The port asked for, if it is free.
///
/// # Errors
/// When it is not.
pub fn exactly(port: u16) -> Result<u16, String> {
    let taken = || format!("port {port} is in use: end what listens there, or name another");
    is_free(port).then_some(port).ok_or_else(taken)
}

/// Candidates in an order that differs from process to process, so that servers that start at once seldom collide.
fn candidates() -> impl Iterator<Item = u16> {
    let (order, count) = (RandomState::new(), u64::from(CANDIDATES.end - CANDIDATES.start));
    (0..ATTEMPTS)
        .filter_map(move |attempt| u16::try_from(order.hash_one(attempt) % count).ok())
        .map(|n| n + CANDIDATES.start)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn any_free() -> Option<u16> {
    Some(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?.local_addr().ok()?.port())
}

/// The lowest port for outgoing connections; administrators may move it.
fn ephemeral_start() -> Option<u16> {
    fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_can_be_bound_and_is_not_taken() {
        let first = free(&[]).unwrap();
        assert!(is_free(first));
        assert_ne!(free(&[first]), Ok(first));
    }

    #[test]
    fn an_occupied_port_is_not_free() {
        let occupied = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = occupied.local_addr().unwrap().port();
        assert!(!is_free(port));
        assert!(exactly(port).is_err_and(|problem| problem.contains(&port.to_string())));
        drop(occupied);
        assert_eq!(exactly(port), Ok(port));
    }

    #[test]
    fn candidates_stay_in_their_range() {
        assert!(candidates().all(|port| CANDIDATES.contains(&port)));
    }
}
