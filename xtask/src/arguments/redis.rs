//! Options of `cargo xtask redis`, and how they travel on to the keeper.

use std::ffi::OsString;
use std::path::PathBuf;

use super::options;

/// A private Redis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redis {
    /// The server's program; empty until it has been looked for.
    pub program: PathBuf,
    /// Its port; without it, a free one.
    pub port: Option<u16>,
}

impl Redis {
    /// Parses the options.
    ///
    /// # Errors
    /// A sentence for the user when a word is not understood.
    pub fn parse(words: &[&str]) -> Result<Self, String> {
        let mut redis = Self::default();
        options::each(words, |name, value| {
            match name {
                "--port" => redis.port = Some(options::port(value()?)?),
                _ => return Err(format!("`{name}` is not an option of a Redis")),
            }
            Ok(())
        })?;
        Ok(redis)
    }

    /// The two words that [`Redis::read`] reads.
    pub fn words(&self) -> [OsString; 2] {
        let port = self.port.map_or_else(|| "any".into(), |port| port.to_string());
        [self.program.clone().into(), port.into()]
    }

    /// Reads what the keeper is told.
    ///
    /// # Errors
    /// When the second word is no port and not `any`.
    pub fn read(program: &str, port: &str) -> Result<Self, String> {
        let port = if port == "any" { None } else { Some(options::port(port)?) };
        Ok(Self { program: program.into(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for port in [None, Some(7)] {
            let redis = Redis { program: "/a b/redis-server".into(), port };
            let words = redis.words().map(|word| word.into_string().unwrap());
            assert_eq!(Redis::read(&words[0], &words[1]), Ok(redis));
        }
    }

    #[test]
    fn a_mistake_is_named() {
        for (words, named) in [(&["--port"][..], "`--port` needs"), (&["--port", "x"], "`x`"), (&["now"], "`now`")] {
            let problem = Redis::parse(words).expect_err(named);
            assert!(problem.contains(named), "{words:?}: {problem}");
        }
    }
}
