//! Imports: a coordinator that brings timetables in, through the public messages of the resources and the availability
//! service. It owns nothing but the record of what was imported.
//!
//! | commands | queries |
//! |---|---|
//! | [`ImportTimetable`], [`StartTimetableImport`] | [`GetImport`] |

mod error;
mod get;
mod import_timetable;
mod interrupted;
mod placement;
mod report;
mod rooms;
mod store;
mod term;
pub mod timetable;

pub use error::Error;
pub use get::GetImport;
pub use import_timetable::{ImportTimetable, StartTimetableImport};
pub use report::{ImportReport, RowOutcome, RowResult};
pub use term::Term;

use uuid::Uuid;

use crate::availability::Availability;
use crate::resources::Resources;
use crate::service::{Campus, service_actor};
use crate::supervision::Address;

/// The actor that runs imports.
pub struct Imports {
    campus: Campus,
    workplace: Workplace,
    directory: Uuid,
}

/// The services that an import works through.
#[derive(Clone)]
pub struct Workplace {
    /// Where rooms become resources.
    pub resources: Address<Resources>,
    /// Where blocks become reservations.
    pub availability: Address<Availability>,
}

impl Imports {
    /// The coordinator on `campus`. `directory` identifies the data directory, in which one process works at a time.
    pub fn new(campus: Campus, workplace: Workplace, directory: Uuid) -> Self {
        Self { campus, workplace, directory }
    }
}

service_actor!(Imports, close_interrupted);
