//! Broken rules, reported all at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// Which rule: stable, for programs. `rule.*` for rules of a resource, `field.*` for a field's form.
    pub code: String,
    /// The field that breaks it, as the request names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong and what would be right, for people.
    pub message: String,
}

impl Violation {
    /// A rule that no single field breaks.
    pub fn rule(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), field: None, message: message.into() }
    }

    /// A field whose form is wrong.
    pub fn field(code: &str, field: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), field: Some(field.to_owned()), message: message.into() }
    }
}

/// Checks the length of a text in characters and that it holds no control characters.
pub fn check_text(violations: &mut Vec<Violation>, field: &str, text: &str, range: std::ops::RangeInclusive<usize>) {
    let length = text.trim().chars().count();
    if !range.contains(&length) {
        let (least, most) = (range.start(), range.end());
        let message = format!("{field} must have {least} to {most} characters; it has {length}");
        violations.push(Violation::field("field.length", field, message));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        violations.push(Violation::field("field.characters", field, format!("{field} holds control characters")));
    }
}

/// Checks the text that says why something is done: at most 500 characters.
pub fn check_reason(reason: Option<&str>) -> Vec<Violation> {
    let mut violations = Vec::new();
    check_text(&mut violations, "reason", reason.unwrap_or_default(), 0..=500);
    violations
}
