//! What is cached of the auth service.
//!
//! | key | value | kept for |
//! |---|---|---|
//! | `auth:permissions:{userId}` | [`Rights`]: what the user may do now | 1 h |
//! | `auth:roles` | [`RoleRights`]: what each role's holders may do | 1 h |
//! | `auth:session:{sessionId}` | [`Session`]: whose it is, and whether it goes on | 15 min |

use std::time::Duration;

use amqp::Event;
use amqp::events::{PermissionGranted, PermissionTarget, RoleAssigned, UserLoggedIn, UserLoggedOut, UserRegistered};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Rights, RoleRights, Session};
use crate::cache::{Family, Group, Key, Outdated};

static PERMISSIONS: Family = Family::new("auth:permissions", Duration::from_secs(60 * 60));
static ROLES: Family = Family::new("auth:roles", Duration::from_secs(60 * 60));
static SESSIONS: Family = Family::new("auth:session", Duration::from_secs(15 * 60));

/// Everybody's permissions.
const EVERYBODY: Group = Group::named("auth:permissions");
/// Every session.
const EVERY_SESSION: Group = Group::named("auth:session");

/// What a user may do.
pub fn permissions(user_id: Uuid) -> Key<Rights> {
    PERMISSIONS.key(user_id).in_group(EVERYBODY)
}

/// What each role's holders may do.
pub fn roles() -> Key<Vec<RoleRights>> {
    ROLES.only()
}

/// Whether a session goes on.
pub fn session(id: Uuid) -> Key<Session> {
    SESSIONS.key(id).in_group(EVERY_SESSION)
}

/// What an event outdates in this service's cache, once its state shows the event; `None` when the service has nothing to
/// do with it. Where the event does not say what it is about, all of the kind is outdated.
pub(crate) fn outdated(event_type: &str, data: &Value) -> Option<Vec<Outdated>> {
    match event_type {
        // Nobody has asked yet for a user or a session that is new, and that there is none is not kept.
        UserRegistered::TYPE | UserLoggedIn::TYPE => Some(Vec::new()),
        UserLoggedOut::TYPE => {
            let ended = UserLoggedOut::deserialize(data).ok().and_then(|ended| ended.session_id);
            Some(vec![ended.map_or(EVERY_SESSION.into(), |id| session(id).into())])
        }
        RoleAssigned::TYPE => {
            let assigned = RoleAssigned::deserialize(data).ok();
            Some(vec![assigned.map_or(EVERYBODY.into(), |assigned| permissions(assigned.user_id).into())])
        }
        PermissionGranted::TYPE => Some(match PermissionGranted::deserialize(data) {
            Ok(granted) if granted.target_type == PermissionTarget::User => vec![permissions(granted.target_id).into()],
            _ => vec![EVERYBODY.into(), roles().into()],
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use amqp::{Service, catalogue};

    use super::*;

    fn data<E: Event>(event: &E) -> Value {
        serde_json::to_value(event).expect("JSON")
    }

    fn key(name: &str, id: Uuid) -> Outdated {
        Outdated::Key(format!("{name}:{id}"))
    }

    #[test]
    fn every_event_of_the_service_is_considered() {
        let rows: Vec<_> = catalogue::produced_by(Service::Auth).chain(catalogue::consumed_by(Service::Auth)).collect();
        assert!(rows.len() >= 5);
        for entry in rows {
            assert!(outdated(entry.event_type, &entry.example()).is_some(), "{}", entry.event_type);
        }
        assert_eq!(outdated("resource.created", &Value::Null), None);
    }

    #[test]
    fn keys_are_those_of_the_contract() {
        let id = Uuid::from_u128(7);
        assert_eq!(permissions(id).name(), format!("auth:permissions:{id}"));
        assert_eq!(session(id).name(), format!("auth:session:{id}"));
        assert_eq!(roles().name(), "auth:roles");
    }

    #[test]
    fn a_logout_outdates_its_session_alone() {
        let event = UserLoggedOut::example();
        let session = event.session_id.expect("the example has one");
        assert_eq!(outdated(UserLoggedOut::TYPE, &data(&event)), Some(vec![key("auth:session", session)]));
        let original = UserLoggedOut { session_id: None, ..event };
        assert_eq!(outdated(UserLoggedOut::TYPE, &data(&original)), Some(vec![Group::named("auth:session").into()]));
    }

    #[test]
    fn what_a_user_is_given_outdates_that_users_permissions_alone() {
        let assigned = RoleAssigned::example();
        let expected = Some(vec![key("auth:permissions", assigned.user_id)]);
        assert_eq!(outdated(RoleAssigned::TYPE, &data(&assigned)), expected);
        let granted = PermissionGranted { target_type: PermissionTarget::User, ..PermissionGranted::example() };
        let expected = Some(vec![key("auth:permissions", granted.target_id)]);
        assert_eq!(outdated(PermissionGranted::TYPE, &data(&granted)), expected);
    }

    #[test]
    fn what_a_role_is_given_outdates_everybodys_permissions() {
        let granted = PermissionGranted { target_type: PermissionTarget::Role, ..PermissionGranted::example() };
        let expected = vec![Group::named("auth:permissions").into(), Outdated::Key("auth:roles".to_owned())];
        assert_eq!(outdated(PermissionGranted::TYPE, &data(&granted)), Some(expected));
    }

    #[test]
    fn what_cannot_be_read_outdates_all_of_its_kind() {
        let groups = |event_type| outdated(event_type, &Value::Null).unwrap_or_default();
        assert_eq!(groups(UserLoggedOut::TYPE), [Group::named("auth:session").into()]);
        assert_eq!(groups(RoleAssigned::TYPE), [Group::named("auth:permissions").into()]);
        assert!(groups(PermissionGranted::TYPE).contains(&Group::named("auth:permissions").into()));
    }
}
