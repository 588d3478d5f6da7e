//! Open-loop load: requests are due at fixed times, whether or not earlier ones have been answered.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use crate::Outcome;
use crate::http::head;

/// Requests that can be without an answer at once. More that are due wait, and that they did counts.
const CONNECTIONS: usize = 64;

/// Sends `requests` at `rate` a second; how long after it was due each was answered, in milliseconds.
///
/// # Errors
/// When a connection fails, or an answer has another status than `wanted`.
pub fn steady(address: &str, rate: u32, wanted: u16, requests: &[Vec<u8>]) -> Outcome<Vec<f64>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let streams = try_join_all((0..CONNECTIONS).map(|_| TcpStream::connect(address))).await?;
        let (began, next) = (Instant::now(), Cell::new(0_u32));
        let work = streams.into_iter().map(|stream| async {
            let (mut stream, mut buffer, mut late) = (stream, Vec::with_capacity(4 * 1024), Vec::new());
            stream.set_nodelay(true)?;
            while let Some(request) = requests.get(usize::try_from(next.get())?) {
                let due = began + due(next.replace(next.get() + 1), rate);
                sleep_until(due).await;
                stream.write_all(request).await?;
                answer(&mut stream, &mut buffer, wanted).await?;
                late.push(due.elapsed().as_secs_f64() * 1_000.0);
            }
            Outcome::Ok(late)
        });
        Ok(try_join_all(work).await?.concat())
    })
}

/// When a request is due, from the beginning.
fn due(number: u32, rate: u32) -> Duration {
    Duration::from_secs(1) * number / rate
}

async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>, wanted: u16) -> Outcome {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the connection was closed".into());
        }
        match head(buffer)? {
            Some(head) if head.status != wanted => {
                return Err(format!("an unwanted answer: {}", String::from_utf8_lossy(buffer)).into());
            }
            Some(head) if head.end <= buffer.len() => return Ok(()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn requests_are_due_at_a_fixed_rate() {
        assert_eq!(
            (due(0, 500), due(1, 500), due(1_000, 500)),
            (Duration::ZERO, Duration::from_millis(2), Duration::from_secs(2))
        );
    }

    /// Answers whatever comes over a connection, with this status.
    fn serve(status: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || {
                    let mut buffer = [0; 64];
                    while stream.read(&mut buffer).is_ok_and(|length| length > 0) {
                        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
                        if stream.write_all(answer.as_bytes()).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        address
    }

    #[test]
    fn every_request_is_answered_or_the_first_that_is_refused_is_told() {
        let requests = vec![b"x".to_vec(); 100];
        let late = steady(&serve("201 Created"), 10_000, 201, &requests).unwrap();
        assert_eq!(late.len(), 100);
        let refused = steady(&serve("409 Conflict"), 10_000, 201, &requests).unwrap_err();
        assert!(refused.to_string().contains("409"), "{refused}");
    }
}
