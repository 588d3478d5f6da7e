//! The five services.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A service domain: the owner of some aggregates, and a consumer of the other services' events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Users, sessions, roles and permissions.
    Auth,
    /// Resources, categories, availability rules and maintenance.
    Resources,
    /// Reservations, free time, waiting lists and conflicts.
    Availability,
    /// Approvals, documents, check-in and check-out.
    Stockpile,
    /// Analytics, feedback and dashboards.
    Reports,
}

impl Service {
    /// Every service, in the order in which documents list them.
    pub const ALL: [Self; 5] = [Self::Auth, Self::Resources, Self::Availability, Self::Stockpile, Self::Reports];

    /// The short name used in settings, queue names and paths: `availability`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Resources => "resources",
            Self::Availability => "availability",
            Self::Stockpile => "stockpile",
            Self::Reports => "reports",
        }
    }

    /// The name in an envelope's `service` field: `availability-service`.
    pub const fn wire_name(self) -> &'static str {
        match self {
            Self::Auth => "auth-service",
            Self::Resources => "resources-service",
            Self::Availability => "availability-service",
            Self::Stockpile => "stockpile-service",
            Self::Reports => "reports-service",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that belongs to no service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no service \"{0}\"; use one of auth, resources, availability, stockpile, reports")]
pub struct UnknownService(pub String);

impl FromStr for Service {
    type Err = UnknownService;

    /// Reads either name of a service.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|service| service.name() == text || service.wire_name() == text)
            .ok_or_else(|| UnknownService(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_of_a_service_read_back() {
        for service in Service::ALL {
            assert_eq!(service.name().parse(), Ok(service));
            assert_eq!(service.wire_name().parse(), Ok(service));
            assert_eq!(service.wire_name(), format!("{service}-service"));
            assert_eq!(serde_json::to_value(service).unwrap(), service.name());
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = "billing".parse::<Service>().unwrap_err();
        assert!(error.to_string().contains("billing") && error.to_string().contains("stockpile"));
    }
}
