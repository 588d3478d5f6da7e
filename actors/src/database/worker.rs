//! The database threads: each owns one connection and works off a queue.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, OnceLock};
use std::thread::{self, JoinHandle};

use diesel::connection::SimpleConnection;

use super::connection::DatabaseConnection;
use super::queue::{Answer, Ending, Job, Manner, Plans, Queue};
use super::session::Session;
use super::{Appended, Error, Location, Transaction};
use crate::cache::invalidation::Forgotten;
use crate::cache::{CacheClient, Invalidation};

/// How many waiting commands may share one SQLite commit: enough to hide the disk's flush, few enough that the first
/// of a batch does not wait long for the last.
const SHARED_COMMIT: usize = 64;

/// What a thread does with the jobs it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// One PostgreSQL transaction a job.
    Postgres,
    /// SQLite's only writer: commands that wait together share a commit, each in a savepoint of its own.
    SqliteWriter,
    /// A SQLite reader: a snapshot a job.
    SqliteReader,
}

impl Role {
    fn batch(self) -> usize {
        if self == Self::SqliteWriter { SHARED_COMMIT } else { 1 }
    }
}

pub(super) struct Worker {
    pub role: Role,
    pub location: Location,
    pub queue: Arc<Queue>,
    pub appended: Arc<Appended>,
    pub cache: Arc<OnceLock<CacheClient>>,
    pub session: Option<Session>,
}

impl Worker {
    pub fn spawn(mut self, name: String) -> Result<JoinHandle<()>, Error> {
        thread::Builder::new()
            .name(name)
            .spawn(move || {
                let bell = Arc::new(Condvar::new());
                while let Some(jobs) = self.queue.take(self.role.batch(), &bell) {
                    self.work(jobs);
                }
            })
            .map_err(|error| Error::Unavailable(format!("cannot start a database thread: {error}")))
    }

    fn work(&mut self, jobs: Vec<Job>) {
        let mut waiting = VecDeque::from(jobs);
        while !waiting.is_empty() {
            self.transact(&mut waiting);
        }
    }

    /// Runs jobs in one transaction: all that wait, or as many as it takes to break it.
    fn transact(&mut self, waiting: &mut VecDeque<Job>) {
        let begin = waiting.front().map_or_else(String::new, |job| begin(self.role, job));
        let mut session = match self.begin(&begin) {
            Ok(session) => session,
            Err(error) => return refuse(waiting, &error),
        };
        let shared = waiting.len() > 1;
        let is_snapshot = !shared && waiting.front().is_some_and(|job| job.manner == Manner::Snapshot);
        let (mut keep, mut appended, mut broken) = (shared, 0, None);
        let mut answers = Vec::with_capacity(waiting.len());
        let mut invalidation = Invalidation::default();
        while broken.is_none()
            && let Some(job) = waiting.pop_front()
        {
            let ran = run(&mut session.connection, job, shared, self.cache.get().is_some());
            keep |= ran.ending == Ending::Keep;
            if ran.ending == Ending::Keep {
                appended += ran.appended;
                invalidation.extend(ran.invalidation);
            }
            broken = ran.broken;
            answers.push(ran.answer);
        }
        if is_snapshot && broken.is_none() && !session.has_failed() {
            // Nothing hangs on how it ends, so nobody waits for that.
            answers.drain(..).for_each(|answer| answer(Ok(()), None));
        }
        let outcome = match broken {
            None => session.end(keep),
            Some(error) => {
                session.roll_back();
                Err(error)
            }
        };
        // A connection whose transaction could not be ended is in an unknown state: the next job gets a new one.
        self.session = outcome.is_ok().then_some(session);
        match &outcome {
            Ok(()) => self.appended.tell(appended),
            Err(error) if answers.is_empty() => log::warn!("the end of what was answered failed: {error}"),
            Err(_) => {}
        }
        let forgotten = self.forget(invalidation);
        for answer in answers {
            answer(outcome.clone(), forgotten.clone());
        }
    }

    /// Also when the commit failed: a connection that broke then has perhaps committed.
    fn forget(&self, invalidation: Invalidation) -> Option<Forgotten> {
        let cache = self.cache.get().filter(|_| !invalidation.is_empty())?;
        Some(cache.committed(invalidation))
    }

    /// An open transaction, on the connection at hand or, when that has died, on a new one.
    fn begin(&mut self, begin: &str) -> Result<Session, Error> {
        if let Some(session) = self.session.take().filter(Session::is_fresh) {
            match self.begin_on(session, begin) {
                Err(error) if self.session.is_none() => log::warn!("database connection lost, reconnecting: {error}"),
                begun => return begun,
            }
        }
        let session = Session::new(self.connect()?);
        self.begin_on(session, begin)
    }

    fn connect(&self) -> Result<DatabaseConnection, Error> {
        let mut connection = self.location.connect(self.role == Role::SqliteReader)?;
        if self.role == Role::SqliteWriter {
            // What a savepoint may have to undo: SQLite else writes it to a file, which took a fifth of the writer's time.
            connection.batch_execute("PRAGMA temp_store = MEMORY")?;
        }
        Ok(connection)
    }

    /// Keeps a connection that is alive for the next job: a lock that was not to be had in time is no fault of it.
    fn begin_on(&mut self, mut session: Session, begin: &str) -> Result<Session, Error> {
        match session.begin(begin) {
            Ok(()) => Ok(session),
            Err(error) => {
                self.session = session.roll_back().then_some(session);
                Err(error.into())
            }
        }
    }
}

/// What begins the transaction of a job, its locks included: on PostgreSQL one message for all of it.
fn begin(role: Role, job: &Job) -> String {
    let begin = match (role, job.manner) {
        (Role::Postgres, Manner::Durable) => "BEGIN",
        (Role::Postgres, Manner::Repeatable(Plans::Kept)) => "BEGIN; SET LOCAL synchronous_commit = off",
        (Role::Postgres, Manner::Repeatable(Plans::Fresh)) => {
            "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL plan_cache_mode = force_custom_plan"
        }
        (Role::Postgres, Manner::Snapshot) => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        (Role::SqliteWriter, _) => "BEGIN IMMEDIATE",
        (Role::SqliteReader, _) => "BEGIN DEFERRED",
    };
    let mut begin = begin.to_owned();
    if role == Role::Postgres {
        begin.extend(job.keys.iter().map(|key| format!("; SELECT pg_advisory_xact_lock({key})")));
    }
    begin
}

fn refuse(waiting: &mut VecDeque<Job>, error: &Error) {
    for job in waiting.drain(..) {
        let (_, answer) = (job.work)(Err(error.clone()));
        answer(Err(error.clone()), None);
    }
}

/// What became of a job inside its transaction.
struct Ran {
    ending: Ending,
    answer: Answer,
    appended: usize,
    invalidation: Invalidation,
    /// The transaction around it is gone, and with it what earlier jobs did.
    broken: Option<Error>,
}

/// Runs one job. In a shared transaction it stands in a savepoint, so that its failure undoes its own work only.
fn run(connection: &mut DatabaseConnection, job: Job, shared: bool, is_cached: bool) -> Ran {
    if shared && let Err(error) = connection.batch_execute("SAVEPOINT job") {
        let error = Error::from(error);
        let (ending, answer) = (job.work)(Err(error.clone()));
        let invalidation = Invalidation::default();
        return Ran { ending, answer, appended: 0, invalidation, broken: Some(error) };
    }
    let Job { keys, work, .. } = job;
    let mut transaction = Transaction::new(connection, is_cached, keys);
    let ran = catch_unwind(AssertUnwindSafe(|| work(Ok(&mut transaction))));
    let (appended, invalidation) = (transaction.appended(), transaction.into_invalidation());
    // The caller's channel went down with the panic: it learns of it from there.
    let (ending, answer) = ran.unwrap_or_else(|_| (Ending::Undo, Box::new(|_, _| ())));
    let broken = if shared { end_savepoint(connection, ending).err() } else { None };
    Ran { ending, answer, appended, invalidation, broken }
}

/// Some failures, such as a full disk, make SQLite roll back the whole transaction (<https://sqlite.org/lang_transaction.html>,
/// "Response To Errors Within A Transaction"): the savepoint is gone, and the next one would begin a transaction by itself.
fn end_savepoint(connection: &mut DatabaseConnection, ending: Ending) -> Result<(), Error> {
    let statement = match ending {
        Ending::Keep => "RELEASE job",
        Ending::Undo => "ROLLBACK TO job; RELEASE job",
    };
    connection.batch_execute(statement).map_err(|error| {
        log::error!("the shared transaction is lost: {error}");
        Error::Unavailable(format!("work that shared the commit made the database roll it back ({error}); try again"))
    })
}
