//! Options of `cargo xtask rabbitmq`, and how they travel on to the keeper.

use std::ffi::OsString;
use std::path::PathBuf;

use super::options;

/// A private broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broker {
    /// The directory of RabbitMQ's programs; empty until it has been looked for.
    pub bin: PathBuf,
    /// Where its data lies and stays; without it, in the run's directory, deleted with that.
    pub directory: Option<PathBuf>,
    /// The AMQP port; without it, a free one.
    pub port: Option<u16>,
    /// The management API's port; without it, a free one.
    pub management_port: Option<u16>,
}

impl Broker {
    /// Parses the options.
    ///
    /// # Errors
    /// A sentence for the user when a word is not understood.
    pub fn parse(words: &[&str]) -> Result<Self, String> {
        let mut broker = Self::default();
        options::each(words, |name, value| {
            match name {
                "--bin" => broker.bin = value()?.into(),
                "--directory" => broker.directory = Some(value()?.into()),
                "--port" => broker.port = Some(options::port(value()?)?),
                "--management-port" => broker.management_port = Some(options::port(value()?)?),
                _ => return Err(format!("`{name}` is not an option of a broker")),
            }
            Ok(())
        })?;
        Ok(broker)
    }

    /// The options as words that [`Broker::parse`] reads.
    pub fn words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["--bin".into(), self.bin.clone().into()];
        if let Some(directory) = &self.directory {
            words.extend(["--directory".into(), directory.into()]);
        }
        for (name, port) in [("--port", self.port), ("--management-port", self.management_port)] {
            words.extend(port.into_iter().flat_map(|port| [name.into(), port.to_string().into()]));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        let whole = Broker {
            bin: "/bin".into(),
            directory: Some("a b=c".into()),
            port: Some(1),
            management_port: Some(65_535),
        };
        for broker in [whole, Broker { bin: "/bin".into(), ..Broker::default() }] {
            let words: Vec<String> = broker.words().iter().map(|word| word.to_str().unwrap().to_owned()).collect();
            assert_eq!(Broker::parse(&words.iter().map(String::as_str).collect::<Vec<_>>()), Ok(broker));
        }
    }

    #[test]
    fn a_mistake_is_named() {
        for (words, named) in [
            (&["--port"][..], "`--port` needs"),
            (&["--port", "65536"], "`65536`"),
            (&["--port", "0"], "`0`"),
            (&["--directory="], "`--directory`"),
            (&["now"], "`now`"),
        ] {
            let problem = Broker::parse(words).expect_err(named);
            assert!(problem.contains(named), "{words:?}: {problem}");
        }
    }
}
