//! Writing users that were made elsewhere, and who cannot log in: for an installation that is filled.

use super::hashing::Hashing;
use super::{Error, Secret, User, store};
use crate::database::{self, Transaction};

/// The hash of a password that nobody knows.
#[derive(Clone)]
pub(crate) struct UnknownPassword(String);

impl UnknownPassword {
    /// Makes up a password, hashes it and forgets it.
    ///
    /// # Errors
    /// When the operating system has no randomness to give, or hashing fails.
    pub(crate) async fn make() -> Result<Self, Error> {
        let hashing = Hashing::owasp();
        Ok(Self(hashing.turn().await?.hash(Secret::random()?).await?))
    }
}

/// Writes the rows of new users, all with the same password, which nobody knows.
///
/// # Errors
/// When a statement fails.
pub(crate) fn insert_bulk(
    transaction: &mut Transaction<'_>,
    new: &[User],
    password: &UnknownPassword,
) -> Result<(), database::Error> {
    new.iter().try_for_each(|user| store::insert_row(transaction, user, &password.0))
}
