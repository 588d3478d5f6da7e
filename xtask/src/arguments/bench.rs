//! Options of `cargo xtask bench`.

/// `cargo xtask bench`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Bench {
    /// Whether the cases only have to work: built for development, one short round.
    pub smoke: bool,
    /// Whether the measuring program is only asked what it can do.
    pub asks: bool,
    /// Passed to the measuring program.
    pub words: Vec<String>,
}

impl Bench {
    /// Parses what follows `bench`. The measuring program checks the names of cases itself.
    pub fn parse(words: &[&str]) -> Self {
        Self {
            smoke: words.contains(&"--smoke"),
            asks: words.iter().any(|word| ["--help", "-h", "--list"].contains(word)),
            words: words.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_passed_on() {
        let bench = Bench::parse(&["read", "--smoke"]);
        assert_eq!(bench, Bench { smoke: true, asks: false, words: vec!["read".into(), "--smoke".into()] });
        assert!(Bench::parse(&["--list"]).asks && Bench::parse(&["-h"]).asks);
        assert_eq!(Bench::parse(&[]), Bench::default());
    }
}
