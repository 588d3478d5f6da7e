//! How operator commands reach the installation: over the control socket of the process that runs, or, when none does,
//! of one that this process starts for the time of the command.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actors::clock::Clock;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::http::request;
use hyper::http::uri::Authority;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use crate::app::{App, StartError};
use crate::http;
use crate::settings::Settings;

/// Why an operator command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The installation could not be started for the command.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The control socket failed.
    #[error("the control socket failed: {0}")]
    Socket(String),
    /// The server at another address cannot be used.
    #[error("{0}")]
    Address(String),
    /// The installation refused; the text is its problem document's.
    #[error("{detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it says.
        detail: String,
        /// The whole problem document.
        problem: Value,
    },
}

impl From<io::Error> for ControlError {
    fn from(error: io::Error) -> Self {
        Self::Socket(error.to_string())
    }
}

/// A way to the installation.
pub struct Control {
    way: Way,
    own: Option<(App, ServerHandle)>,
}

/// Over which connection it is spoken to.
enum Way {
    Socket(PathBuf),
    Remote { authority: Authority, token: String },
}

/// How long a server at another address may take to take a connection.
const CONNECTING: Duration = Duration::from_secs(10);

impl Control {
    /// Reaches the installation that runs on the data directory, or starts one.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn reach(settings: &Settings) -> Result<Self, ControlError> {
        let socket = settings.control_socket();
        if UnixStream::connect(&socket).await.is_ok() {
            return Ok(Self { way: Way::Socket(socket), own: None });
        }
        let app = App::start(settings.clone(), Clock::system()).await?;
        let server = http::serve(app.http_state(), None, Some(app.control_listener()?))?;
        let handle = server.handle();
        actix_web::rt::System::current().arbiter().spawn(async {
            if let Err(error) = server.await {
                log::error!("the control socket failed: {error}");
            }
        });
        Ok(Self { way: Way::Socket(socket), own: Some((app, handle)) })
    }

    /// Reaches the server at a URL such as `http://127.0.0.1:8080`, with an access token.
    ///
    /// # Errors
    /// [`ControlError::Address`] when the URL or the token cannot be used.
    pub fn remote(url: &str, token: Option<&str>) -> Result<Self, ControlError> {
        let refused = |why: &str| ControlError::Address(format!("{url}: {why}"));
        let uri: Uri = url.parse().map_err(|error| refused(&format!("{error}")))?;
        if uri.scheme_str() != Some("http") {
            return Err(refused("begin with http://; reach a server behind TLS through a tunnel to its own port"));
        }
        if !matches!(uri.path(), "" | "/") {
            return Err(refused("leave the path out; give http://host:port"));
        }
        let authority = uri.authority().cloned().ok_or_else(|| refused("name the host"))?;
        let token = token.filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| refused("set BOOKLY_TOKEN to the access token of a user who may operate"))?;
        Ok(Self { way: Way::Remote { authority, token: token.to_owned() }, own: None })
    }

    /// Whether an installation was running already.
    pub fn was_running(&self) -> bool {
        self.own.is_none()
    }

    /// Ends the installation that was started for the command.
    pub async fn close(self) {
        if let Some((app, handle)) = self.own {
            handle.stop(true).await;
            app.stop().await;
        }
    }

    /// Reads.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn get(&self, path: &str) -> Result<Value, ControlError> {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ControlError> {
        self.send(Method::POST, path, &[("content-type", "application/json")], body.to_string().into_bytes()).await
    }

    /// Sends a request and reads the JSON of its answer.
    ///
    /// # Errors
    /// [`ControlError::Refused`] for any status but 2xx.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Value, ControlError> {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match &self.way {
            Way::Socket(socket) => {
                let request = request.header("host", "bookly");
                exchange(UnixStream::connect(socket).await?, complete(request, body)?).await
            }
            Way::Remote { authority, token } => {
                let request = request.header("host", authority.as_str());
                let request = request.header("authorization", format!("Bearer {token}"));
                exchange(connect(authority).await?, complete(request, body)?).await
            }
        }
    }
}

fn complete(request: request::Builder, body: Vec<u8>) -> Result<Request<Full<Bytes>>, ControlError> {
    request.body(Full::new(Bytes::from(body))).map_err(|error| ControlError::Socket(error.to_string()))
}

async fn connect(authority: &Authority) -> Result<TcpStream, ControlError> {
    let unreachable = |why: String| ControlError::Address(format!("http://{authority} cannot be reached: {why}"));
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let connecting = TcpStream::connect((host, authority.port_u16().unwrap_or(80)));
    let connected = tokio::time::timeout(CONNECTING, connecting).await;
    connected.map_err(|_| unreachable("it does not answer".to_owned()))?.map_err(|error| unreachable(error.to_string()))
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Value, ControlError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| ControlError::Socket(error.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(broken)?;
        read(response).await.map_err(broken)
    };
    // The connection only makes progress while it is polled, and ends with the exchange.
    tokio::select! {
        answer = exchange => answer?,
        ended = connection => Err(ControlError::Socket(format!("it was closed: {ended:?}"))),
    }
}

async fn read(response: Response<hyper::body::Incoming>) -> Result<Result<Value, ControlError>, hyper::Error> {
    let status = response.status();
    let bytes = response.into_body().collect().await?.to_bytes();
    let value: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(Ok(value));
    }
    Ok(Err(refused(status, value)))
}

fn refused(status: StatusCode, problem: Value) -> ControlError {
    let mut detail = problem["detail"].as_str().unwrap_or(status.as_str()).to_owned();
    for error in problem["errors"].as_array().into_iter().flatten() {
        detail.push_str("\n  ");
        detail.push_str(error["message"].as_str().unwrap_or_default());
    }
    ControlError::Refused { status: status.as_u16(), detail, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_used_is_told_with_what_to_do() {
        let refused = |url, token| Control::remote(url, token).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused("https://a.example", Some("x")).contains("tunnel"));
        assert!(refused("http://a.example/api/v1", Some("x")).contains("http://host:port"));
        assert!(refused("a.example:8080", Some("x")).contains("begin with http://"));
        assert!(refused("http://a.example", None).contains("BOOKLY_TOKEN"));
        assert!(refused("http://a.example", Some("")).contains("BOOKLY_TOKEN"));
        assert_eq!(refused("http://[::1]:8080/", Some("x")), "");
    }
}
