//! Timetables made for tests, and the import of files through the command line.

use std::path::PathBuf;

use serde_json::Value;

use crate::harness::Installation;

/// The columns of the export.
const HEADER: &str = "recurso,edificio,capacidad,dia,hora,programa,materia,docente,estudiantes,title_original\n";
/// Four weeks that begin on a Monday.
pub const FOUR_WEEKS: [&str; 2] = ["2027-01-18", "2027-02-14"];
/// A week more.
pub const FIVE_WEEKS: [&str; 2] = ["2027-01-18", "2027-02-21"];

/// One row an hour: in each of `rooms` rooms, on five days, two courses of two hours each.
pub fn sheet(rooms: usize) -> String {
    let mut text = HEADER.to_owned();
    for room in 0..rooms {
        for day in ["Lunes", "Martes", "Miércoles", "Jueves", "Viernes"] {
            for (hour, course) in [(8, "A"), (9, "A"), (14, "B"), (15, "B")] {
                text.push_str(&row(&format!("S{room:02}"), day, &format!("{hour:02}:00-{:02}:00", hour + 1), course));
            }
        }
    }
    text
}

/// One row.
pub fn row(room: &str, day: &str, hours: &str, course: &str) -> String {
    format!("{room},S,30,{day},{hours},{course},Materia,Docente,25,\"Materia : {course}\nNo.Alumnos: 25\"\n")
}

/// Weekly blocks of [`sheet`] with so many rooms.
pub fn blocks(rooms: usize) -> usize {
    rooms * 5 * 2
}

/// Writes a file beside the installation's data.
pub fn write(installation: &Installation, name: &str, bytes: &[u8]) -> PathBuf {
    let path = installation.directory().join(name);
    std::fs::write(&path, bytes).expect("it can be written");
    path
}

/// What the command line said: the exit code, and the report.
pub fn import(installation: &Installation, file: &std::path::Path, term: [&str; 2], flags: &[&str]) -> (i32, Value) {
    let file = file.to_str().expect("a path");
    let mut arguments = vec!["import", "timetable", file, "--from", term[0], "--to", term[1], "--json"];
    arguments.extend(flags);
    let output = installation.run_command(&arguments, "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let report = serde_json::from_str(&said);
    let report = report.unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().expect("it ends by itself"), report)
}

/// Numbers of a report, by their names.
pub fn numbers<const N: usize>(report: &Value, names: [&str; N]) -> [usize; N] {
    names.map(|name| {
        let value = &report[name];
        let count = value.as_array().map(Vec::len).or(value.as_u64().and_then(|count| count.try_into().ok()));
        count.unwrap_or_else(|| panic!("{name} of {report}"))
    })
}
