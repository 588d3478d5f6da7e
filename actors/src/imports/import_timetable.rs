//! Importing a timetable.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{AsyncContext, Context as ActorContext, Handler, Message, ResponseFuture, WrapFuture};
use futures_util::stream::{self, StreamExt};
use uuid::Uuid;

use super::placement::{Outcome, Placement};
use super::report::{ImportReport, RowOutcome, RowResult};
use super::term::Term;
use super::timetable::{self, Block, Timetable};
use super::{Error, Imports, Workplace, store};
use crate::access::Caller;
use crate::clock::Ids;
use crate::event_store::Origin;
use crate::service::Campus;

/// Blocks that are placed at the same time.
const AT_ONCE: usize = 4;
/// The pause between two notes of the progress.
const NOTE_EVERY: Duration = Duration::from_millis(500);

/// Imports a timetable (CSV) over a term and answers when it is done.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<ImportReport, Error>")]
pub struct ImportTimetable {
    /// Who imports: the reservations are for them.
    pub caller: Caller,
    /// The file.
    pub file: Arc<[u8]>,
    /// The days over which the timetable recurs.
    pub term: Term,
    /// Only say what would happen.
    pub dry_run: bool,
    /// Import nothing when a row is refused.
    pub strict: bool,
}

/// As [`ImportTimetable`], but answers with the import's identifier at once; [`super::GetImport`] tells how it goes.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Uuid, Error>")]
pub struct StartTimetableImport(pub ImportTimetable);

impl Handler<ImportTimetable> for Imports {
    type Result = ResponseFuture<Result<ImportReport, Error>>;

    fn handle(&mut self, command: ImportTimetable, _: &mut ActorContext<Self>) -> Self::Result {
        let import = Import::new(self, command);
        Box::pin(async move { import.run(Ids.next()).await })
    }
}

impl Handler<StartTimetableImport> for Imports {
    type Result = ResponseFuture<Result<Uuid, Error>>;

    fn handle(&mut self, command: StartTimetableImport, context: &mut ActorContext<Self>) -> Self::Result {
        let import = Import::new(self, command.0);
        let id = Ids.next();
        let (begun, answer) = tokio::sync::oneshot::channel();
        let run = async move {
            let report = import.blank(id);
            let noted = import.note(report, true).await;
            let go = noted.is_ok();
            let _ = begun.send(noted);
            if go && let Err(error) = import.clone().run(id).await {
                import.note_failure(id, &error).await;
            }
        };
        context.spawn(run.into_actor(self));
        Box::pin(async move {
            match answer.await {
                Ok(noted) => noted.map(|()| id),
                Err(_) => Err(Error::BrokenOff("the import could not begin".to_owned())),
            }
        })
    }
}

#[derive(Clone)]
struct Import {
    campus: Campus,
    workplace: Workplace,
    directory: Uuid,
    command: ImportTimetable,
}

impl Import {
    fn new(imports: &Imports, command: ImportTimetable) -> Self {
        let (campus, workplace) = (imports.campus.clone(), imports.workplace.clone());
        Self { campus, workplace, directory: imports.directory, command }
    }

    async fn run(self, id: Uuid) -> Result<ImportReport, Error> {
        let file = Arc::clone(&self.command.file);
        let parsed = tokio::task::spawn_blocking(move || timetable::parse(&file)).await;
        let timetable = parsed.map_err(|error| Error::BrokenOff(error.to_string()))??;
        let mut report = self.read(id, &timetable);
        if self.command.strict && !self.command.dry_run {
            // Nothing may be imported when anything is refused, so everything is tried first.
            let mut trial = report.clone();
            trial.dry_run = true;
            self.place(&timetable, &mut trial, true).await?;
            if !trial.refused.is_empty() {
                trial.finished = true;
                return Err(Error::Strict(Box::new(trial)));
            }
        }
        self.place(&timetable, &mut report, self.command.dry_run).await?;
        report.finished = true;
        self.note(report.clone(), false).await?;
        Ok(report)
    }

    fn blank(&self, id: Uuid) -> ImportReport {
        ImportReport {
            id,
            dry_run: self.command.dry_run,
            finished: false,
            error: None,
            done: 0,
            rows: 0,
            resources_created: 0,
            resources_unchanged: 0,
            blocks: 0,
            reservations_created: 0,
            unchanged: 0,
            warnings: Vec::new(),
            refused: Vec::new(),
            results: Vec::new(),
        }
    }

    fn read(&self, id: Uuid, timetable: &Timetable) -> ImportReport {
        let mut refused_lines: Vec<u64> = timetable.refused.iter().map(|finding| finding.line).collect();
        refused_lines.sort_unstable();
        refused_lines.dedup();
        ImportReport {
            rows: timetable.rows,
            blocks: timetable.blocks.len(),
            warnings: timetable.warnings.clone(),
            refused: timetable.refused.clone(),
            results: refused_lines.into_iter().map(|line| RowResult { line, outcome: RowOutcome::Refused }).collect(),
            ..self.blank(id)
        }
    }

    async fn place(&self, timetable: &Timetable, report: &mut ImportReport, dry_run: bool) -> Result<(), Error> {
        let rooms = self.workplace.rooms(&self.command.caller, &timetable.rooms, dry_run).await?;
        report.resources_created = rooms.created;
        report.resources_unchanged = rooms.unchanged;
        let placement = Placement {
            workplace: self.workplace.clone(),
            caller: self.command.caller.clone(),
            term: self.command.term,
            time_zone: self.campus.time_zone,
            dry_run,
        };
        let mut outcomes = stream::iter(&timetable.blocks)
            .map(|block| {
                let (placement, resource_id) = (&placement, rooms.resources.get(&block.room).copied());
                async move { placement.place(block, resource_id).await.map(|outcome| (block, outcome)) }
            })
            .buffered(AT_ONCE);
        let mut noted = Instant::now();
        while let Some(placed) = outcomes.next().await {
            let (block, outcome): (&Block, Outcome) = placed?;
            report.enter(block, outcome);
            if !dry_run && noted.elapsed() >= NOTE_EVERY {
                noted = Instant::now();
                self.note(report.progress(), false).await?;
            }
        }
        report.results.sort_by_key(|result| result.line);
        report.refused.sort_by_key(|finding| finding.line);
        Ok(())
    }

    /// Notes the progress. An import that is waited for has no row until it is done.
    async fn note(&self, report: ImportReport, begins: bool) -> Result<(), Error> {
        let origin = Origin::new(&self.campus.clock, self.command.caller.user_id);
        let directory = self.directory;
        self.campus
            .database
            .write(move |transaction| {
                let known = !begins && store::find(transaction.connection(), report.id).is_ok();
                if known {
                    store::save(transaction, &origin, &report)?;
                } else if begins || report.finished {
                    store::insert(transaction, &origin, directory, &report)?;
                    store::save(transaction, &origin, &report)?;
                }
                Ok(())
            })
            .await
    }

    async fn note_failure(&self, id: Uuid, error: &Error) {
        let mut report = match error {
            Error::Strict(report) => (**report).clone(),
            _ => self.blank(id),
        };
        report.finished = true;
        report.error = Some(error.to_string());
        if let Err(error) = self.note(report, false).await {
            log::error!("the failure of import {id} could not be noted: {error}");
        }
    }
}
