//! A message's bytes as JSON can carry them.

use base64::prelude::{BASE64_STANDARD, Engine};
use schemars::JsonSchema;
use serde::Serialize;

/// A message as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeadLetterMessage")]
pub struct Message {
    /// How `content` is to be read.
    pub encoding: Encoding,
    /// The message.
    pub content: String,
    /// Its length in bytes.
    pub bytes: usize,
}

/// How a message is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "DeadLetterEncoding")]
pub enum Encoding {
    /// As it is.
    Text,
    /// In base 64 (RFC 4648, section 4), because it is not UTF-8.
    Base64,
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        let length = bytes.len();
        let (encoding, content) = match String::from_utf8(bytes) {
            Ok(text) => (Encoding::Text, text),
            Err(error) => (Encoding::Base64, BASE64_STANDARD.encode(error.as_bytes())),
        };
        Self { encoding, content, bytes: length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_text_stays_text() {
        let message = Message::from("{\"ñ\"".as_bytes().to_vec());
        assert_eq!((message.encoding, message.content.as_str(), message.bytes), (Encoding::Text, "{\"ñ\"", 5));
        let message = Message::from(vec![0xff, 0xfe]);
        assert_eq!((message.encoding, message.content.as_str(), message.bytes), (Encoding::Base64, "//4=", 2));
    }
}
