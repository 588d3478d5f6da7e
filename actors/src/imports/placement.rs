//! Blocks of a timetable become weekly series.

use chrono_tz::Tz;
use uuid::Uuid;

use super::report::{ImportReport, RowOutcome, RowResult};
use super::term::Term;
use super::timetable::{Block, Finding};
use super::{Error, Workplace};
use crate::access::Caller;
use crate::availability::{self, PlaceBlock, Placed};
use crate::service::Request;
use crate::supervision::CallError;

/// The circumstances in which blocks are placed.
#[derive(Clone)]
pub(super) struct Placement {
    pub workplace: Workplace,
    pub caller: Caller,
    pub term: Term,
    pub time_zone: Tz,
    pub dry_run: bool,
}

/// What became of a block: what was placed, or why it was not.
pub(super) type Outcome = Result<Placed, String>;

impl Placement {
    /// Places a block on its room's resource; without one, in a dry run, everything would be new.
    ///
    /// # Errors
    /// [`Error::BrokenOff`] when the import cannot go on. A block that is refused is an [`Outcome`].
    pub async fn place(&self, block: &Block, resource_id: Option<Uuid>) -> Result<Outcome, Error> {
        let occurrences = self.term.occurrences(block.weekday, (block.starts, block.ends), self.time_zone);
        let (rrule, slots) = match occurrences {
            Ok(found) => found,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(resource_id) = resource_id else {
            return Ok(Ok(Placed { created: slots.len(), ..Placed::default() }));
        };
        let command = PlaceBlock {
            series_id: series_id(block),
            resource_id,
            user_id: self.caller.id(),
            purpose: Some(purpose(block)),
            rrule,
            slots,
            dry_run: self.dry_run,
        };
        loop {
            let request = Request { caller: self.caller.clone(), command: command.clone() };
            match self.workplace.availability.send(request).await {
                Ok(Ok(placed)) => return Ok(Ok(placed)),
                Ok(Err(availability::Error::Storage(error))) => return Err(error.into()),
                Ok(Err(refusal)) => return Ok(Err(refusal.to_string())),
                // Others are served first; the block's turn comes.
                Err(CallError::Overloaded { .. }) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What a block is identifies its series, whatever the term: importing it again finds what is there.
fn series_id(block: &Block) -> Uuid {
    let name = format!(
        "bookly/timetable/{}/{}/{}-{}/{}/{}",
        block.room,
        block.weekday,
        block.starts,
        block.ends,
        block.course,
        block.subject.as_deref().unwrap_or_default()
    );
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

fn purpose(block: &Block) -> String {
    let mut text = block.course.clone();
    for part in [&block.subject, &block.teacher].into_iter().flatten() {
        text.push_str(" · ");
        text.push_str(part);
    }
    text.chars().take(500).collect()
}

impl ImportReport {
    /// Enters what became of a block.
    pub(super) fn enter(&mut self, block: &Block, outcome: Outcome) {
        self.done += 1;
        let row = |outcome| block.lines.iter().map(move |line| RowResult { line: *line, outcome });
        let first_line = block.lines.first().copied().unwrap_or_default();
        match outcome {
            Ok(placed) => {
                self.reservations_created += placed.created;
                self.unchanged += placed.unchanged;
                let of_rows = match (placed.created, placed.refused.len()) {
                    (0, 0) => RowOutcome::Unchanged,
                    (0, _) => RowOutcome::Refused,
                    _ => RowOutcome::Created,
                };
                self.results.extend(row(of_rows));
                if !placed.refused.is_empty() {
                    self.refused.push(conflict(block, first_line, &placed));
                }
            }
            Err(reason) => {
                self.results.extend(row(RowOutcome::Refused));
                let message = format!("{} {}: {reason}", block.room, block.course);
                self.refused.push(Finding { line: first_line, code: "block.refused".into(), message });
            }
        }
    }
}

fn conflict(block: &Block, line: u64, placed: &Placed) -> Finding {
    let first = placed.refused.first().map(|slot| slot.starts_at.to_rfc3339()).unwrap_or_default();
    let (refused, room, course) = (placed.refused.len(), &block.room, &block.course);
    let message = format!(
        "{room} is taken at {refused} of the times of {course}, first at {first}; cancel what is there and import again"
    );
    Finding { line, code: "block.conflict".into(), message }
}
