//! Requests and answers as bytes: what a load costs is to be the server's work and not the client's.

use crate::Outcome;

/// A request as it is sent.
pub fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n");
    if !token.is_empty() {
        request.push_str(&format!("authorization: Bearer {token}\r\n"));
    }
    if !body.is_empty() {
        request.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    format!("{request}\r\n{body}").into_bytes()
}

/// An answer whose end is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// Where its body begins.
    pub body: usize,
    /// Where it ends.
    pub end: usize,
}

/// The answer that `bytes` begin with; `None` while its head is not complete.
///
/// # Errors
/// When it is no HTTP, or does not say how long its body is.
pub fn head(bytes: &[u8]) -> Outcome<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(body) = response.parse(bytes)? else { return Ok(None) };
    let status = response.code.ok_or("no status")?;
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = match length {
        Some(header) => std::str::from_utf8(header.value)?.trim().parse()?,
        None if status == 204 || status == 304 => 0,
        None => return Err("an answer without content-length".into()),
    };
    Ok(Some(Head { status, body, end: body + length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_head_says() {
        let bytes = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1";
        let found = head(bytes).unwrap().unwrap();
        assert_eq!((found.status, &bytes[found.body..found.end]), (201, &b"{}"[..]));
        assert_eq!(head(&bytes[..20]).unwrap(), None);
        assert!(head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }

    #[test]
    fn a_request_names_its_length() {
        let text = String::from_utf8(request("POST", "/a", "t", "{}")).unwrap();
        assert!(
            text.ends_with("authorization: Bearer t\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
        );
    }
}
