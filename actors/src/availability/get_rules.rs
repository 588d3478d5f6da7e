//! What reservations of a resource are checked against.

use amqp::events::{AvailabilityRules, WeeklySchedule};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::Error;
use super::{Availability, profile};
use crate::database::DatabaseConnection;
use crate::service::{Context, Query};

/// What availability checks reservations of a resource against. Whether it is open now is not part of it: rules stay the
/// same while a resource is in use or comes back from maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesInForce {
    /// The rules.
    pub rules: AvailabilityRules,
    /// When it is open.
    pub opening_hours: WeeklySchedule,
}

/// The rules that availability applies to a resource, which may be those from before an event that is still on its way.
#[derive(Debug, Clone, Copy)]
pub struct GetRules(pub Uuid);

impl Query for GetRules {
    type Service = Availability;
    type Answer = RulesInForce;
    type Refusal = Error;

    fn run(self, connection: &mut DatabaseConnection, _: &Context) -> Result<RulesInForce, Error> {
        let profile = profile::existing(connection, self.0)?;
        Ok(RulesInForce { rules: profile.rules, opening_hours: profile.opening })
    }
}
