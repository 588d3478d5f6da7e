//! A broker of a test's own, to be mistreated.

mod management;
mod virtual_host;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use super::engine::wanted;
use super::signal::signal;
use super::skip;
use management::Management;
pub use virtual_host::VirtualHost;

/// A RabbitMQ of the test's own. It is killed and removed with its owner.
pub struct Broker {
    program: String,
    directory: TempDir,
    front: Option<Front>,
    url: String,
    management_url: String,
}

/// The process that owns the broker, and ends it when its standard input ends.
struct Front {
    process: Child,
    life_line: ChildStdin,
    broker: u32,
}

/// A queue as the broker counts it; counts are half a second old at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Messages in it, those on their way to a consumer included.
    pub messages: u64,
    /// Its consumers.
    pub consumers: u64,
}

impl Broker {
    /// Starts a broker, unless the run leaves brokers out or it is not to be had, which is noted.
    pub fn start(test: &str) -> Option<Self> {
        if !wanted("postgres") {
            return None;
        }
        let Ok(program) = std::env::var("BOOKLY_TEST_XTASK") else {
            skip(test, "a RabbitMQ of its own (BOOKLY_TEST_XTASK is not set)");
            return None;
        };
        let directory = tempfile::Builder::new().prefix("bookly-broker-").tempdir().expect("a directory");
        let (url, management_url) = (String::new(), String::new());
        let mut broker = Self { program, directory, front: None, url, management_url };
        broker.run();
        Some(broker)
    }

    /// Where AMQP clients connect; it stays the same through every restart.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Where its management API is; it stays the same through every restart.
    pub fn management_url(&self) -> String {
        self.management_url.clone()
    }

    /// Kills it as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        if let Some(front) = self.front.take() {
            signal("KILL", front.broker);
            front.end();
        }
    }

    /// Starts it again, with the same data and ports, and waits until it serves.
    pub fn restart(&mut self) {
        self.kill();
        self.run();
    }

    /// Freezes it (SIGSTOP): it keeps its connections and says nothing.
    pub fn pause(&self) {
        signal("STOP", self.process());
    }

    /// Lets it go on after [`Broker::pause`].
    pub fn resume(&self) {
        signal("CONT", self.process());
    }

    /// Closes every connection of a client, and tells how many there were.
    pub fn close_connections(&self) -> usize {
        self.management().close_connections()
    }

    /// Deletes a queue with everything in it.
    pub fn delete_queue(&self, name: &str) {
        self.management().send("DELETE", &["queues", "/", name], None).expect("the queue is deleted");
    }

    /// Makes a durable classic queue, where Bookly wants a quorum queue.
    pub fn declare_classic_queue(&self, name: &str) {
        let queue = json!({"durable": true, "arguments": {"x-queue-type": "classic"}});
        self.management().send("PUT", &["queues", "/", name], Some(&queue)).expect("the queue is made");
    }

    /// Every queue.
    pub fn queues(&self) -> Vec<Queue> {
        self.management().queues("/")
    }

    /// Lets it run out of memory, so that it takes nothing from publishers any more, or ends that.
    pub fn memory_alarm(&self, on: bool) {
        // A limit that any process has passed; else RabbitMQ's own default.
        let limit = if on { "0.000001" } else { "0.4" };
        let output = Command::new(self.directory.path().join("rabbitmqctl"))
            .args(["set_vm_memory_high_watermark", limit])
            .output()
            .expect("rabbitmqctl starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn process(&self) -> u32 {
        self.front.as_ref().expect("it runs").broker
    }

    fn management(&self) -> Management {
        Management::new(&self.management_url)
    }

    fn run(&mut self) {
        let mut command = Command::new(&self.program);
        command.args(["rabbitmq", "--directory"]).arg(self.directory.path());
        if !self.url.is_empty() {
            command.args(["--port", port(&self.url), "--management-port", port(&self.management_url)]);
        }
        let words = self.directory.path().join("xtask");
        command.stderr(File::create(&words).expect("a file for what it says"));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("xtask starts");
        let life_line = process.stdin.take().expect("its input");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines().map_while(Result::ok);
        let said = || std::fs::read_to_string(&words).unwrap_or_default();
        let mut line = || lines.next().unwrap_or_else(|| panic!("the broker did not start: {}", said()));
        (self.url, self.management_url) = (line(), line());
        let broker = line().parse().expect("a process id");
        self.front = Some(Front { process, life_line, broker });
    }
}

impl Front {
    fn end(mut self) {
        drop(self.life_line);
        let _ = self.process.wait();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().expect("a port")
}
