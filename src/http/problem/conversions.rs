//! Failures of what the edge rests on, as problems.

use actix_web::http::header::RETRY_AFTER;
use actors::database;
use actors::supervision::CallError;

use super::{Problem, kind};

/// Seconds after which a client may try again.
const RETRY_AFTER_S: &str = "1";

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        match &error {
            CallError::Overloaded { actor, .. } => {
                let detail = format!("the {actor} service is busy and nothing was done; try again in a moment");
                Self::new(&kind::OVERLOADED, detail).with_header(RETRY_AFTER, RETRY_AFTER_S)
            }
            CallError::TimedOut { actor, .. } => {
                let detail = format!(
                    "the {actor} service did not answer in time; look whether it was done before you try again"
                );
                Self::new(&kind::LATE, detail)
            }
            CallError::Stopped { actor } => {
                let detail = format!("the {actor} service is not running; try again in a moment");
                Self::new(&kind::UNAVAILABLE, detail).with_header(RETRY_AFTER, RETRY_AFTER_S)
            }
            CallError::Panicked { .. } => Self::internal(error.to_string()),
        }
    }
}

impl From<database::Error> for Problem {
    fn from(error: database::Error) -> Self {
        if !error.is_transient() {
            return Self::internal(error.to_string());
        }
        Self::new(&kind::UNAVAILABLE, "the database is not available; try again in a moment")
            .with_header(RETRY_AFTER, RETRY_AFTER_S)
            .because(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    fn status_and_retry(problem: &Problem) -> (u16, bool) {
        let response = problem.respond(Uuid::nil());
        (response.status().as_u16(), response.headers().contains_key(RETRY_AFTER))
    }

    #[test]
    fn each_failed_call_has_its_status() {
        let actor = || "resources".to_owned();
        let call = |error: CallError| status_and_retry(&error.into());
        assert_eq!(call(CallError::Overloaded { actor: actor(), capacity: 1 }), (503, true));
        assert_eq!(call(CallError::Stopped { actor: actor() }), (503, true));
        assert_eq!(call(CallError::TimedOut { actor: actor(), limit: Duration::from_secs(10) }), (504, false));
        assert_eq!(call(CallError::Panicked { actor: actor(), message: "boom".into() }), (500, false));
    }

    #[test]
    fn neither_panics_nor_queries_leak() {
        let panicked = CallError::Panicked { actor: "resources".into(), message: "secret".into() };
        let failed = database::Error::Query("secret".into());
        let gone = database::Error::Unavailable("secret".into());
        for problem in [Problem::from(panicked), Problem::from(failed), Problem::from(gone)] {
            assert!(!problem.document(Uuid::nil()).to_string().contains("secret"));
        }
    }

    #[test]
    fn a_database_that_is_away_may_be_tried_again() {
        assert_eq!(status_and_retry(&database::Error::Unavailable("down".into()).into()), (503, true));
        assert_eq!(status_and_retry(&database::Error::Damaged("row".into()).into()), (500, false));
    }
}
