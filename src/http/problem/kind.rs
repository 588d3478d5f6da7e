//! Every kind of refusal, once: its code, its status and what it means.

/// A kind of refusal.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Stable, for programs: `version.stale`.
    pub code: &'static str,
    /// The HTTP status that goes with it.
    pub status: u16,
    /// The kind in words, always the same.
    pub title: &'static str,
}

impl Kind {
    /// The URI reference that identifies the kind (RFC 9457, section 3.1.1).
    pub fn type_uri(&self) -> String {
        format!("/problems/{}", self.code)
    }
}

macro_rules! kinds {
    ($($name:ident = $status:literal, $code:literal, $title:literal;)+) => {
        $(#[doc = $title] pub const $name: Kind = Kind {
            code: $code, status: $status, title: $title,
        };)+

        /// Every kind there is.
        pub const ALL: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    BODY_MALFORMED = 400, "body.malformed", "The body is not what the operation takes.";
    BODY_TOO_LARGE = 413, "body.too_large", "The body is larger than the operation takes.";
    BODY_TYPE = 415, "body.type", "The body has another media type than the operation takes.";
    BODY_LATE = 408, "body.late", "The body did not arrive in time.";
    QUERY_INVALID = 400, "query.invalid", "A query parameter is unknown or not what it must be.";
    HEADER_INVALID = 400, "header.invalid", "A header is not what it must be.";
    UNAUTHENTICATED = 401, "auth.unauthenticated", "The request carries no valid access token.";
    LOGIN_REFUSED = 401, "auth.login_refused", "The address or the password is wrong.";
    SESSION_ENDED = 401, "auth.session_ended", "The session has ended or never was.";
    LOCKED = 423, "auth.locked", "Too many wrong passwords were tried.";
    INACTIVE = 403, "auth.inactive", "The account is switched off.";
    FORBIDDEN = 403, "auth.forbidden", "The caller lacks a permission.";
    NOT_FOUND = 404, "not_found", "There is no such thing.";
    NO_SUCH_PATH = 404, "path.unknown", "There is no such path.";
    METHOD_NOT_ALLOWED = 405, "method.not_allowed", "The path does not know the method.";
    RULES_BROKEN = 422, "rules.broken", "The request breaks rules.";
    VERSION_STALE = 412, "version.stale", "The thing has been changed since the caller read it.";
    RESOURCE_CODE_TAKEN = 409, "resource.code_taken", "Another resource has the code.";
    RESOURCE_HAS_RESERVATIONS = 409, "resource.has_reservations", "The resource has reservations in the future.";
    CATEGORY_NAME_TAKEN = 409, "category.name_taken", "Another category has the name.";
    EMAIL_TAKEN = 409, "user.email_taken", "Another user has the address.";
    RESERVATION_CONFLICT = 409, "reservation.conflict", "The time is taken.";
    RESERVATION_NOT_CHANGEABLE = 409, "reservation.not_changeable", "The reservation is past the state in which this can be done.";
    DEAD_LETTER_STATE = 409, "dead_letter.state", "The dead letter is in a state in which this cannot be done.";
    DEAD_LETTER_BEHIND = 409, "dead_letter.behind", "An earlier dead letter of the same aggregate comes first.";
    DEAD_LETTER_NOT_EDITABLE = 409, "dead_letter.not_editable", "The dead letter's payload cannot be edited.";
    IMPORT_FILE = 422, "import.file", "The file as a whole cannot be imported.";
    IMPORT_REFUSED = 422, "import.refused", "Rows are refused and the import is strict.";
    IDEMPOTENCY_IN_PROGRESS = 409, "idempotency.in_progress", "The same request is still being answered.";
    IDEMPOTENCY_MISMATCH = 422, "idempotency.mismatch", "The key belongs to another request.";
    TOO_MANY_REQUESTS = 429, "too_many_requests", "Too many requests; wait as long as Retry-After says.";
    INTERNAL = 500, "internal", "The server failed.";
    OVERLOADED = 503, "overloaded", "The part that does this has more to do than it can take in.";
    UNAVAILABLE = 503, "unavailable", "The part that does this is not available.";
    LATE = 504, "late", "The part that does this did not answer in time.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_of_one_form() {
        let codes: BTreeSet<_> = ALL.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), ALL.len());
        assert!(codes.iter().all(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '_')));
        assert!(ALL.iter().all(|kind| (400..600).contains(&kind.status) && kind.title.ends_with('.')));
    }
}
