//! What passes through a proxy, and when.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How a proxy behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conduct {
    /// It passes everything on.
    #[default]
    Pass,
    /// It holds each answer back for this long.
    Delay(Duration),
    /// It passes nothing on.
    Stall,
    /// It drops every connection.
    Refuse,
    /// It is over.
    End,
}

/// The connections through a proxy. Whoever waits here is woken when anything changes.
#[derive(Default)]
pub struct Traffic {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    conduct: Conduct,
    entered: u64,
    open: BTreeMap<u64, [TcpStream; 2]>,
}

impl Traffic {
    /// Behaves so from now on.
    pub fn become_so(&self, conduct: Conduct) {
        self.state().conduct = conduct;
        self.changed.notify_all();
    }

    /// Drops every connection.
    pub fn drop_connections(&self) {
        let open = std::mem::take(&mut self.state().open);
        open.values().flatten().for_each(close);
        self.changed.notify_all();
    }

    /// Drops every connection, for ever.
    pub fn end(&self) {
        self.become_so(Conduct::End);
        self.drop_connections();
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.state().conduct == Conduct::End
    }

    /// Notes a connection; the number by which it is known. An error when it is to be dropped at once.
    pub fn enter(&self, client: &TcpStream, server: &TcpStream) -> io::Result<u64> {
        let streams = [client.try_clone()?, server.try_clone()?];
        let mut state = self.state();
        if [Conduct::Refuse, Conduct::End].contains(&state.conduct) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        state.entered += 1;
        let number = state.entered;
        state.open.insert(number, streams);
        Ok(number)
    }

    /// Passes on what the client says until either end is gone.
    pub fn carry_questions(&self, connection: u64, mut from: &TcpStream, mut to: &TcpStream) {
        while let Some(bytes) = chunk(&mut from) {
            if !self.wait_for_turn(connection, None) || to.write_all(&bytes).is_err() {
                break;
            }
        }
        self.leave(connection);
    }

    /// Passes on what the server says until either end is gone. Reading goes on meanwhile, so that each answer is held
    /// back from when it came and not from when the one before it went.
    pub fn carry_answers(self: &Arc<Self>, connection: u64, from: TcpStream, mut to: &TcpStream) {
        let (came, next) = channel();
        std::thread::spawn(move || read_answers(from, &came));
        self.pass_answers(connection, &next, &mut to);
        self.leave(connection);
    }

    fn pass_answers(&self, connection: u64, next: &Receiver<(Instant, Vec<u8>)>, to: &mut impl Write) {
        for (came, bytes) in next {
            if !self.wait_for_turn(connection, Some(came)) || to.write_all(&bytes).is_err() {
                return;
            }
        }
    }

    /// Waits until what came then may pass (only answers are delayed); false when the connection is gone.
    fn wait_for_turn(&self, connection: u64, came: Option<Instant>) -> bool {
        let mut state = self.state();
        loop {
            if !state.open.contains_key(&connection) {
                return false;
            }
            let left = match (state.conduct, came) {
                (Conduct::Stall, _) => None,
                (Conduct::Delay(delay), Some(came)) => Some((came + delay).saturating_duration_since(Instant::now())),
                _ => Some(Duration::ZERO),
            };
            state = match left {
                Some(Duration::ZERO) => return true,
                Some(left) => self.changed.wait_timeout(state, left).expect("nobody panics with it").0,
                None => self.changed.wait(state).expect("nobody panics with it"),
            };
        }
    }

    fn leave(&self, connection: u64) {
        let streams = self.state().open.remove(&connection);
        streams.iter().flatten().for_each(close);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }
}

fn read_answers(mut from: TcpStream, came: &Sender<(Instant, Vec<u8>)>) {
    while let Some(bytes) = chunk(&mut from) {
        if came.send((Instant::now(), bytes)).is_err() {
            break;
        }
    }
}

/// What can be read; `None` when nothing comes any more.
fn chunk(from: &mut impl Read) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 16 * 1024];
    let length = from.read(&mut bytes).ok().filter(|length| *length > 0)?;
    bytes.truncate(length);
    Some(bytes)
}

fn close(stream: &TcpStream) {
    // It may be closed already.
    let _ = stream.shutdown(Shutdown::Both);
}
