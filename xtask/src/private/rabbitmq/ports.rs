//! The ports a broker listens on.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

use crate::arguments::Broker;

/// Below the range from which Linux gives ports to outgoing connections (32768 and up, ip(7)): a client that tries
/// again and again while its broker is down would sooner or later be given the broker's own port and keep it.
/// The usual ports of RabbitMQ (4369, 5672, 15672, 25672) are outside.
const CANDIDATES: std::ops::Range<u16> = 26_000..32_000;
const ATTEMPTS: u64 = 200;

/// A broker's ports, all on the loopback interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// AMQP.
    pub amqp: u16,
    /// The management API.
    pub management: u16,
    /// Erlang's connections between nodes, which rabbitmqctl uses.
    pub distribution: u16,
    /// The port mapper (epmd).
    pub mapper: u16,
}

impl Ports {
    /// The ports asked for, and free ones for the others.
    ///
    /// # Errors
    /// When a port asked for is in use, or none is free.
    pub fn choose(wanted: &Broker) -> Result<Self, String> {
        if let Some(port) = wanted.port.into_iter().chain(wanted.management_port).find(|port| !is_free(*port)) {
            return Err(format!("port {port} is in use: end what listens there, or name another"));
        }
        let lowest = ephemeral_start().unwrap_or(u16::MAX);
        let mut taken: Vec<u16> = wanted.port.into_iter().chain(wanted.management_port).collect();
        let mut free = || {
            let port = candidates().filter(|port| *port < lowest).find(|port| !taken.contains(port) && is_free(*port));
            let port = port.or_else(any_free).ok_or("no free port on the loopback interface")?;
            taken.push(port);
            Ok::<_, String>(port)
        };
        Ok(Self {
            amqp: wanted.port.map_or_else(&mut free, Ok)?,
            management: wanted.management_port.map_or_else(&mut free, Ok)?,
            distribution: free()?,
            mapper: free()?,
        })
    }
}

/// Candidates in an order that differs from process to process, so that brokers that start at once seldom collide.
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

    fn broker(port: Option<u16>, management_port: Option<u16>) -> Broker {
        Broker { port, management_port, ..Broker::default() }
    }

    #[test]
    fn chosen_ports_differ_and_are_free() {
        let ports = Ports::choose(&broker(None, None)).unwrap();
        let mut all = vec![ports.amqp, ports.management, ports.distribution, ports.mapper];
        assert!(all.iter().all(|port| is_free(*port)), "{ports:?}");
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4, "{ports:?}");
    }

    #[test]
    fn ports_asked_for_are_taken_as_they_are() {
        let free = Ports::choose(&broker(None, None)).unwrap();
        let ports = Ports::choose(&broker(Some(free.mapper), Some(free.amqp))).unwrap();
        assert_eq!((ports.amqp, ports.management), (free.mapper, free.amqp));
        assert!(![ports.distribution, ports.mapper].iter().any(|port| [free.mapper, free.amqp].contains(port)));
    }

    #[test]
    fn an_occupied_port_is_not_free() {
        let occupied = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = occupied.local_addr().unwrap().port();
        assert!(!is_free(port));
        assert!(Ports::choose(&broker(Some(port), None)).is_err_and(|problem| problem.contains(&port.to_string())));
    }

    #[test]
    fn candidates_stay_in_their_range() {
        assert!(candidates().all(|port| CANDIDATES.contains(&port)));
    }
}
