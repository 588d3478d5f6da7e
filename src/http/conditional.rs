//! Conditional requests: entity tags of aggregates (RFC 9110, sections 8.8.3 and 13.1).
//!
//! An aggregate's tag is its version in quotes: `"7"`.

use actix_web::http::header::{ETAG, HeaderMap, IF_MATCH, IF_NONE_MATCH};

use super::problem::{Problem, kind};

/// The entity tag of a version.
pub fn entity_tag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The version that `If-Match` demands; `None` when any will do.
///
/// # Errors
/// 400 when the header is no entity tag, 412 when it is one that no version has.
pub fn expected_version(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let malformed = || {
        Problem::new(
            &kind::HEADER_INVALID,
            "If-Match must be one entity tag as an answer's ETag gave it, such as \"7\", or *",
        )
    };
    let value = value.to_str().map_err(|_| malformed())?.trim();
    if value == "*" {
        return Ok(None);
    }
    let strong = value.strip_prefix("W/").unwrap_or(value);
    let opaque = strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let opaque = opaque.filter(|opaque| !opaque.contains('"')).ok_or_else(malformed)?;
    // A weak tag is never equal to another one when a change depends on it (RFC 9110, section 8.8.3.2).
    match opaque.parse() {
        Ok(version) if !value.starts_with("W/") && entity_tag(version) == value => Ok(Some(version)),
        _ => Err(Problem::new(
            &kind::VERSION_STALE,
            format!("no version has the entity tag {value}; read the thing again"),
        )),
    }
}

/// Whether the client has what `answer` would send it.
pub fn is_known(request: &HeaderMap, answer: &HeaderMap) -> bool {
    let Some(tag) = answer.get(ETAG).and_then(|tag| tag.to_str().ok()) else { return false };
    let known = request.get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|value| value.split(',')).map(str::trim);
    known.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).expect("a header value"));
        headers
    }

    fn if_match(value: &str) -> Result<Option<i64>, u16> {
        expected_version(&headers(IF_MATCH, value)).map_err(|problem| problem.kind().status)
    }

    #[test]
    fn if_match_is_a_version_or_anything() {
        assert_eq!(if_match("\"7\""), Ok(Some(7)));
        assert_eq!(if_match(" * "), Ok(None));
        assert_eq!(expected_version(&HeaderMap::new()).ok(), Some(None));
    }

    #[test]
    fn tags_that_no_version_has_are_stale_and_others_malformed() {
        for stale in ["W/\"7\"", "\"abc\"", "\"07\"", "\"\""] {
            assert_eq!(if_match(stale), Err(412), "{stale}");
        }
        for malformed in ["7", "\"7", "7\"", "", "\"1\", \"2\"", "\""] {
            assert_eq!(if_match(malformed), Err(400), "{malformed}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly_and_takes_lists() {
        let answer = headers(ETAG, "\"3\"");
        for known in ["\"3\"", "W/\"3\"", "\"1\", \"3\"", "*"] {
            assert!(is_known(&headers(IF_NONE_MATCH, known), &answer), "{known}");
        }
        assert!(!is_known(&headers(IF_NONE_MATCH, "\"4\""), &answer));
        assert!(!is_known(&headers(IF_NONE_MATCH, "*"), &HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn a_tag_is_read_back(version in any::<i64>()) {
            prop_assert_eq!(if_match(&entity_tag(version)), Ok(Some(version)));
        }

        #[test]
        fn no_header_is_a_panic(value in "[ -~]{0,20}") {
            let _ = if_match(&value);
        }
    }
}
