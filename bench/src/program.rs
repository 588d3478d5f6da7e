//! The program that is measured, as a process with a data directory of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

use crate::Outcome;
use crate::servers::Servers;

/// How long a condition is waited for.
const PATIENCE: Duration = Duration::from_secs(600);
/// The account that every installation has from the beginning.
pub const ADMINISTRATOR: &str = "admin@bookly.local";

/// A broker that is not there: events stay in the outbox.
pub const NO_BROKER: &str = "amqp://guest:guest@127.0.0.1:1";

/// What a program is started with.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// PostgreSQL; SQLite without it.
    pub database_url: Option<String>,
    /// RabbitMQ; events stay within the process without it.
    pub amqp_url: Option<String>,
    /// Redis.
    pub redis_url: Option<String>,
    /// `in-process` or `off`, where there is no Redis.
    pub cache: Option<&'static str>,
    /// A data directory that exists; a new one without it.
    pub data_dir: Option<PathBuf>,
}

/// A running installation. It is killed, and its new data directory removed, with its owner.
pub struct Program {
    process: Child,
    directory: PathBuf,
    _own: Option<TempDir>,
    /// Where it listens: `127.0.0.1:PORT`.
    pub address: String,
    /// The first administrator's password, where this start made the account.
    pub password: Option<String>,
    /// From the start of the process to the line that says it listens.
    pub started_in: Duration,
}

impl Program {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// When it does not come up; what it logged is part of the message.
    pub fn start(servers: &Servers, setup: &Setup) -> Outcome<Self> {
        let own = match &setup.data_dir {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("bookly-bench-").tempdir()?),
        };
        let directory = setup.data_dir.clone().or_else(|| own.as_ref().map(|own| own.path().to_owned()));
        let directory = directory.ok_or("no data directory")?;
        let mut command = command(servers, setup, &directory);
        let log = File::create(directory.join("log"))?;
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let began = Instant::now();
        let mut process = command.spawn()?;
        let output = process.stdout.take().ok_or("no output")?;
        let mut program =
            Self { process, directory, _own: own, address: String::new(), password: None, started_in: Duration::ZERO };
        let mut lines = BufReader::new(output).lines();
        while program.address.is_empty() {
            let Some(line) = lines.next().transpose()? else {
                return Err(format!("bookly did not start: {}", program.log()).into());
            };
            if let Some(password) = line.trim().strip_prefix("password ") {
                program.password = Some(password.to_owned());
            }
            if let Some(address) = line.strip_prefix("listening on http://") {
                program.address = address.to_owned();
            }
        }
        program.started_in = began.elapsed();
        // Whoever prints to a pipe that nobody reads is stopped by it.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(program)
    }

    /// The process's identifier.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// A client with the first administrator logged in.
    ///
    /// # Errors
    /// When this start did not make the account, or the login fails.
    pub fn administrator(&self) -> Outcome<Client> {
        let password = self.password.as_deref().ok_or("the administrator's password is not known")?;
        self.client().log_in(ADMINISTRATOR, password)
    }

    /// A client that nobody is logged in with.
    pub fn client(&self) -> Client {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        Client { agent: config.build().into(), base: format!("http://{}", self.address), token: String::new() }
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A command of the program, with nothing of the surroundings but what `setup` says.
pub fn command(servers: &Servers, setup: &Setup, directory: &Path) -> Command {
    let mut command = Command::new(&servers.bookly);
    command.env_clear().env("BOOKLY_DATA_DIR", directory).env("BOOKLY_LOG", "warn").current_dir(directory);
    let settings = [
        ("DATABASE_URL", setup.database_url.as_deref()),
        ("AMQP_URL", setup.amqp_url.as_deref()),
        ("REDIS_URL", setup.redis_url.as_deref()),
        ("BOOKLY_CACHE", setup.cache),
    ];
    command.envs(settings.into_iter().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// A client for what is not measured: setting scenes and looking at the end.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    /// The access token.
    pub token: String,
}

impl Client {
    /// The same client with a user logged in.
    ///
    /// # Errors
    /// When the login fails.
    pub fn log_in(self, email: &str, password: &str) -> Outcome<Self> {
        let answer = self.post("/auth/login", &json!({"email": email, "password": password}))?;
        let token = answer["accessToken"].as_str().ok_or("no token")?.to_owned();
        Ok(Self { token, ..self })
    }

    /// GET below `/api/v1`.
    ///
    /// # Errors
    /// When the answer is no success.
    pub fn get(&self, path: &str) -> Outcome<Value> {
        let request = self.agent.get(format!("{}/api/v1{path}", self.base));
        read(path, request.header("authorization", format!("Bearer {}", self.token)).call()?)
    }

    /// POST of JSON below `/api/v1`.
    ///
    /// # Errors
    /// When the answer is no success.
    pub fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let request = self.agent.post(format!("{}/api/v1{path}", self.base));
        read(path, request.header("authorization", format!("Bearer {}", self.token)).send_json(body)?)
    }

    /// Asks until `found` finds something in the answer.
    ///
    /// # Errors
    /// When it does not within ten minutes.
    pub fn until<T>(&self, path: &str, found: impl Fn(&Value) -> Option<T>) -> Outcome<T> {
        until(path, || Ok(self.get(path).ok().as_ref().and_then(&found)))
    }

    /// Waits until every event has been delivered.
    ///
    /// # Errors
    /// When they are not within ten minutes.
    pub fn settle(&self) -> Outcome {
        self.until("/admin/checks", |checks| (checks["undelivered"] == 0).then_some(()))
    }
}

fn read(path: &str, mut response: ureq::http::Response<ureq::Body>) -> Outcome<Value> {
    let status = response.status();
    let text = response.body_mut().with_config().limit(1 << 30).read_to_string()?;
    if status.is_success() {
        return Ok(serde_json::from_str(&text).unwrap_or(Value::Null));
    }
    Err(format!("{path}: {status} {text}").into())
}

/// Looks until there is something.
///
/// # Errors
/// When looking fails, or there is nothing within ten minutes.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Outcome<Option<T>>) -> Outcome<T> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(found) = look()? {
            return Ok(found);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Err(format!("{what}: not within {PATIENCE:?}").into())
}
