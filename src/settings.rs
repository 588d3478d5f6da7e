//! Settings: a flag, then the environment, then `bookly.toml`, then the default. Secrets may stand in files.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use actors::database::{Engine, Location};
use amqp::retry::Policies;
use chrono_tz::Tz;
use clap::{Args, ValueEnum};
use serde::Deserialize;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where to keep what was read, when there is no Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CacheKind {
    /// In the process, which must have its database to itself.
    InProcess,
    /// Nowhere: every read goes to the database.
    Off,
}

/// Where what was read is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheSettings {
    /// In the process.
    InProcess,
    /// Nowhere, and why.
    Off(&'static str),
    /// In Redis.
    Redis {
        /// Its address.
        url: String,
        /// What every key begins with; `None` for the installation's own.
        namespace: Option<String>,
    },
}

/// What can be set by flag or environment.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// Directory of the data: the SQLite file, the lock, the control socket.
    #[arg(long, global = true, env = "BOOKLY_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8080].
    #[arg(long, global = true, env = "BOOKLY_LISTEN", value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// What is logged: error, warn, info, debug, trace, or module=level,... [default: info].
    #[arg(long, global = true, env = "BOOKLY_LOG", value_name = "LEVEL")]
    log: Option<String>,
    /// How log lines are written [default: text].
    #[arg(long, global = true, env = "BOOKLY_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// The campus time zone, an IANA name [default: America/Bogota].
    #[arg(long, global = true, env = "BOOKLY_TIME_ZONE", value_name = "ZONE")]
    time_zone: Option<Tz>,
    /// Connection URL of PostgreSQL; without it the data is in a SQLite file.
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// A file that holds the connection URL of PostgreSQL.
    #[arg(long, global = true, env = "DATABASE_URL_FILE", value_name = "FILE")]
    database_url_file: Option<PathBuf>,
    /// Address of a RabbitMQ broker, amqp://user:password@host:port/vhost; without it events travel within the process.
    #[arg(long, global = true, env = "AMQP_URL", hide_env_values = true, value_name = "URL")]
    amqp_url: Option<String>,
    /// A file that holds the address of the RabbitMQ broker.
    #[arg(long, global = true, env = "AMQP_URL_FILE", value_name = "FILE")]
    amqp_url_file: Option<PathBuf>,
    /// Address of a Redis server, redis://user:password@host:port/database, that keeps what was read; without it and with
    /// SQLite the process keeps it itself.
    #[arg(long, global = true, env = "REDIS_URL", hide_env_values = true, value_name = "URL")]
    redis_url: Option<String>,
    /// A file that holds the address of the Redis server.
    #[arg(long, global = true, env = "REDIS_URL_FILE", value_name = "FILE")]
    redis_url_file: Option<PathBuf>,
    /// What every key in Redis begins with [default: made once for the installation and kept in its database].
    #[arg(long, global = true, env = "BOOKLY_REDIS_NAMESPACE", value_name = "NAME")]
    redis_namespace: Option<String>,
    /// Where to keep what was read, when there is no Redis: in-process is only for a process that has its database to
    /// itself [default: in-process with SQLite, off with PostgreSQL].
    #[arg(long, global = true, env = "BOOKLY_CACHE", value_name = "CACHE")]
    cache: Option<CacheKind>,
    /// The settings file [default: bookly.toml in the working directory, if it exists].
    #[arg(long, global = true, env = "BOOKLY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What `bookly.toml` may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    data_dir: Option<PathBuf>,
    listen: Option<SocketAddr>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    time_zone: Option<Tz>,
    database_url: Option<String>,
    database_url_file: Option<PathBuf>,
    amqp_url: Option<String>,
    amqp_url_file: Option<PathBuf>,
    redis_url: Option<String>,
    redis_url_file: Option<PathBuf>,
    redis_namespace: Option<String>,
    cache: Option<CacheKind>,
    #[serde(default)]
    retry: Policies,
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Directory of the data.
    pub data_dir: PathBuf,
    /// Whether that directory was named, and is not the default.
    pub data_dir_given: bool,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// What is logged.
    pub log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// The campus time zone.
    pub time_zone: Tz,
    /// Where the data is.
    pub database: Location,
    /// The RabbitMQ broker; without one, events travel within the process.
    pub amqp_url: Option<String>,
    /// Where what was read is kept.
    pub cache: CacheSettings,
    /// When events that failed are tried again.
    pub retry: Policies,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

impl Settings {
    /// The settings in force, from the flags (which have read the environment) and the settings file.
    ///
    /// # Errors
    /// [`SettingsError`] that names the setting and what to do.
    pub fn load(flags: Flags) -> Result<Self, SettingsError> {
        let file = read_file(flags.config.as_deref())?;
        let data_dir = flags.data_dir.or(file.data_dir);
        let data_dir_given = data_dir.is_some();
        let data_dir = data_dir.unwrap_or_else(|| PathBuf::from("data"));
        let database_url = secret([
            Secret(flags.database_url, flags.database_url_file),
            Secret(file.database_url, file.database_url_file),
        ])?;
        let amqp_url =
            secret([Secret(flags.amqp_url, flags.amqp_url_file), Secret(file.amqp_url, file.amqp_url_file)])?;
        let redis_url =
            secret([Secret(flags.redis_url, flags.redis_url_file), Secret(file.redis_url, file.redis_url_file)])?;
        let namespace = flags.redis_namespace.or(file.redis_namespace).map(checked_namespace).transpose()?;
        let database = location(database_url, &data_dir)?;
        file.retry.check().map_err(|problem| SettingsError(format!("[retry]: {problem}")))?;
        Ok(Self {
            cache: cache(redis_url, namespace, flags.cache.or(file.cache), &database)?,
            database,
            amqp_url: amqp_url.map(checked_amqp_url).transpose()?,
            retry: file.retry,
            data_dir,
            data_dir_given,
            listen: flags.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            log: log_filter(flags.log.or(file.log))?,
            log_format: flags.log_format.or(file.log_format).unwrap_or(LogFormat::Text),
            time_zone: flags.time_zone.or(file.time_zone).unwrap_or(chrono_tz::America::Bogota),
        })
    }

    /// The same settings with another data directory, and everything in it.
    pub fn in_directory(self, data_dir: &Path) -> Self {
        let database = Location::Sqlite(data_dir.join(SQLITE_FILE));
        let cache = CacheSettings::InProcess;
        Self { data_dir: data_dir.to_owned(), database, amqp_url: None, cache, ..self }
    }

    /// The same settings with another data directory, and the SQLite file, if there is to be one, in it.
    pub fn with_data_in(self, data_dir: &Path) -> Self {
        let database = match self.database {
            Location::Sqlite(_) => Location::Sqlite(data_dir.join(SQLITE_FILE)),
            database @ Location::Postgres(_) => database,
        };
        Self { data_dir: data_dir.to_owned(), database, ..self }
    }

    /// The control socket's file.
    pub fn control_socket(&self) -> PathBuf {
        self.data_dir.join("control.sock")
    }
}

const SQLITE_FILE: &str = "bookly.sqlite3";

/// A secret as it may be given: itself, or a file that holds it.
struct Secret(Option<String>, Option<PathBuf>);

/// The first one that is given.
fn secret(sources: [Secret; 2]) -> Result<Option<String>, SettingsError> {
    for Secret(value, file) in sources {
        match (value, file) {
            (Some(value), _) => return Ok(Some(value)),
            (None, Some(path)) => return read_secret(&path).map(Some),
            (None, None) => {}
        }
    }
    Ok(None)
}

fn checked_amqp_url(url: String) -> Result<String, SettingsError> {
    if url.starts_with("amqp://") || url.starts_with("amqps://") {
        return Ok(url);
    }
    let problem = "AMQP_URL must begin with amqp:// or amqps://, as in amqp://user:password@host:5672/vhost; \
                   leave it out to keep events within the process";
    Err(SettingsError(problem.to_owned()))
}

fn cache(
    redis_url: Option<String>,
    namespace: Option<String>,
    kind: Option<CacheKind>,
    database: &Location,
) -> Result<CacheSettings, SettingsError> {
    if redis_url.as_deref() == Some("") {
        let problem = "REDIS_URL is empty; give it a value, or remove it to do without Redis";
        return Err(SettingsError(problem.to_owned()));
    }
    if let Some(url) = redis_url {
        return match (actors::cache::check_url(&url), kind) {
            (Ok(()), None) => Ok(CacheSettings::Redis { url, namespace }),
            (Ok(()), Some(_)) => {
                let problem = "REDIS_URL and cache = in-process or off exclude each other; leave one of them out";
                Err(SettingsError(problem.to_owned()))
            }
            // The library's own words may show the address, and with it the password.
            (Err(_), _) => {
                let problem = "REDIS_URL must be an address such as redis://user:password@host:6379/0, or rediss:// for TLS, \
                               with a / # @ of the password percent-encoded; leave it out to do without Redis";
                Err(SettingsError(problem.to_owned()))
            }
        };
    }
    Ok(match (kind, database.engine()) {
        (Some(CacheKind::InProcess), _) | (None, Engine::Sqlite) => CacheSettings::InProcess,
        (Some(CacheKind::Off), _) => CacheSettings::Off("the setting cache is off"),
        (None, Engine::Postgres) => CacheSettings::Off(
            "several processes may share a PostgreSQL database; give REDIS_URL, or set cache = \"in-process\" for a single one",
        ),
    })
}

fn checked_namespace(namespace: String) -> Result<String, SettingsError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.');
    if namespace.chars().all(fits) && (1..=100).contains(&namespace.trim_matches(':').len()) {
        return Ok(namespace);
    }
    let problem = "redis_namespace must have 1 to 100 letters, digits, and any of : - _ . in it, as in bookly:north";
    Err(SettingsError(problem.to_owned()))
}

fn location(url: Option<String>, data_dir: &Path) -> Result<Location, SettingsError> {
    match url {
        None => Ok(Location::Sqlite(data_dir.join(SQLITE_FILE))),
        Some(url) if url.is_empty() => {
            let problem = "DATABASE_URL is empty; give it a value, or remove it to use SQLite";
            Err(SettingsError(problem.to_owned()))
        }
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => Ok(Location::Postgres(url)),
        Some(_) => {
            let problem = "DATABASE_URL must begin with postgres:// or postgresql://; leave it out to use SQLite";
            Err(SettingsError(problem.to_owned()))
        }
    }
}

fn log_filter(filter: Option<String>) -> Result<String, SettingsError> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let filter = filter.unwrap_or_else(|| "info".to_owned());
    let unknown = |part: &&str| {
        let level = part.rsplit('=').next().unwrap_or_default().trim();
        !LEVELS.contains(&level.to_lowercase().as_str())
    };
    match filter.split(',').find(unknown) {
        None => Ok(filter),
        Some(part) => {
            let levels = LEVELS.join(", ");
            Err(SettingsError(format!("\"{part}\" is no log level; use one of {levels}, or module=level")))
        }
    }
}

fn read_secret(path: &Path) -> Result<String, SettingsError> {
    let text = std::fs::read_to_string(path);
    text.map(|text| text.trim().to_owned()).map_err(|error| SettingsError(format!("{}: {error}", path.display())))
}

fn read_file(named: Option<&Path>) -> Result<SettingsFile, SettingsError> {
    let path = named.unwrap_or_else(|| Path::new("bookly.toml"));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(SettingsFile::default());
        }
        Err(error) => return Err(SettingsError(format!("{}: {error}", path.display()))),
    };
    toml::from_str(&text).map_err(|error| SettingsError(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str, flags: Flags) -> Result<Settings, SettingsError> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("bookly.toml");
        std::fs::write(&path, text).expect("written");
        Settings::load(Flags { config: Some(path), ..flags })
    }

    #[test]
    fn a_flag_is_stronger_than_the_file_and_the_file_than_the_default() {
        let text = "listen = \"127.0.0.1:9000\"\ntime_zone = \"Europe/Madrid\"";
        let listen = Some("127.0.0.1:9001".parse().expect("an address"));
        let settings = with_file(text, Flags { listen, ..Flags::default() }).expect("valid");
        assert_eq!(settings.listen.port(), 9001);
        assert_eq!(settings.time_zone, chrono_tz::Europe::Madrid);
        assert_eq!(settings.log, "info");
    }

    #[test]
    fn a_mistyped_setting_is_named() {
        let error = with_file("lisen = \"127.0.0.1:9000\"", Flags::default()).expect_err("unknown");
        assert!(error.to_string().contains("lisen"), "{error}");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in ["log = \"loud\"", "log = \"info,actors=zz\"", "database_url = \"\""] {
            assert!(with_file(text, Flags::default()).is_err(), "{text}");
        }
        assert!(with_file("log = \"warn,actors=debug\"", Flags::default()).is_ok());
    }

    #[test]
    fn another_database_than_postgresql_is_refused() {
        let error = with_file("database_url = \"mysql://x\"", Flags::default()).expect_err("not PostgreSQL");
        assert!(error.to_string().contains("postgres://"));
    }

    #[test]
    fn a_broker_s_address_is_checked_and_never_shown() {
        let error = with_file("amqp_url = \"localhost:5672/secret\"", Flags::default()).expect_err("no scheme");
        assert!(error.to_string().contains("amqp://") && !error.to_string().contains("secret"), "{error}");
        let settings = with_file("amqp_url = \"amqps://broker/campus\"", Flags::default()).expect("valid");
        assert_eq!(settings.amqp_url.as_deref(), Some("amqps://broker/campus"));
    }

    #[test]
    fn retry_policies_are_read_and_mistakes_in_them_named() {
        let text = "[retry.consumers.reports]\npolicy = \"fixed\"\ndelay_ms = 50\nattempts = 1";
        assert_ne!(with_file(text, Flags::default()).expect("valid").retry, Policies::default());
        let unknown = "[retry.events.\"room.painted\"]\npolicy = \"none\"";
        let error = with_file(unknown, Flags::default()).expect_err("no such event");
        assert!(error.to_string().contains("room.painted"), "{error}");
    }

    #[test]
    fn a_secret_may_stand_in_a_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("url");
        std::fs::write(&path, "postgres://somewhere/db\n").expect("written");
        let flags = Flags { database_url_file: Some(path), ..Flags::default() };
        let settings = with_file("", flags).expect("valid");
        assert_eq!(settings.database, Location::Postgres("postgres://somewhere/db".to_owned()));
    }
}
