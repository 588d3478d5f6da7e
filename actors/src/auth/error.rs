//! Why the auth service refuses.

use crate::database;
use crate::violation::Violation;

/// A refusal of the auth service.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No account has this e-mail address and this password; which of the two is wrong is not told.
    #[error("the e-mail address or the password is wrong; check both and try again")]
    BadCredentials,
    /// Too many wrong passwords in a row for this e-mail address.
    #[error("too many wrong passwords for this e-mail address; try again in {retry_after_s} s")]
    Locked {
        /// Seconds until the next attempt is let through.
        retry_after_s: u64,
    },
    /// Another user has the e-mail address.
    #[error("{0} belongs to another user; use another e-mail address")]
    EmailTaken(String),
    /// No such user.
    #[error("there is no such user")]
    NotFound,
    /// The account is switched off.
    #[error("the account is not active; ask an administrator to activate it")]
    Inactive,
    /// Fields are not as they must be.
    #[error("the request breaks {} rules", .0.len())]
    Invalid(Vec<Violation>),
    /// The caller saw another version.
    #[error("it has version {current} by now; read it again and repeat the change")]
    VersionStale {
        /// The version it has.
        current: i64,
    },
    /// The refresh token is unknown, used or expired, or its session has ended.
    #[error("the session has ended; log in again")]
    TokenInvalid,
    /// A password could not be hashed, a token not be made, or the operating system gave no random bytes.
    #[error("cryptography failed: {0}")]
    Cryptography(String),
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] database::Error),
}

impl Error {
    /// A failure of a cryptographic library.
    pub(super) fn cryptography(error: impl std::fmt::Display) -> Self {
        Self::Cryptography(error.to_string())
    }

    /// A decision that its own model cannot apply.
    pub(super) fn unfit(reason: String) -> Self {
        Self::Storage(database::Error::Damaged(reason))
    }
}
