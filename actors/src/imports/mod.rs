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

use crate::availability::Availability;
use crate::resources::Resources;
use crate::service::{Campus, service_actor};
use crate::supervision::Address;

/// The actor that runs imports.
pub struct Imports {
    campus: Campus,
    workplace: Workplace,
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
    /// The coordinator on `campus`.
    pub fn new(campus: Campus, workplace: Workplace) -> Self {
        Self { campus, workplace }
    }
}

service_actor!(Imports, close_interrupted);
