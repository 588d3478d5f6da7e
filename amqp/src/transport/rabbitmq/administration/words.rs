//! What the broker says about a thing that is not what was declared, in plain words.

/// Puts `PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received 'true' but current is
/// 'false'` into the words that a comparison uses; what cannot be read is quoted.
pub(super) fn what_differs(said: &str) -> String {
    argument(said).unwrap_or_else(|| format!("is not what it must be: the broker says {said}"))
}

fn argument(said: &str) -> Option<String> {
    let (name, rest) = said.split_once("inequivalent arg '")?.1.split_once('\'')?;
    let (wanted, found) = rest.split_once(": received ")?.1.split_once(" but current is ")?;
    let (wanted, found) = (value(wanted)?, value(found)?);
    Some(match (wanted, found) {
        (Some(wanted), Some(found)) => format!("has \"{name}\" with \"{found}\" and must have it with \"{wanted}\""),
        (Some(wanted), None) => format!("lacks \"{name}\", which must be \"{wanted}\""),
        (None, Some(found)) => format!("has \"{name}\" with \"{found}\" and must not have it"),
        (None, None) => return None,
    })
}

/// `none`, `'classic'`, or `the value '5' of type 'signedint'`.
fn value(said: &str) -> Option<Option<&str>> {
    if said.trim() == "none" {
        return Some(None);
    }
    let (value, _) = said.split_once('\'')?.1.split_once('\'')?;
    Some(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_rabbitmq_become_plain_words() {
        let said = |tail: &str| {
            what_differs(&format!(
                "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'bookly.reports' in vhost '/': {tail}"
            ))
        };
        assert_eq!(
            said("received 'quorum' but current is 'classic'"),
            "has \"x-queue-type\" with \"classic\" and must have it with \"quorum\""
        );
        assert_eq!(
            said("received the value 'quorum' of type 'longstr' but current is none"),
            "lacks \"x-queue-type\", which must be \"quorum\""
        );
        assert_eq!(
            said("received none but current is the value '5' of type 'signedint'"),
            "has \"x-queue-type\" with \"5\" and must not have it"
        );
    }

    #[test]
    fn other_words_are_quoted() {
        let said = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'bookly.reports' in vhost '/'.";
        assert!(what_differs(said).ends_with(said));
    }
}
