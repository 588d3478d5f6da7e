//! A sample campus: rooms and their timetable, brought in the way a real one is, as a CSV file.

use std::sync::Arc;

use actors::access::Caller;
use actors::availability::{ListProfiles, Profile};
use actors::imports::{ImportReport, ImportTimetable, Term};
use actors::service::Question;
use chrono::{Datelike, Days};

use crate::app::App;
use crate::output::say;

const BUILDINGS: [&str; 4] = ["North", "South", "Garden", "Tower"];
const ROOMS_A_BUILDING: usize = 6;
const SUBJECTS: [&str; 8] = [
    "Linear Algebra",
    "Organic Chemistry",
    "Databases",
    "Thermodynamics",
    "Roman Law",
    "Microeconomics",
    "Soil Mechanics",
    "Phonetics",
];
const DAYS: [&str; 5] = ["Lunes", "Martes", "Miércoles", "Jueves", "Viernes"];
/// First hours of the two-hour blocks that are taught; the rest of the day is left to reserve.
const HOURS: [usize; 3] = [7, 9, 14];
const WEEKS: u64 = 8;

/// Imports the timetable over the coming weeks and answers the rooms.
pub async fn build(app: &App, planner: Caller) -> Result<Vec<Profile>, Box<dyn std::error::Error>> {
    let today = app.clock.now().date_naive();
    let monday = today - Days::new(today.weekday().num_days_from_monday().into()) + Days::new(7);
    let term = Term::new(monday, monday + Days::new(7 * WEEKS - 1))?;
    let file: Arc<[u8]> = timetable().into_bytes().into();
    let command = ImportTimetable { caller: planner.clone(), file, term, dry_run: false, strict: true };
    let started = std::time::Instant::now();
    let report: ImportReport = app.services.imports.send(command).await??;
    say!(
        "Imported a timetable of {} rows: {} rooms, {} weekly blocks, {} reservations over {WEEKS} weeks, in {} ms\n",
        report.rows,
        report.resources_created,
        report.blocks,
        report.reservations_created,
        started.elapsed().as_millis()
    );
    Ok(app.services.availability.send(Question { caller: planner, query: ListProfiles }).await??)
}

/// The timetable as a file in the format that `bookly import timetable` reads.
fn timetable() -> String {
    let mut csv =
        String::from("recurso,edificio,capacidad,dia,hora,programa,materia,docente,estudiantes,title_original\n");
    let mut course = 0;
    for (number, building) in BUILDINGS.iter().enumerate() {
        for room in 1..=ROOMS_A_BUILDING {
            let code = format!("{}{}{room:02}", &building[..1], number + 1);
            let capacity = 20 + 5 * ((number + room) % 5);
            for (place, hour) in HOURS.iter().enumerate() {
                course += 1;
                let day = DAYS[(room + place + number) % DAYS.len()];
                let subject = SUBJECTS[course % SUBJECTS.len()];
                for hour in [*hour, hour + 1] {
                    let hours = format!("{hour:02}:00-{:02}:00", hour + 1);
                    csv.push_str(&format!(
                        "{code},{building},{capacity},{day},{hours},C-{course:03},{subject},,{},\n",
                        capacity - 2
                    ));
                }
            }
        }
    }
    csv
}

#[cfg(test)]
mod tests {
    use actors::imports::timetable;

    #[test]
    fn the_sample_timetable_has_no_fault() {
        let read = timetable::parse(super::timetable().as_bytes()).expect("readable");
        assert_eq!((read.rooms.len(), read.blocks.len()), (24, 72));
        assert!(read.refused.is_empty() && read.warnings.is_empty());
    }
}
