//! Lists a page at a time, each page beginning behind the last key of the one before.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::problem::{Problem, kind};

/// How many items a page holds at most, 1 to 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(inline)]
pub struct Limit(#[schemars(range(min = 1, max = 200))] u16);

impl Limit {
    /// As a number.
    pub fn get(self) -> i64 {
        self.0.into()
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(deserializer)?;
        let number = u16::try_from(number).ok().filter(|number| (1..=200).contains(number));
        number.map(Self).ok_or_else(|| D::Error::custom("must be 1 to 200"))
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Give this as `cursor` to get the next page; null on the last one.
    pub next_cursor: Option<Cursor>,
}

/// Where a page begins: what the page before it gave as `nextCursor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Cursor(String);

/// Bytes that tell a cursor of this list from a mistyped one or one of another list.
const CHECK_BYTES: usize = 4;

impl Cursor {
    /// The cursor behind `key` in the list called `list`.
    pub fn behind<K: Serialize>(list: &str, key: &K) -> Self {
        let key = serde_json::to_vec(key).unwrap_or_default();
        let mut bytes = check(list, &key).to_vec();
        bytes.extend(key);
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The key that the cursor stands behind.
    ///
    /// # Errors
    /// 400 when it is not one that the list called `list` gave.
    pub fn key<K: DeserializeOwned>(&self, list: &str) -> Result<K, Problem> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&self.0).ok().filter(|bytes| bytes.len() > CHECK_BYTES);
        let key = bytes.as_deref().and_then(|bytes| {
            let (found, key) = bytes.split_at(CHECK_BYTES);
            (found == check(list, key)).then(|| serde_json::from_slice(key).ok()).flatten()
        });
        key.ok_or_else(|| {
            let detail =
                "cursor is not one that this list gave as nextCursor; leave it out to begin with the first page";
            Problem::new(&kind::QUERY_INVALID, detail)
        })
    }
}

fn check(list: &str, key: &[u8]) -> [u8; CHECK_BYTES] {
    let named = [list.as_bytes(), b"\0", key].concat();
    let [a, b, c, d, ..] = Uuid::new_v5(&Uuid::NAMESPACE_OID, &named).into_bytes();
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn limits_outside_their_range_are_refused() {
        let limit = |text| serde_json::from_str::<Limit>(text).map(Limit::get).ok();
        assert_eq!((limit("1"), limit("200")), (Some(1), Some(200)));
        assert!(["0", "201", "-1", "70000", "1.5", "\"x\""].into_iter().all(|text| limit(text).is_none()));
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = Cursor::behind("resources", &"SA401");
        assert_eq!(cursor.key::<String>("resources").ok().as_deref(), Some("SA401"));
        assert!(cursor.key::<String>("events").is_err());
        assert!(cursor.key::<i64>("resources").is_err());
    }

    proptest! {
        #[test]
        fn a_cursor_gives_its_key_back(text in any::<String>(), number in any::<i64>()) {
            let cursor = Cursor::behind("list", &(&text, number));
            prop_assert!(cursor.0.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            prop_assert_eq!(cursor.key::<(String, i64)>("list").ok(), Some((text, number)));
        }

        #[test]
        fn no_text_is_a_panic(text in any::<String>()) {
            let _ = Cursor(text).key::<String>("list");
        }

        #[test]
        fn a_changed_cursor_is_refused(key in "[a-z]{1,20}", place in any::<prop::sample::Index>()) {
            let Cursor(text) = Cursor::behind("list", &key);
            let place = place.index(text.len());
            let other = if &text[place..=place] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &text[..place], &text[place + 1..]);
            prop_assert!(Cursor(changed).key::<String>("list").is_err());
        }
    }
}
