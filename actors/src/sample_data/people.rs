//! The users who hold the reservations.

use std::collections::BTreeSet;

use amqp::Metadata;
use chrono::{DateTime, Utc};

use super::Error;
use super::chance::{self, Subject, one_of};
use crate::access::Role;
use crate::auth::model::{UserEvent, register};
use crate::auth::{Secret, User};
use crate::event_store::{Aggregate, Past};

const FEWEST: u64 = 10;
const MOST: u64 = 3_000;
/// Reservations a user, as long as that gives neither too few users nor too many.
const RESERVATIONS_EACH: u64 = 25;
const FIRST_NAMES: [&str; 16] = [
    "Ana", "Luis", "Carmen", "Jorge", "Marta", "Pablo", "Elena", "Diego", "Sofia", "Andres", "Lucia", "Mateo", "Irene",
    "Hugo", "Paula", "Simon",
];
const LAST_NAMES: [&str; 16] = [
    "Garcia", "Rojas", "Mora", "Castro", "Vargas", "Leon", "Suarez", "Pardo", "Nieto", "Cano", "Duarte", "Rey",
    "Salas", "Ortiz", "Prieto", "Lozano",
];

/// How many users hold so many reservations.
pub(super) fn count(reservations: u64) -> u32 {
    u32::try_from((reservations / RESERVATIONS_EACH).clamp(FEWEST, MOST)).unwrap_or(u32::MAX)
}

/// The user with this number, registered at this instant by the operator, and the event of that. Staff, who may hold as
/// many reservations a week as they like.
pub(super) fn make(seed: u64, number: u32, at: DateTime<Utc>) -> Result<(User, Past<UserEvent>), Error> {
    let mut random = chance::of(seed, Subject::Person(number));
    let (correlation_id, id, event_id) =
        (chance::id(&mut random, at), chance::id(&mut random, at), chance::id(&mut random, at));
    let (first, last) = (one_of(&mut random, &FIRST_NAMES), one_of(&mut random, &LAST_NAMES));
    let name = [first, last].into_iter().flatten().copied().collect::<Vec<_>>().join(" ");
    let email = format!("{}.{number}@sample.bookly.local", name.to_lowercase().replace(' ', "."));
    let role = if random.u32(..5) == 0 { Role::AdministrativeStaff } else { Role::Teacher };
    // Only looked at: what is stored is the hash of a password that nobody knows.
    let password = Secret::password()?;
    let registered = register(id, &email, &name, password.expose(), &BTreeSet::from([role]));
    let registered = registered.map_err(|violations| Error::Unfit(format!("{violations:?}")))?;
    let event = UserEvent::from(registered);
    let user = User::apply(None, 1, at, &event).map_err(Error::Unfit)?;
    Ok((user, Past { event_id, version: 1, at, metadata: Metadata::new(correlation_id), event }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_neither_too_few_users_nor_too_many() {
        assert_eq!([0, 1_000, 2_000_000].map(count), [10, 40, 3_000]);
    }

    #[test]
    fn no_two_users_share_an_address_and_none_is_a_student() {
        let users = (0..500).map(|number| make(1, number, DateTime::UNIX_EPOCH).expect("fits").0);
        let users: Vec<User> = users.collect();
        let emails: BTreeSet<&String> = users.iter().map(|user| &user.email).collect();
        assert_eq!(emails.len(), users.len());
        assert!(users.iter().all(|user| user.roles.iter().all(|role| role.is_staff())));
        assert_eq!(users[7], make(1, 7, DateTime::UNIX_EPOCH).expect("fits").0);
    }
}
