//! The ports a broker listens on.

use crate::arguments::Broker;
use crate::private::ports::{exactly, free};

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
        let mut taken: Vec<u16> = wanted.port.into_iter().chain(wanted.management_port).collect();
        let mut choose = |wanted: Option<u16>| {
            let port = wanted.map_or_else(|| free(&taken), exactly)?;
            taken.push(port);
            Ok::<_, String>(port)
        };
        Ok(Self {
            amqp: choose(wanted.port)?,
            management: choose(wanted.management_port)?,
            distribution: choose(None)?,
            mapper: choose(None)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    fn broker(port: Option<u16>, management_port: Option<u16>) -> Broker {
        Broker { port, management_port, ..Broker::default() }
    }

    #[test]
    fn chosen_ports_differ_and_are_free() {
        let ports = Ports::choose(&broker(None, None)).unwrap();
        let mut all = vec![ports.amqp, ports.management, ports.distribution, ports.mapper];
        assert!(all.iter().all(|port| exactly(*port).is_ok()), "{ports:?}");
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
    fn a_port_asked_for_that_is_occupied_is_named() {
        let occupied = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = occupied.local_addr().unwrap().port();
        for wanted in [broker(Some(port), None), broker(None, Some(port))] {
            assert!(Ports::choose(&wanted).is_err_and(|problem| problem.contains(&port.to_string())));
        }
    }
}
