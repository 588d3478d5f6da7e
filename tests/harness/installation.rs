//! A running installation: the program as a process, with a data directory and a database of its own.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use serde_json::json;
use tempfile::TempDir;

use super::{Client, Engine, Keys, settle};

/// The address of the first administrator.
const ADMINISTRATOR: &str = "admin@bookly.local";

/// What the surroundings of a test run may have set, and must not reach the program.
const SETTINGS: [&str; 12] = [
    "DATABASE_URL",
    "DATABASE_URL_FILE",
    "AMQP_URL",
    "AMQP_URL_FILE",
    "RABBITMQ_MANAGEMENT_URL",
    "REDIS_URL",
    "REDIS_URL_FILE",
    "BOOKLY_REDIS_NAMESPACE",
    "BOOKLY_CACHE",
    "BOOKLY_LISTEN",
    "BOOKLY_CONFIG",
    "BOOKLY_TIME_ZONE",
];

/// An installation of a test. It is killed and removed with its owner.
pub struct Installation {
    engine: Engine,
    directory: TempDir,
    settings: String,
    process: Option<Child>,
    address: String,
    password: String,
}

impl Installation {
    /// Starts the program on an empty data directory and database.
    pub fn start(engine: Engine) -> Self {
        Self::start_with(engine, "")
    }

    /// The same with a `bookly.toml` that says this.
    pub fn start_with(engine: Engine, settings: &str) -> Self {
        Self::start_knowing(engine, settings, String::new())
    }

    /// Starts the program once more, on the same database and broker, with a data directory of its own.
    pub fn twin(&self) -> Self {
        assert!(self.engine.url().is_some(), "only a database server can serve two processes");
        Self::start_knowing(self.engine.clone(), &self.settings, self.password.clone())
    }

    /// The administrator's password is printed only where the administrator is made.
    fn start_knowing(engine: Engine, settings: &str, password: String) -> Self {
        let mut installation = Self::make(engine, settings, password);
        installation.run();
        installation
    }

    /// An empty data directory and database, on which nothing has been started yet.
    pub fn empty(engine: Engine) -> Self {
        Self::make(engine, "", String::new())
    }

    fn make(engine: Engine, settings: &str, password: String) -> Self {
        let directory = tempfile::Builder::new().prefix("bookly-test-").tempdir().expect("a directory");
        let settings = settings.to_owned();
        let installation = Self { engine, directory, settings, process: None, address: String::new(), password };
        std::fs::write(installation.settings_path(), &installation.settings).expect("the settings are written");
        installation
    }

    /// Starts the program, again or for the first time, and waits until it listens.
    pub fn run(&mut self) {
        for line in self.run_as(&["serve"]) {
            if let Some(password) = line.trim().strip_prefix("password ") {
                self.password = password.to_owned();
            }
        }
    }

    /// Starts a command that serves, and waits until it listens; the lines that it printed before.
    pub fn run_as(&mut self, arguments: &[&str]) -> Vec<String> {
        let log = File::options().create(true).append(true).open(self.log_path()).expect("a log file");
        let mut process = self
            .command(&[arguments, &["--listen", "127.0.0.1:0"]].concat())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        self.process = Some(process);
        let mut printed = Vec::new();
        loop {
            let line = lines.next().and_then(Result::ok).unwrap_or_else(|| panic!("it did not start: {}", self.log()));
            if let Some(address) = line.strip_prefix("listening on ") {
                self.address = address.to_owned();
                break;
            }
            printed.push(line);
        }
        // Whoever prints to a pipe that nobody reads is stopped by it.
        std::thread::spawn(move || lines.for_each(drop));
        printed
    }

    /// Has the next start use another `bookly.toml`, and the addresses of another engine on the same database.
    pub fn resettle(&mut self, engine: Engine, settings: &str) {
        self.engine = engine;
        self.settings = settings.to_owned();
        std::fs::write(self.settings_path(), settings).expect("the settings are written");
    }

    /// A command of the program on this installation.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bookly"));
        command.args(arguments).env("BOOKLY_DATA_DIR", self.directory.path());
        for name in SETTINGS {
            command.env_remove(name);
        }
        let urls = [
            ("DATABASE_URL", self.engine.url()),
            ("AMQP_URL", self.engine.amqp_url()),
            ("RABBITMQ_MANAGEMENT_URL", self.engine.management_url()),
            ("REDIS_URL", self.engine.redis_url()),
            ("BOOKLY_REDIS_NAMESPACE", self.engine.redis_namespace()),
        ];
        command.envs(urls.into_iter().filter_map(|(name, url)| Some((name, url?))));
        command.env("BOOKLY_CONFIG", self.settings_path());
        command
    }

    /// Runs a command of the program to its end, with `input` as its standard input.
    pub fn run_command(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the program starts");
        let mut stdin: ChildStdin = process.stdin.take().expect("its input");
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        process.wait_with_output().expect("it ends")
    }

    /// Kills the process as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Asks the process to end (SIGTERM) and waits for it; its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let mut process = self.process.take()?;
        let killed = Command::new("kill").arg(process.id().to_string()).status().expect("kill is there");
        assert!(killed.success());
        process.wait().expect("it ends").code()
    }

    /// Waits until the process ends by itself; its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        let process = self.process.as_mut().expect("it runs");
        let status = settle("the process ends", || process.try_wait().expect("it can be waited for"));
        self.process = None;
        status.code()
    }

    /// The process's identifier.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// A client that nobody is logged in with.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.address)
    }

    /// A client of the first administrator.
    pub fn administrator(&self) -> Client {
        self.anonymous().log_in(ADMINISTRATOR, &self.password)
    }

    /// A client of a new user with this role.
    pub fn user(&self, role: &str) -> Client {
        let email = format!("{}@test.bookly.local", uuid::Uuid::now_v7().simple());
        let password = "correct horse battery";
        let body = json!({"email": email, "name": "Test user", "password": password, "roles": [role]});
        self.administrator().post("/users", &body).expect(201);
        self.anonymous().log_in(&email, password)
    }

    /// Waits until every event has been delivered.
    pub fn settle_events(&self) {
        let administrator = self.administrator();
        settle("every event is delivered", || {
            let checks = administrator.get("/admin/checks").expect(200);
            (checks["undelivered"] == 0).then_some(())
        });
    }

    /// Waits until every event has been delivered, then compares every row with its history and every projection with
    /// its source.
    pub fn check(&self) {
        self.settle_events();
        let checks = self.administrator().get("/admin/checks").expect(200);
        assert_eq!(checks["differences"], json!([]), "of {}", checks["compared"]);
    }

    /// Where it listens: `http://HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The connection URL of its database, for PostgreSQL.
    pub fn database_url(&self) -> Option<String> {
        self.engine.url()
    }

    /// The connection URL of its broker, where it has one.
    pub fn amqp_url(&self) -> Option<String> {
        self.engine.amqp_url()
    }

    /// The keys of its own in its Redis, where it has one.
    pub fn keys(&self) -> Option<Keys> {
        Some(Keys::new(&self.engine.redis_url()?).within(&self.engine.redis_namespace()?))
    }

    /// What the program logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// The data directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn settings_path(&self) -> PathBuf {
        self.directory.path().join("bookly.toml")
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- log of the installation\n{}", self.log());
        }
    }
}
