//! Operations on dead letters.

mod bulk;
mod one;
mod overview;

use actix_web::http::StatusCode;
use actors::access::Permission;
use actors::dead_letters::Error;

use super::caller::Access;
use super::problem::{Kind, Problem, kind};
use super::route::{Group, get, post};

const OPERATE: Access = Access::Permission(Permission::Operate);
const CHANGE: &[&Kind] = &[&kind::NOT_FOUND, &kind::DEAD_LETTER_STATE, &kind::RULES_BROKEN];
const RETRY: &[&Kind] = &[
    &kind::NOT_FOUND,
    &kind::DEAD_LETTER_STATE,
    &kind::DEAD_LETTER_BEHIND,
    &kind::DEAD_LETTER_NOT_EDITABLE,
    &kind::RULES_BROKEN,
];

/// The operations. Fixed paths come before those with a parameter in their place.
pub fn group() -> Group {
    let retry_all = "Retries all that match and wait for an operator: one first, and if that goes well the others.";
    let routes = vec![
        get(OPERATE, "/admin/dead-letters", "listDeadLetters", "Lists dead letters, those parked last first.")
            .to(overview::list),
        get(OPERATE, "/admin/dead-letters/stats", "countDeadLetters", "How many dead letters there are.")
            .to(overview::count),
        get(OPERATE, "/admin/dead-letters/groups", "groupDeadLetters", "Dead letters that failed alike, in groups.")
            .to(overview::group),
        get(OPERATE, "/admin/dead-letters/retries/{id}", "getBulkRetry", "How far a bulk retry is, or how it ended.")
            .may_refuse(&[&kind::NOT_FOUND])
            .to(bulk::show),
        get(OPERATE, "/admin/dead-letters/{id}", "getDeadLetter", "One dead letter, with its message and history.")
            .may_refuse(&[&kind::NOT_FOUND])
            .to(one::show),
        post(OPERATE, "/admin/dead-letters/retry", "retryDeadLetters", retry_all)
            .answers(StatusCode::ACCEPTED)
            .may_refuse(&[&kind::RULES_BROKEN])
            .to(bulk::start),
        post(OPERATE, "/admin/dead-letters/{id}/retry", "retryDeadLetter", "Tries a dead letter once more, now.")
            .may_refuse(RETRY)
            .to(one::retry),
        post(
            OPERATE,
            "/admin/dead-letters/{id}/resolve",
            "resolveDeadLetter",
            "Says that it was dealt with otherwise.",
        )
        .may_refuse(CHANGE)
        .to(one::resolve),
        post(OPERATE, "/admin/dead-letters/{id}/discard", "discardDeadLetter", "Gives a dead letter up.")
            .may_refuse(CHANGE)
            .to(one::discard),
    ];
    Group { name: "Dead letters", about: "Events that a consumer could not handle.", routes }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound => Self::no_such("dead letter"),
            Error::BulkNotFound => Self::no_such("bulk retry"),
            Error::State(_) => Self::new(&kind::DEAD_LETTER_STATE, detail),
            Error::Behind { first } => Self::new(&kind::DEAD_LETTER_BEHIND, detail).with("first", first),
            Error::NotEditable(_) => Self::new(&kind::DEAD_LETTER_NOT_EDITABLE, detail),
            Error::Invalid(violations) => Self::violations(violations),
            Error::Storage(error) => error.into(),
        }
    }
}
