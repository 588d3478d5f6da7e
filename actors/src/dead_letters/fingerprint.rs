//! What tells failures of one cause from those of another.

use blake2::{Blake2s256, Digest};
use uuid::Uuid;

use super::model::Reason;

/// Characters of a fingerprint.
const LENGTH: usize = 16;

/// The same for all dead letters that failed alike: for the same reason, at the same consumer, with the same type of
/// event and an error that differs in ids, numbers, instants and quoted values only.
pub fn fingerprint(reason: Reason, consumer: &str, event_type: Option<&str>, error: &str) -> String {
    let parts = [reason.name(), consumer, event_type.unwrap_or_default(), &general(error)];
    let digest = Blake2s256::digest(parts.join("\0").as_bytes());
    let mut text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(LENGTH);
    text
}

/// The error without what differs from case to case.
fn general(error: &str) -> String {
    let mut text = String::with_capacity(error.len());
    let mut rest = error;
    let mut after_word = false;
    while let Some(first) = rest.chars().next() {
        if is_quote(first)
            && !after_word
            && let Some(end) = rest.get(first.len_utf8()..).and_then(|inner| inner.find(first))
        {
            text.push('"');
            after_word = false;
            rest = rest.get(end + 2 * first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let word = word(rest);
        if word.is_empty() {
            text.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        } else {
            text.push_str(if is_particular(word) { "#" } else { word });
            rest = rest.get(word.len()..).unwrap_or_default();
        }
        after_word = !word.is_empty();
    }
    text
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\'' | '`')
}

/// Letters and digits, with the signs that numbers, ids and instants hold inside.
fn word(text: &str) -> &str {
    let end =
        text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '+' | ':' | '.' | '_'))).unwrap_or(text.len());
    // A sentence's full stop belongs to no word.
    text.get(..end).unwrap_or_default().trim_end_matches(['-', '+', ':', '.', '_'])
}

fn is_particular(word: &str) -> bool {
    word.chars().any(char::is_numeric) || Uuid::try_parse(word).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(error: &str) -> String {
        fingerprint(Reason::Failed, "reports", Some("resource.created"), error)
    }

    #[test]
    fn what_differs_from_case_to_case_is_left_out() {
        let one =
            "resource 0198a2b4-7c1e-7d3a-9c55-0f4e2a9be001 has version 7, not 9 (\"SA 401\") at 2026-03-02T08:00:00Z.";
        let other = "resource aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa has version 12, not 3 (\"x\") at 2027-11-30T23:59:59.5+02:00.";
        assert_eq!(general(one), "resource # has version #, not # (\") at #.");
        assert_eq!(of(one), of(other));
    }

    #[test]
    fn other_words_are_another_failure() {
        assert_ne!(of("the room is closed"), of("the room is open"));
        assert_ne!(of("x"), fingerprint(Reason::Poison, "reports", Some("resource.created"), "x"));
        assert_ne!(of("x"), fingerprint(Reason::Failed, "availability", Some("resource.created"), "x"));
        assert_ne!(of("x"), fingerprint(Reason::Failed, "reports", Some("resource.deleted"), "x"));
        assert_ne!(of("x"), fingerprint(Reason::Failed, "reports", None, "x"));
    }

    #[test]
    fn an_apostrophe_begins_no_quotation() {
        assert_eq!(general("it doesn't fit; room's open"), "it doesn't fit; room's open");
        assert_eq!(general("the field `a` of 'b'"), "the field \" of \"");
    }

    proptest! {
        #[test]
        fn numbers_and_ids_make_no_difference(number in any::<i64>(), id in any::<u128>(), quoted in "[^\"]{0,20}") {
            let error = |number: i64, id: u128, quoted: &str| {
                format!("event {} is number {number}: \"{quoted}\" is wrong", Uuid::from_u128(id))
            };
            prop_assert_eq!(of(&error(number, id, &quoted)), of(&error(1, 2, "x")));
        }

        #[test]
        fn any_text_has_a_fingerprint(error in any::<String>()) {
            let fingerprint = of(&error);
            prop_assert!(fingerprint.len() == LENGTH && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }
}
