//! Asking a server a question in its own protocol: a port listens before what is behind it works.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5);

/// The first `length` bytes of the answer of what listens on a port of the loopback interface; `None` when it says less
/// or nothing.
pub fn ask(port: u16, question: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.write_all(question).ok()?;
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).ok()?;
    Some(answer)
}

#[cfg(test)]
pub mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A port where one client is told these words, whatever it says.
    pub fn port_that_says(words: &'static [u8]) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(words).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            stream.read_to_end(&mut Vec::new())
        });
        port
    }

    #[test]
    fn an_answer_is_as_long_as_wanted_or_none() {
        assert_eq!(ask(port_that_says(b"yes, sir"), b"?", 3), Some(b"yes".to_vec()));
        assert_eq!(ask(port_that_says(b"ye"), b"?", 3), None);
    }
}
