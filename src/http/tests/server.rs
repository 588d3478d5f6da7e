use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};

use futures_util::future::join;

use super::Edge;
use crate::http::serve;

/// A request without a token, as bytes; the answer up to the end of the connection.
fn exchange(mut stream: impl Read + Write, path: &str) -> String {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: bookly\r\nConnection: close\r\n\r\n").expect("is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("is text");
    answer
}

#[actix_web::test]
async fn whoever_comes_through_the_control_socket_is_the_operator() {
    const ACTORS: &str = "/api/v1/admin/actors";
    let edge = Edge::new().await;
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("control");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let control = UnixListener::bind(&socket).expect("a socket");
    let server = serve(edge.state().clone(), Some(listener), Some(control)).expect("serves");
    let handle = server.handle();
    let ask = tokio::task::spawn_blocking(move || {
        let tcp = || TcpStream::connect(address).expect("connects");
        let unix = || UnixStream::connect(&socket).expect("connects");
        let live = exchange(tcp(), "/health/live");
        (live, exchange(tcp(), ACTORS), exchange(unix(), ACTORS))
    });
    let asked = async {
        let answers = ask.await.expect("ends");
        handle.stop(true).await;
        answers
    };
    let (served, (live, stranger, operator)) = join(server, asked).await;
    served.expect("ends in order");
    assert!(live.starts_with("HTTP/1.1 200 "), "{live}");
    assert!(stranger.starts_with("HTTP/1.1 401 "), "{stranger}");
    assert!(operator.starts_with("HTTP/1.1 200 ") && operator.contains("bookly/resources"), "{operator}");
}
