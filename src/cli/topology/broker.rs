//! Looking at a broker, through its management API when there is one.

use std::fmt;

use amqp::topology::{Difference, Live, Topology, compare};
use amqp::transport::rabbitmq::{self, Address, Applied, Management};

use crate::cli::Failure;

/// The broker that the settings name.
pub(super) struct Broker {
    url: String,
    address: Address,
    management: Management,
    /// Whether somebody said where the management API is, and so relies on it.
    management_is_named: bool,
}

/// What was seen on a broker.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) differences: Vec<Difference>,
    /// What could not be looked at, and why.
    pub(super) unseen: Vec<String>,
    /// Everything on the broker, when the management API showed it.
    pub(super) live: Option<Live>,
}

impl Broker {
    pub(super) fn new(url: &str, management_url: Option<&str>) -> Result<Self, String> {
        let address = Address::of_broker(url).map_err(|problem| problem.to_string())?;
        let management = match management_url {
            Some(url) => Address::of_management(url, &address).map_err(|problem| problem.to_string())?,
            None => address.usual_management(),
        };
        Ok(Self {
            url: url.to_owned(),
            address,
            management: Management::new(management),
            management_is_named: management_url.is_some(),
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Looks at it, over AMQP alone when its management API does not answer where it usually is.
    pub(super) async fn look(&self) -> Result<Seen, Failure> {
        match self.management.live(&self.address.vhost).await {
            Ok(live) => {
                let topology = Topology::of_catalogue();
                let unseen = unseen(&topology, &live);
                Ok(Seen { differences: compare(&topology, &live), unseen, live: Some(live) })
            }
            Err(problem) if self.management_is_named => Err(problem.into()),
            Err(problem) => {
                let differences = rabbitmq::inspect(&self.url).await?;
                let unseen = format!(
                    "bindings and policies, and of each exchange and queue all but the first difference: {problem}"
                );
                Ok(Seen { differences, unseen: vec![unseen], live: None })
            }
        }
    }
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the broker at {}, virtual host \"{}\"", self.address.place(), self.address.vhost)
    }
}

/// The broker knows the policies of a queue only some seconds after the queue was made.
fn unseen(topology: &Topology, live: &Live) -> Vec<String> {
    let ours = |name: &str| topology.queues.iter().any(|queue| queue.name == name);
    let unknown = live.queues.iter().filter(|queue| ours(&queue.name) && queue.policies.is_none());
    let names: Vec<_> = unknown.map(|queue| queue.name.as_str()).collect();
    if names.is_empty() {
        return Vec::new();
    }
    vec![format!("the policies of {}, which the broker shows some seconds after a queue is made", names.join(", "))]
}

impl Seen {
    /// Where something was left as it was on purpose, tells why instead of what could be done in general.
    pub(super) fn keep_reasons(&mut self, applied: &Applied) {
        for difference in &mut self.differences {
            let same = |kept: &&Difference| kept.subject == difference.subject && kept.problem == difference.problem;
            if let Some(kept) = applied.remaining.iter().find(same) {
                difference.mend.clone_from(&kept.mend);
            }
        }
    }
}
