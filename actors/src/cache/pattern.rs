//! Which keys an operator means.

use std::fmt;
use std::str::FromStr;

/// A pattern for keys: `*` stands for any text, everything else for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

/// A pattern that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a pattern is a key in which * stands for any text, such as resources:list:*")]
pub struct PatternError;

impl Pattern {
    /// Every key.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// Whether it means this key.
    pub fn fits(&self, key: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return key == self.0 };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(mut key) = key.strip_prefix(first).and_then(|key| key.strip_suffix(last)) else { return false };
        middle.split('*').all(|part| match key.split_once(part) {
            Some((_, behind)) => {
                key = behind;
                true
            }
            None => part.is_empty(),
        })
    }

    /// The pattern as Redis reads it (<https://redis.io/docs/latest/commands/keys/>): its other wildcards are escaped.
    pub(super) fn glob(&self, namespace: &str) -> String {
        let mut glob = String::new();
        for c in namespace.chars() {
            escape(&mut glob, c, "*?[]\\^");
        }
        for c in self.0.chars() {
            escape(&mut glob, c, "?[]\\^");
        }
        glob
    }
}

fn escape(glob: &mut String, c: char, special: &str) {
    if special.contains(c) {
        glob.push('\\');
    }
    glob.push(c);
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let text = text.trim();
        if text.is_empty() || text.len() > 500 { Err(PatternError) } else { Ok(Self(text.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, key: &str) -> bool {
        pattern.parse::<Pattern>().expect("a pattern").fits(key)
    }

    #[test]
    fn a_star_is_any_text_and_all_else_itself() {
        assert!(fits("*", "") && fits("*", "resource:1"));
        assert!(fits("resources:list:*", "resources:list:ab") && !fits("resources:list:*", "resource:1"));
        assert!(fits("availability:*:2026-*", "availability:7:2026-03-02"));
        assert!(!fits("availability:*:2026-*", "availability:rules:7"));
        assert!(fits("a", "a") && !fits("a", "ab") && !fits("a?", "ab"));
        assert!(fits("*ab", "xabab") && !fits("*ab", "xaba") && fits("a*a", "aa") && !fits("a*a", "a"));
    }

    #[test]
    fn redis_is_told_of_no_other_wildcards() {
        let pattern: Pattern = "a?[b]*".parse().expect("a pattern");
        assert_eq!(pattern.glob("n*:"), "n\\*:a\\?\\[b\\]*");
        assert!("  ".parse::<Pattern>().is_err());
    }
}
