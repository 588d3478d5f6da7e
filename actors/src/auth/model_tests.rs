use amqp::{Envelope, Metadata};
use proptest::prelude::*;

use super::super::{Rights, RoleGrants};
use super::*;
use crate::event_store::{AggregateEvent, fold};

const PASSWORD: &str = "correct horse battery";

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).expect("an instant")
}

fn student() -> UserRegistered {
    let roles = BTreeSet::from([Role::Student]);
    register(Uuid::from_u128(1), " Ana@Example.EDU ", " Ana ", PASSWORD, &roles).expect("valid")
}

fn user() -> User {
    User::apply(None, 1, at(0), &student().into()).expect("applies")
}

#[test]
fn an_account_is_made_with_a_normal_address() {
    let user = user();
    assert_eq!((user.email.as_str(), user.name.as_str(), user.version), ("ana@example.edu", "Ana", 1));
    assert_eq!((user.roles, user.active), (BTreeSet::from([Role::Student]), true));
}

#[test]
fn every_broken_rule_is_named_at_once() {
    let violations = register(Uuid::nil(), "nobody", " ", "aaa", &BTreeSet::new()).expect_err("four rules are broken");
    let fields: Vec<_> = violations.iter().filter_map(|violation| violation.field.as_deref()).collect();
    assert_eq!(fields, ["email", "name", "password", "password"]);
}

#[test]
fn no_event_holds_the_password() {
    let event = UserEvent::from(student());
    assert!(!event.data().to_string().contains(PASSWORD));
    assert_eq!(event.data().as_object().map(serde_json::Map::len), Some(4));
}

#[test]
fn a_role_is_given_once() {
    let user = user();
    assert_eq!(user.assign_role(Role::Student, Uuid::nil()), None);
    let given = user.assign_role(Role::Teacher, Uuid::nil()).expect("new");
    assert_eq!(given.role_id, Role::Teacher.id());
    let user = User::apply(Some(user), 2, at(1), &given.into()).expect("applies");
    assert_eq!(user.assign_role(Role::Teacher, Uuid::nil()), None);
}

#[test]
fn a_permission_is_given_once_even_if_a_role_brings_it() {
    let user = user();
    let given = user.grant(Permission::ResourcesRead, Uuid::nil()).expect("the user was not given it");
    assert_eq!((given.target_id, given.target_type), (user.id, PermissionTarget::User));
    let user = User::apply(Some(user), 2, at(1), &given.into()).expect("applies");
    assert_eq!(user.permissions, BTreeSet::from([Permission::ResourcesRead]));
    assert_eq!(user.grant(Permission::ResourcesRead, Uuid::nil()), None);
}

#[test]
fn rights_are_those_of_the_roles_their_grants_and_the_users_own() {
    let given = |role, permission| RoleGrants {
        role,
        permissions: BTreeSet::from([permission]),
        version: 1,
        updated_at: at(0),
    };
    let grants = [given(Role::Student, Permission::ReportsRead), given(Role::Teacher, Permission::EventsRead)];
    let user = User { permissions: BTreeSet::from([Permission::SeriesWrite]), ..user() };
    let rights = Rights::of(user.clone(), &grants);
    let expected =
        [Permission::ResourcesRead, Permission::ReservationsWrite, Permission::SeriesWrite, Permission::ReportsRead];
    assert_eq!(rights, Rights { active: true, roles: user.roles.clone(), permissions: BTreeSet::from(expected) });
    assert!(!Rights::of(User { active: false, ..user }, &grants).active);
}

#[test]
fn an_unknown_permission_is_not_passed_over() {
    let mut event = user().grant(Permission::Operate, Uuid::nil()).expect("new");
    event.permission_name = "resources:paint".to_owned();
    assert!(User::apply(Some(user()), 2, at(1), &event.into()).is_err());
}

#[test]
fn a_history_begins_with_the_registration_and_has_only_one() {
    assert!(User::apply(None, 1, at(0), &user().log_out(Uuid::nil()).into()).is_err());
    assert!(User::apply(Some(user()), 2, at(0), &student().into()).is_err());
}

#[test]
fn an_unknown_role_is_not_passed_over() {
    let mut event = student();
    event.roles.push("DEAN".to_owned());
    assert!(User::apply(None, 1, at(0), &event.into()).is_err());
}

#[test]
fn a_long_user_agent_is_cut() {
    let event = user().log_in(Some(IpAddr::from([192, 0, 2, 1])), Some(&"ñ".repeat(1_000)));
    assert_eq!(event.user_agent.map(|text| text.chars().count()), Some(USER_AGENT_LENGTH));
    assert_eq!(event.ip.as_deref(), Some("192.0.2.1"));
}

fn envelope(version: i64, event: &UserEvent) -> Envelope {
    Envelope {
        event_id: Uuid::from_u128(version.unsigned_abs().into()),
        event_type: event.event_type().to_owned(),
        service: event.producer().wire_name().to_owned(),
        timestamp: at(version),
        aggregate_id: event.aggregate_id(),
        aggregate_type: event.aggregate_type().to_owned(),
        version,
        data: event.data(),
        metadata: Metadata {
            schema_version: 1,
            correlation_id: Uuid::nil(),
            causation_id: None,
            traceparent: None,
            actor: None,
        },
    }
}

proptest! {
    /// What is done to a user step by step is what its history gives.
    #[test]
    fn a_history_folds_to_the_state_it_was_written_from(steps in prop::collection::vec(0usize..20, 0..30)) {
        let first = UserEvent::from(student());
        let mut history = vec![envelope(1, &first)];
        let mut user = User::apply(None, 1, at(1), &first).expect("applies");
        for step in steps {
            let event = match Role::ALL.get(step) {
                Some(role) => user.assign_role(*role, Uuid::nil()).map(UserEvent::from),
                None if step == 6 => Some(user.log_in(None, None).into()),
                None if step > 7 => {
                    let permission = Permission::ALL[step - 8];
                    user.grant(permission, Uuid::nil()).map(UserEvent::from)
                }
                None => Some(user.log_out(Uuid::nil()).into()),
            };
            if let Some(event) = event {
                let version = user.version + 1;
                history.push(envelope(version, &event));
                user = User::apply(Some(user), version, at(version), &event).expect("applies");
            }
        }
        prop_assert_eq!(fold::<User>(&history), Ok(Some(user)));
    }
}
