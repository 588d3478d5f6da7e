//! Texts that must not be seen, and where new ones come from.

use argon2::password_hash::rand_core::{OsRng, RngCore};
use blake2::{Blake2s256, Digest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Error;

/// Letters and digits without those that are taken for another: no `i`, `l`, `o`, `I`, `L`, `O`, `0`, `1`.
const UNAMBIGUOUS: &[u8; 54] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789";
/// Characters of a generated password: log2(54^20), 115 bits.
const GENERATED_LENGTH: usize = 20;

/// A password or a token: its owner gets to see it, logs do not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// 32 bytes of the operating system's randomness, in hexadecimal.
    pub(super) fn random() -> Result<Self, Error> {
        Ok(Self(hexadecimal(&random_bytes::<32>()?)))
    }

    /// A password that is easy to copy from a screen, from the operating system's randomness.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn password() -> Result<Self, Error> {
        let mut password = String::with_capacity(GENERATED_LENGTH);
        while password.len() < GENERATED_LENGTH {
            password.extend(random_bytes::<32>()?.into_iter().filter_map(character));
        }
        password.truncate(GENERATED_LENGTH);
        Ok(Self(password))
    }

    /// What is stored of a random token: enough to recognise it, useless to whoever reads the database. A plain hash
    /// does, because 256 random bits cannot be guessed (BLAKE2s, RFC 7693).
    pub(super) fn fingerprint(&self) -> String {
        hexadecimal(&Blake2s256::digest(self.0.as_bytes()))
    }
}

/// The character for a random byte; `None` for the few bytes that would make some characters likelier than others.
fn character(byte: u8) -> Option<char> {
    let fair = u8::MAX as usize / UNAMBIGUOUS.len() * UNAMBIGUOUS.len();
    let place = usize::from(byte);
    (place < fair).then(|| char::from(UNAMBIGUOUS[place % UNAMBIGUOUS.len()]))
}

fn random_bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(Error::cryptography)?;
    Ok(bytes)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_character_is_equally_likely() {
        let mut times = BTreeMap::new();
        (0..=u8::MAX).filter_map(character).for_each(|c| *times.entry(c).or_insert(0) += 1);
        assert_eq!(times.len(), UNAMBIGUOUS.len());
        assert!(times.values().all(|count| *count == 4), "{times:?}");
        assert!("ilo01ILO".chars().all(|c| !times.contains_key(&c)));
    }

    #[test]
    fn generated_texts_have_their_length_and_differ() {
        let (one, other) = (Secret::password().expect("random"), Secret::password().expect("random"));
        assert_eq!(one.expose().len(), GENERATED_LENGTH);
        assert_ne!(one, other);
        let (one, other) = (Secret::random().expect("random"), Secret::random().expect("random"));
        assert_eq!((one.expose().len(), one.fingerprint().len()), (64, 64));
        assert_ne!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn the_fingerprint_is_blake2s() {
        let expected = "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982";
        assert_eq!(Secret::from("abc").fingerprint(), expected, "RFC 7693, appendix B");
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "Secret");
    }
}
