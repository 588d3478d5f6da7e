//! Looking into a Redis.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Mutex;
use std::time::Duration;

use super::answer::{Answer, request};
use super::url::Place;

const LIMIT: Duration = Duration::from_secs(10);

/// The keys of a Redis, or those of one namespace in it, named without the namespace. It connects when it is used, and
/// again after the server was gone.
pub struct Keys {
    place: Place,
    namespace: String,
    limit: Duration,
    connection: Mutex<Option<BufReader<TcpStream>>>,
}

impl Keys {
    /// Every key of the Redis at this URL.
    pub fn new(url: &str) -> Self {
        let place = Place::read(url);
        Self { place, namespace: String::new(), limit: LIMIT, connection: Mutex::default() }
    }

    /// The keys of a namespace: those that begin with it.
    pub fn within(self, namespace: &str) -> Self {
        Self { namespace: namespace.to_owned(), ..self }
    }

    /// Waits this long for an answer, instead of ten seconds.
    pub fn patient_for(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// The value of a key, if it has one that is a text.
    pub fn get(&self, key: &str) -> Option<String> {
        self.command(&["GET", &self.whole(key)]).text()
    }

    /// Whether there is a value of any type.
    pub fn exists(&self, key: &str) -> bool {
        self.command(&["EXISTS", &self.whole(key)]) == Answer::Number(1)
    }

    /// Stores a text for ever.
    pub fn set(&self, key: &str, value: &str) {
        assert_eq!(self.command(&["SET", &self.whole(key), value]), Answer::Text("OK".to_owned()));
    }

    /// Removes a key; whether it was there.
    pub fn del(&self, key: &str) -> bool {
        self.command(&["DEL", &self.whole(key)]) == Answer::Number(1)
    }

    /// The keys that match a pattern such as `rules:*`, in order of the alphabet.
    pub fn matching(&self, pattern: &str) -> Vec<String> {
        let pattern = format!("{}{pattern}", literal(&self.namespace));
        let mut cursor = "0".to_owned();
        // Redis may tell a key twice (SCAN's guarantees).
        let mut found = BTreeSet::new();
        loop {
            let answer = self.command(&["SCAN", &cursor, "MATCH", &pattern, "COUNT", "1000"]);
            let Answer::List(mut parts) = answer else { panic!("SCAN: {answer:?}") };
            found.extend(parts.pop().expect("keys").texts());
            cursor = parts.pop().and_then(Answer::text).expect("a cursor");
            if cursor == "0" {
                break;
            }
        }
        found.iter().filter_map(|key| key.strip_prefix(&self.namespace)).map(str::to_owned).collect()
    }

    /// Sends any command; keys in it are whole, with their namespace. Fails the test when Redis refuses it or does not
    /// answer.
    #[track_caller]
    pub fn command(&self, words: &[&str]) -> Answer {
        match self.try_command(words) {
            Ok(Answer::Refusal(words)) => panic!("Redis refuses: {words}"),
            Ok(answer) => answer,
            Err(error) => panic!("Redis at {} does not answer: {error}", self.place.address),
        }
    }

    /// Sends any command; an error when no answer comes in time.
    pub fn try_command(&self, words: &[&str]) -> io::Result<Answer> {
        self.pipeline(&[words]).map(|mut answers| answers.pop().expect("one answer a command"))
    }

    /// Sends several commands at once; an error when not all answers come in time.
    pub fn pipeline(&self, commands: &[&[&str]]) -> io::Result<Vec<Answer>> {
        let mut held = self.connection.lock().expect("nobody panics while asking");
        if let Some(mut connection) = held.take() {
            match ask(&mut connection, commands) {
                // The server that this connection led to is gone.
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {}
                outcome => {
                    *held = outcome.is_ok().then_some(connection);
                    return outcome;
                }
            }
        }
        let mut connection = self.connect()?;
        let answers = ask(&mut connection, commands)?;
        *held = Some(connection);
        Ok(answers)
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let address = self.place.address.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
        let stream = TcpStream::connect_timeout(&address, self.limit)?;
        stream.set_read_timeout(Some(self.limit))?;
        stream.set_nodelay(true)?;
        let mut connection = BufReader::new(stream);
        let credentials = self.place.credentials();
        if !credentials.is_empty() {
            accepted(&ask(&mut connection, &[&[&["AUTH"], &credentials[..]].concat()])?)?;
        }
        if self.place.database != 0 {
            accepted(&ask(&mut connection, &[&["SELECT", &self.place.database.to_string()]])?)?;
        }
        Ok(connection)
    }

    fn whole(&self, key: &str) -> String {
        format!("{}{key}", self.namespace)
    }
}

fn ask(connection: &mut BufReader<TcpStream>, commands: &[&[&str]]) -> io::Result<Vec<Answer>> {
    let questions: Vec<u8> = commands.iter().flat_map(|words| request(words)).collect();
    connection.get_mut().write_all(&questions)?;
    commands.iter().map(|_| Answer::read(connection)).collect()
}

fn accepted(answers: &[Answer]) -> io::Result<()> {
    match answers {
        [Answer::Refusal(words)] => Err(io::Error::new(io::ErrorKind::PermissionDenied, words.clone())),
        _ => Ok(()),
    }
}

/// A pattern that matches this text alone.
fn literal(text: &str) -> String {
    text.chars().flat_map(|c| "*?[]\\^".contains(c).then_some('\\').into_iter().chain([c])).collect()
}

#[test]
fn keys_of_a_namespace_are_told_apart() {
    let Some(server) = super::RedisServer::start(module_path!()) else { return };
    let (all, own) = (server.keys(), server.keys().within("a*[b]:"));
    own.set("rules:1", "one");
    own.set("rules:2", "two");
    own.set("users:1", "three");
    all.set("axb:rules:3", "of another");
    assert_eq!(own.matching("rules:*"), ["rules:1", "rules:2"]);
    assert_eq!(own.matching("*"), ["rules:1", "rules:2", "users:1"]);
    assert_eq!(all.matching("*:rules:1"), ["a*[b]:rules:1"]);
    assert_eq!((own.get("rules:2").as_deref(), own.get("rules:3")), (Some("two"), None));
    assert!(own.del("rules:1") && !own.del("rules:1") && !own.exists("rules:1") && own.exists("rules:2"));
    assert_eq!(all.command(&["DBSIZE"]), Answer::Number(3));
}

#[test]
fn more_keys_than_one_answer_holds_are_all_found() {
    let Some(server) = super::RedisServer::start(module_path!()) else { return };
    let keys = server.keys();
    let script = "for n = 1, 5000 do redis.call('SET', 'k:' .. n, n) end";
    keys.command(&["EVAL", script, "0"]);
    assert_eq!(keys.matching("k:*").len(), 5_000);
}

#[test]
fn a_key_of_another_type_is_there_and_has_no_text() {
    let Some(server) = super::RedisServer::start(module_path!()) else { return };
    let keys = server.keys();
    keys.command(&["RPUSH", "list", "a", "b"]);
    assert!(keys.exists("list"));
    assert!(matches!(keys.try_command(&["GET", "list"]), Ok(Answer::Refusal(words)) if words.starts_with("WRONGTYPE")));
    assert_eq!(keys.command(&["LRANGE", "list", "0", "-1"]).texts(), ["a", "b"]);
}

#[test]
fn a_password_and_a_database_are_taken_from_the_url() {
    let Some(server) = super::RedisServer::start_with(module_path!(), &["--requirepass", "secret"]) else { return };
    let at = |account: &str, database: u32| {
        Keys::new(&format!("{}/{database}", server.url().replace("//", &format!("//{account}"))))
    };
    at(":secret@", 1).set("a", "1");
    assert_eq!((at(":secret@", 1).exists("a"), at("default:secret@", 0).exists("a")), (true, false));
    let refused = at(":wrong@", 0).try_command(&["PING"]).expect_err("a wrong password");
    assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
}
