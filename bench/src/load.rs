//! Closed-loop load: each connection sends its next request when it has the answer to the one before.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;
use crate::http::{Head, head};

/// What a load experienced.
#[derive(Debug, Default)]
pub struct Experience {
    /// How long each answer took, in milliseconds.
    pub latencies_ms: Vec<f64>,
    /// From the first request to the last answer.
    pub lasted: Duration,
    /// Answers with a status that was not wanted.
    pub refused: usize,
    /// The first of those.
    pub first_refusal: Option<String>,
}

impl Experience {
    /// Wanted answers a second.
    pub fn rate(&self) -> f64 {
        (self.latencies_ms.len() - self.refused) as f64 / self.lasted.as_secs_f64()
    }

    /// The same, of which every answer must be wanted.
    ///
    /// # Errors
    /// The first answer that was not.
    pub fn clean(self) -> Outcome<Self> {
        match &self.first_refusal {
            Some(refusal) => Err(format!("{} unwanted answers, the first: {refusal}", self.refused).into()),
            None => Ok(self),
        }
    }
}

/// Sends what `next(connection)` makes over so many connections until it makes nothing more or `limit` is over. Whatever
/// has another status than `wanted` is counted as refused.
///
/// # Errors
/// When a connection fails.
pub fn closed_loop(
    address: &str,
    connections: usize,
    limit: Duration,
    wanted: u16,
    next: impl Fn(usize) -> Option<Vec<u8>>,
) -> Outcome<Experience> {
    closed_loop_of_many(address, connections, limit, &[wanted], next)
}

/// The same where several statuses are wanted.
///
/// # Errors
/// When a connection fails.
pub fn closed_loop_of_many(
    address: &str,
    connections: usize,
    limit: Duration,
    wanted: &[u16],
    next: impl Fn(usize) -> Option<Vec<u8>>,
) -> Outcome<Experience> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let open = (0..connections).map(|_| async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Outcome::Ok(Connection { stream, buffer: Vec::with_capacity(16 * 1024) })
        });
        let open = try_join_all(open).await?;
        let began = Instant::now();
        let work = open.into_iter().enumerate().map(|(number, connection)| {
            let next = &next;
            connection.work(wanted, move || (began.elapsed() < limit).then(|| next(number)).flatten())
        });
        let parts = try_join_all(work).await?;
        let mut whole = Experience { lasted: began.elapsed(), ..Experience::default() };
        for part in parts {
            whole.latencies_ms.extend(part.latencies_ms);
            whole.refused += part.refused;
            whole.first_refusal = whole.first_refusal.or(part.first_refusal);
        }
        Ok(whole)
    })
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn work(mut self, wanted: &[u16], mut next: impl FnMut() -> Option<Vec<u8>>) -> Outcome<Experience> {
        let mut experience = Experience::default();
        while let Some(request) = next() {
            let began = Instant::now();
            self.stream.write_all(&request).await?;
            let answer = self.answer().await?;
            experience.latencies_ms.push(began.elapsed().as_secs_f64() * 1_000.0);
            if !wanted.contains(&answer.status) {
                experience.refused += 1;
                let text = || String::from_utf8_lossy(self.buffer.get(..answer.end).unwrap_or_default()).into_owned();
                experience.first_refusal.get_or_insert_with(text);
            }
            self.buffer.clear();
        }
        Ok(experience)
    }

    async fn answer(&mut self) -> Outcome<Head> {
        let mut found = None;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the connection was closed".into());
            }
            if found.is_none() {
                found = head(&self.buffer)?;
            }
            if let Some(head) = found.filter(|head| head.end <= self.buffer.len()) {
                return Ok(head);
            }
        }
    }
}
