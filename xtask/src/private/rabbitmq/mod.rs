//! A RabbitMQ of our own: one directory, free ports on the loopback interface, user `guest` with password `guest`.
//!
//! It has a port mapper (epmd) of its own too, so that it neither meets nor disturbs other Erlang nodes. Both processes
//! carry [`MARK`] in their environment; by it the next run finds them if even the keeper was killed.

mod answers;
mod place;
mod ports;

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::directory::RunDirectory;
use super::leftovers;
use crate::arguments::Broker;
use place::Place;
use ports::Ports;

/// The environment variable that marks a run's broker and its port mapper.
pub const MARK: &str = "BOOKLY_PRIVATE_BROKER";

/// Booting is compute-bound (Erlang compiles each module as it loads it): seconds on a quiet machine.
const START_LIMIT: Duration = Duration::from_secs(180);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Another program may take a port between our asking for a free one and the broker's binding it.
const ATTEMPTS: u32 = 3;

/// A running broker. Dropping it stops the broker.
pub struct RabbitMq {
    place: Place,
    log_copy: Option<PathBuf>,
    ports: Ports,
    broker: Child,
    mapper: Child,
}

impl RabbitMq {
    /// Starts a broker and waits until it serves. Its data lies in the directory asked for and stays there, or in the
    /// run's and goes with it.
    ///
    /// # Errors
    /// When it does not come up; its own words are part of the message.
    pub fn start(wanted: &Broker, run: &RunDirectory, log_copy: &Path) -> Result<Self, String> {
        let log_copy = wanted.directory.is_none().then(|| log_copy.to_owned());
        let mut problem = String::new();
        for _ in 0..ATTEMPTS {
            let place = match &wanted.directory {
                Some(directory) => Place::kept(directory)?,
                None => Place::passing(&run.path().join("rabbitmq"))?,
            };
            // Only now: a broker that was just stopping may have had these ports.
            let ports = Ports::choose(wanted)?;
            place.write_settings(&wanted.bin, ports)?;
            let mapper = start_mapper(&place, run, ports)?;
            let mut rabbitmq = Self::launch(&wanted.bin, place, log_copy.clone(), run, ports, mapper)?;
            match rabbitmq.wait_until_ready() {
                Ok(()) => return Ok(rabbitmq),
                Err(reason) => problem = reason,
            }
        }
        Err(problem)
    }

    fn launch(
        bin: &Path,
        place: Place,
        log_copy: Option<PathBuf>,
        run: &RunDirectory,
        ports: Ports,
        mut mapper: Child,
    ) -> Result<Self, String> {
        let mut command = marked(&bin.join("rabbitmq-server"), &place, run, ports);
        let spawned = place.output().and_then(|output| {
            let errors = output.try_clone().map_err(|error| error.to_string())?;
            command.stdout(output).stderr(errors).spawn().map_err(|error| format!("cannot start RabbitMQ: {error}"))
        });
        match spawned {
            Ok(broker) => Ok(Self { place, log_copy, ports, broker, mapper }),
            Err(problem) => {
                end(&mut mapper);
                Err(problem)
            }
        }
    }

    /// Where AMQP clients connect.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.ports.amqp)
    }

    /// Where the management API is.
    pub fn management_url(&self) -> String {
        format!("http://guest:guest@127.0.0.1:{}", self.ports.management)
    }

    /// The broker's process.
    pub fn process(&self) -> u32 {
        self.broker.id()
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            for (name, process) in [("RabbitMQ", &mut self.broker), ("its epmd", &mut self.mapper)] {
                let ended = process.try_wait().map_err(|error| error.to_string())?;
                if let Some(status) = ended {
                    return Err(format!("{name} ended while starting ({status}):\n{}", self.place.last_words()));
                }
            }
            if answers::amqp(self.ports.amqp) && answers::management(self.ports.management) {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        Err(format!("RabbitMQ was not ready after {START_LIMIT:?}:\n{}", self.place.last_words()))
    }

    /// Asks the broker to write down what it has, and gives it time for that.
    fn ask_to_stop(&mut self) {
        // A stopped process hears nothing until it is told to go on.
        for signal in ["CONT", "TERM"] {
            leftovers::signal(signal, self.broker.id());
        }
        let asked = Instant::now();
        while asked.elapsed() < STOP_LIMIT && matches!(self.broker.try_wait(), Ok(None)) {
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        match self.broker.try_wait() {
            Ok(Some(status)) => eprintln!("RabbitMQ had ended by itself ({status})"),
            _ if self.place.is_kept() => self.ask_to_stop(),
            _ => {}
        }
        end(&mut self.broker);
        end(&mut self.mapper);
        // The log outlives the data: it tells what the broker saw of a failed test.
        if let Some(copy) = &self.log_copy {
            drop(fs::copy(self.place.log(), copy));
        }
    }
}

fn end(process: &mut Child) {
    drop(process.kill());
    drop(process.wait());
}

fn start_mapper(place: &Place, run: &RunDirectory, ports: Ports) -> Result<Child, String> {
    let mut command = marked(Path::new("epmd"), place, run, ports);
    command.args(["-address", "127.0.0.1", "-port", &ports.mapper.to_string()]);
    let spawned = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut mapper = spawned.map_err(|error| format!("cannot start epmd: {error}"))?;
    let started = Instant::now();
    // When it never listens, the broker tells so.
    while started.elapsed() < STOP_LIMIT
        && matches!(mapper.try_wait(), Ok(None))
        && TcpStream::connect((Ipv4Addr::LOCALHOST, ports.mapper)).is_err()
    {
        thread::sleep(LOOK_EVERY);
    }
    Ok(mapper)
}

fn marked(program: &Path, place: &Place, run: &RunDirectory, ports: Ports) -> Command {
    let mut command = Command::new(program);
    // What the user has set for brokers of their own must not reach this one.
    command.env_clear().envs(place.environment(ports)).env(MARK, run.path());
    command.current_dir(place.path()).stdin(Stdio::null());
    command
}

/// Kills the broker of a dead run and its port mapper.
pub fn stop_stale(run: &Path) {
    leftovers::kill_marked(MARK, run);
}

fn open_for_output(path: &Path) -> Result<File, String> {
    let opened = File::options().create(true).append(true).open(path);
    opened.map_err(|error| format!("cannot write {}: {error}", path.display()))
}
