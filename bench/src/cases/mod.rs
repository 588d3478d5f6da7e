//! The cases, each a question and how it is measured.

mod book;
mod book_embedded;
mod consume;
mod growth;
mod herd;
mod idle;
mod latency;
mod publish;
mod read;
mod search;
mod start;

use crate::figures::Row;
use crate::servers::Servers;
use crate::{Outcome, Scale};

/// One comparison.
pub struct Case {
    /// The word on the command line.
    pub name: &'static str,
    /// What it answers.
    pub question: &'static str,
    /// How ours is measured, how the reference is, and what neither includes: for the report.
    pub method: &'static str,
    /// Measures it.
    pub measure: fn(&Servers, Scale) -> Outcome<Vec<Row>>,
}

/// Every case, in the order of the report.
pub const ALL: &[Case] = &[
    read::CASE,
    book::CASE,
    book_embedded::CASE,
    search::CASE,
    herd::CASE,
    publish::CASE,
    consume::CASE,
    latency::CASE,
    idle::CASE,
    growth::CASE,
    start::CASE,
];

/// The cases with these names, all of them when none is given.
///
/// # Errors
/// When there is no such case.
pub fn named(names: &[String]) -> Outcome<Vec<&'static Case>> {
    if names.is_empty() {
        return Ok(ALL.iter().collect());
    }
    let find = |name: &String| {
        let known = || ALL.iter().map(|case| case.name).collect::<Vec<_>>().join(", ");
        ALL.iter()
            .find(|case| case.name == name)
            .ok_or_else(|| format!("there is no case `{name}`: {}", known()).into())
    };
    names.iter().map(find).collect()
}

/// Plays a part of a case; see [`crate::process`].
///
/// # Errors
/// When there is no such part, or it fails.
pub fn play(part: &str, words: &[String]) -> Outcome {
    match part {
        read::PART => read::play(words),
        _ => Err("there is no such part".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_found_by_their_names() {
        let names = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(ToString::to_string).collect();
            named(&given).map(|cases| cases.iter().map(|case| case.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["read"]).unwrap(), ["read"]);
        assert_eq!(names(&[]).unwrap().len(), ALL.len());
        assert!(names(&["raed"]).unwrap_err().to_string().contains("read"));
    }
}
