//! Redis's protocol (<https://redis.io/docs/latest/develop/reference/protocol-spec/>, version 2), as far as tests need
//! it.

use std::io::{self, BufRead};

/// What Redis answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// There is nothing.
    Nil,
    /// A number.
    Number(i64),
    /// A text; bytes that are no UTF-8 are replaced.
    Text(String),
    /// Several answers.
    List(Vec<Answer>),
    /// A refusal, such as `OOM command not allowed`.
    Refusal(String),
}

impl Answer {
    /// Reads one answer.
    pub fn read(from: &mut impl BufRead) -> io::Result<Self> {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let line = line.strip_suffix("\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let odd = || io::Error::new(io::ErrorKind::InvalidData, line.to_owned());
        let (kind, rest) = line.split_at_checked(1).ok_or_else(odd)?;
        let number = || rest.parse::<i64>().map_err(|_| odd());
        Ok(match kind {
            "+" => Self::Text(rest.to_owned()),
            "-" => Self::Refusal(rest.to_owned()),
            ":" => Self::Number(number()?),
            "$" => match usize::try_from(number()?) {
                Ok(length) => {
                    let mut bytes = vec![0; length + 2];
                    from.read_exact(&mut bytes)?;
                    Self::Text(String::from_utf8_lossy(&bytes[..length]).into_owned())
                }
                Err(_) => Self::Nil,
            },
            "*" => match usize::try_from(number()?) {
                Ok(length) => Self::List((0..length).map(|_| Self::read(from)).collect::<Result<_, _>>()?),
                Err(_) => Self::Nil,
            },
            _ => return Err(odd()),
        })
    }

    /// The text, of an answer that is one.
    pub fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts, of an answer that lists some.
    pub fn texts(self) -> Vec<String> {
        match self {
            Self::List(answers) => answers.into_iter().filter_map(Self::text).collect(),
            _ => vec![],
        }
    }
}

/// A command as it is sent: a list of texts.
pub fn request(words: &[&str]) -> Vec<u8> {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request += &format!("${}\r\n{word}\r\n", word.len());
    }
    request.into_bytes()
}

#[test]
fn every_kind_of_answer_is_read() {
    let list = b"*3\r\n$5\r\na\r\nbc\r\n:-7\r\n*-1\r\n+OK\r\n-ERR no\r\n$-1\r\n*0\r\n";
    let mut bytes = &list[..];
    let answers: Vec<_> = std::iter::from_fn(|| Answer::read(&mut bytes).ok()).collect();
    let text = |text: &str| Answer::Text(text.to_owned());
    let first = Answer::List(vec![text("a\r\nbc"), Answer::Number(-7), Answer::Nil]);
    assert_eq!(answers, [first, text("OK"), Answer::Refusal("ERR no".to_owned()), Answer::Nil, Answer::List(vec![])]);
    for broken in [&b""[..], b"+OK", b"$5\r\nab", b":x\r\n", b"?\r\n", b"\r\n"] {
        assert!(Answer::read(&mut &broken[..]).is_err(), "{broken:?}");
    }
}

#[test]
fn a_command_counts_bytes() {
    assert_eq!(request(&["GET", "é"]), "*2\r\n$3\r\nGET\r\n$2\r\né\r\n".as_bytes());
}
