//! Hashing passwords: slow on purpose, so never on a database thread nor on an actor's.

use std::hint::black_box;
use std::sync::Arc;

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Error, Secret};
use crate::database;

/// Memory that one hash takes, in KiB (OWASP Password Storage Cheat Sheet, argon2id).
const MEMORY_KIB: u32 = 19_456;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Lanes of it.
const LANES: u32 = 1;
/// Hashes at once: more would not be faster, only take memory and the processors from everything else.
const AT_ONCE: usize = 2;

/// Makes and compares password hashes (argon2id, RFC 9106) on blocking threads, a few at a time.
#[derive(Clone)]
pub(super) struct Hashing {
    cost: (u32, u32, u32),
    places: Arc<Semaphore>,
}

/// A turn at hashing; the next in line gets it when it is dropped.
pub(super) struct Turn<'a> {
    cost: (u32, u32, u32),
    _place: SemaphorePermit<'a>,
}

impl Hashing {
    /// With the cost that passwords deserve.
    pub fn owasp() -> Self {
        Self::costing((MEMORY_KIB, PASSES, LANES))
    }

    /// With the least cost there is, so that tests need not wait.
    #[cfg(test)]
    pub fn fast() -> Self {
        Self::costing((Params::MIN_M_COST, Params::MIN_T_COST, LANES))
    }

    fn costing(cost: (u32, u32, u32)) -> Self {
        Self { cost, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Waits for a turn.
    pub async fn turn(&self) -> Result<Turn<'_>, Error> {
        let place = self.places.acquire().await.map_err(Error::cryptography)?;
        Ok(Turn { cost: self.cost, _place: place })
    }
}

impl Turn<'_> {
    /// The hash of a password, with its salt and parameters, as a PHC string.
    pub async fn hash(&self, password: Secret) -> Result<String, Error> {
        let cost = self.cost;
        aside(move || {
            let salt = SaltString::generate(&mut OsRng);
            let hash = hasher(cost)?.hash_password(password.expose().as_bytes(), &salt);
            Ok(hash.map_err(Error::cryptography)?.to_string())
        })
        .await
    }

    /// Whether the password has this hash. Without a hash the same work is done for nothing, so that the time does not
    /// tell whether there is an account.
    pub async fn verify(&self, password: Secret, hash: Option<String>) -> Result<bool, Error> {
        let cost = self.cost;
        aside(move || match hash {
            Some(hash) => compare(&password, &hash, cost),
            None => pretend(&password, cost),
        })
        .await
    }
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::cryptography)?
}

fn hasher((memory_kib, passes, lanes): (u32, u32, u32)) -> Result<Argon2<'static>, Error> {
    let params = Params::new(memory_kib, passes, lanes, None).map_err(Error::cryptography)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn compare(password: &Secret, hash: &str, cost: (u32, u32, u32)) -> Result<bool, Error> {
    let damaged = |error| database::Error::Damaged(format!("a password hash: {error}"));
    let hash = PasswordHash::new(hash).map_err(damaged)?;
    // The cost is that of the stored hash; the one given is only for new ones.
    match hasher(cost)?.verify_password(password.expose().as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(error) => Err(damaged(error).into()),
    }
}

fn pretend(password: &Secret, cost: (u32, u32, u32)) -> Result<bool, Error> {
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    let salt = [0; argon2::RECOMMENDED_SALT_LEN];
    hasher(cost)?.hash_password_into(password.expose().as_bytes(), &salt, &mut output).map_err(Error::cryptography)?;
    black_box(output);
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_rt::test]
    async fn only_the_right_password_has_the_hash() {
        let hashing = Hashing::fast();
        let turn = hashing.turn().await.expect("a turn");
        let hash = turn.hash("correct horse".into()).await.expect("hashed");
        assert!(turn.verify("correct horse".into(), Some(hash.clone())).await.expect("compared"));
        assert!(!turn.verify("correct house".into(), Some(hash)).await.expect("compared"));
        assert!(!turn.verify("correct horse".into(), None).await.expect("compared"));
    }

    #[actix_rt::test]
    async fn hashes_are_phc_strings_of_the_recommended_cost() {
        let hashing = Hashing::owasp();
        let turn = hashing.turn().await.expect("a turn");
        let hash = turn.hash("correct horse".into()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }

    #[actix_rt::test]
    async fn a_damaged_hash_is_no_wrong_password() {
        let hashing = Hashing::fast();
        let turn = hashing.turn().await.expect("a turn");
        let outcome = turn.verify("correct horse".into(), Some("$argon2id$".into())).await;
        assert!(matches!(outcome, Err(Error::Storage(database::Error::Damaged(_)))), "{outcome:?}");
    }

    #[actix_rt::test]
    async fn the_third_waits_for_one_of_two() {
        let hashing = Hashing::fast();
        let (one, _other) = (hashing.turn().await.expect("a turn"), hashing.turn().await.expect("a turn"));
        assert_eq!(hashing.places.available_permits(), 0);
        drop(one);
        assert!(hashing.turn().await.is_ok());
    }
}
