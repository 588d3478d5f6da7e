//! What an e-mail address and a password must look like.

use crate::violation::Violation;

/// The longest address that can be delivered to, in bytes (RFC 5321, section 4.5.3.1, less the angle brackets).
const EMAIL_BYTES: usize = 254;
/// The longest local part of one, in bytes (RFC 5321, section 4.5.3.1.1).
const LOCAL_PART_BYTES: usize = 64;
/// How short a password may be, in characters.
const PASSWORD_LEAST: usize = 12;
/// How long a password may be, in characters: hashing a book would keep others waiting.
const PASSWORD_MOST: usize = 128;

/// The form in which addresses are stored and compared.
pub(super) fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whether no account can have these credentials, so that there is nothing to compare.
pub(super) fn hopeless(email: &str, password: &str) -> bool {
    email.is_empty() || email.len() > EMAIL_BYTES || password.chars().nth(PASSWORD_MOST).is_some()
}

/// Checks an address plainly: only a message that arrives proves one.
pub(super) fn check_email(violations: &mut Vec<Violation>, email: &str) {
    let right = email.len() <= EMAIL_BYTES
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(local, domain)| {
            (1..=LOCAL_PART_BYTES).contains(&local.len()) && domain.split('.').all(is_label)
        });
    if !right {
        let message = "must be an e-mail address such as name@example.edu, of at most 254 characters";
        violations.push(Violation::field("field.email", "email", message));
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c == '-' || c.is_alphanumeric())
}

/// Checks a password: long enough to be hard to guess, and not one of the first guesses. No demands on the kinds of
/// characters, as NIST SP 800-63B advises.
pub(super) fn check_password(violations: &mut Vec<Violation>, password: &str, email: &str, name: &str) {
    let mut broken = |message: String| violations.push(Violation::field("field.password", "password", message));
    let length = password.chars().count();
    if !(PASSWORD_LEAST..=PASSWORD_MOST).contains(&length) {
        broken(format!("must have {PASSWORD_LEAST} to {PASSWORD_MOST} characters; it has {length}"));
    }
    let plain = password.trim().to_lowercase();
    if !plain.is_empty() && (plain == email || plain == name.to_lowercase()) {
        broken("must not be the e-mail address or the name".to_owned());
    }
    let mut characters = password.chars();
    if length > 1 && characters.next().is_some_and(|first| characters.all(|c| c == first)) {
        broken("must not be one character repeated".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn email_is_fine(email: &str) -> bool {
        let mut violations = Vec::new();
        check_email(&mut violations, email);
        violations.is_empty()
    }

    fn broken(password: &str) -> usize {
        let mut violations = Vec::new();
        check_password(&mut violations, password, "someone@example.edu", "Someone Important");
        violations.len()
    }

    #[test]
    fn addresses_are_told_from_other_texts() {
        for email in ["a@b", "first.last+tag@example.edu", "admin@localhost", "ñandú@universidad.edu.co"] {
            assert!(email_is_fine(email), "{email}");
        }
        for email in ["", "@", "a@", "@b", "a b@c.d", "a@b@c", "a@b..c", "a@.b", "a@b.", "a@-b", "a\u{0}@b", "a"] {
            assert!(!email_is_fine(email), "{email}");
        }
        assert!(email_is_fine(&format!("{}@example.edu", "a".repeat(64))));
        assert!(!email_is_fine(&format!("{}@example.edu", "a".repeat(65))));
        assert!(!email_is_fine(&format!("a@{}", "b".repeat(253))));
    }

    #[test]
    fn the_length_of_a_password_is_counted_in_characters() {
        assert_eq!((broken("hunter2hunte"), broken("hunter2hunt")), (0, 1));
        assert_eq!((broken(&"añ".repeat(64)), broken(&"añ".repeat(65))), (0, 1));
        assert_eq!((hopeless("a@b", &"ñ".repeat(128)), hopeless("a@b", &"ñ".repeat(129))), (false, true));
    }

    #[test]
    fn the_first_guesses_are_refused() {
        for password in ["someone@example.edu", "Someone@Example.edu", " someone important ", "zzzzzzzzzzzzzzz"] {
            assert_eq!(broken(password), 1, "{password}");
        }
        assert_eq!(broken("zzz"), 2, "short, and one character repeated");
        assert_eq!(broken(""), 1);
    }

    proptest! {
        #[test]
        fn the_normal_form_is_a_fixed_point(email in "\\PC{0,40}") {
            let once = normal_email(&email);
            prop_assert_eq!(normal_email(&once), once);
        }

        /// A password that the rules accept can be tried.
        #[test]
        fn no_allowed_password_is_hopeless(password in "\\PC{0,140}") {
            prop_assert!(broken(&password) > 0 || !hopeless("a@b", &password));
        }
    }
}
