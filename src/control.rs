//! How operator commands reach the installation: over the control socket of the process that runs, or, when none does,
//! of one that this process starts for the time of the command.

use std::io;
use std::path::PathBuf;

use actix_web::dev::ServerHandle;
use actors::clock::Clock;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

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
    socket: PathBuf,
    own: Option<(App, ServerHandle)>,
}

impl Control {
    /// Reaches the installation that runs on the data directory, or starts one.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn reach(settings: &Settings) -> Result<Self, ControlError> {
        let socket = settings.control_socket();
        if UnixStream::connect(&socket).await.is_ok() {
            return Ok(Self { socket, own: None });
        }
        let app = App::start(settings.clone(), Clock::system()).await?;
        let server = http::serve(app.http_state(), None, Some(app.control_listener()?))?;
        let handle = server.handle();
        actix_web::rt::System::current().arbiter().spawn(async {
            if let Err(error) = server.await {
                log::error!("the control socket failed: {error}");
            }
        });
        Ok(Self { socket, own: Some((app, handle)) })
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
        let stream = UnixStream::connect(&self.socket).await?;
        let broken = |error: hyper::Error| ControlError::Socket(error.to_string());
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}")).header("host", "bookly");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body)));
        let request = request.map_err(|error| ControlError::Socket(error.to_string()))?;
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
