//! The parts of a Redis URL (`redis://[USER][:PASSWORD@]HOST[:PORT][/DATABASE]`).

/// Where a Redis is, and how it lets clients in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What stands before the `@`, with it; empty when clients need no password.
    account: String,
    /// Host and port.
    pub address: String,
    /// The logical database; 0 where none is named.
    pub database: u32,
}

impl Place {
    /// Reads a URL.
    pub fn read(url: &str) -> Self {
        let rest = url.strip_prefix("redis://").expect("a URL that begins with redis://");
        let (account, rest) = rest.rfind('@').map_or(("", rest), |at| rest.split_at(at + 1));
        let (address, database) = rest.split_once('/').unwrap_or((rest, ""));
        let address = if address.contains(':') { address.to_owned() } else { format!("{address}:6379") };
        Self { account: account.to_owned(), address, database: database.parse().unwrap_or(0) }
    }

    /// What the AUTH command wants, if anything.
    pub fn credentials(&self) -> Vec<&str> {
        let (user, password) = self.account.trim_end_matches('@').split_once(':').unwrap_or_default();
        [user, password].into_iter().filter(|part| !part.is_empty()).collect()
    }

    /// The URL of the same where it is reached by another port of this machine.
    pub fn through(&self, port: u16) -> String {
        format!("redis://{}127.0.0.1:{port}/{}", self.account, self.database)
    }
}

#[test]
fn the_parts_of_a_url_are_found() {
    let place = Place::read("redis://:secret@h:1/2");
    assert_eq!((place.address.as_str(), place.database, place.credentials()), ("h:1", 2, vec!["secret"]));
    assert_eq!(place.through(7), "redis://:secret@127.0.0.1:7/2");
    assert_eq!(Place::read("redis://u:p@h:1").credentials(), ["u", "p"]);
    let bare = Place::read("redis://h");
    assert_eq!((bare.address.as_str(), bare.database, bare.credentials()), ("h:6379", 0, vec![]));
    assert_eq!(bare.through(7), "redis://127.0.0.1:7/0");
}
