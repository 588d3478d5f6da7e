//! Timetable files: well formed, faulty row by row, and hostile.

mod files;
mod hostile;
mod rows;

use std::borrow::Cow;

use super::*;

const HEADER: &str = "recurso,edificio,capacidad,dia,hora,programa,materia,docente,estudiantes,title_original";

/// The export's way of writing a title, quoted.
const TITLE: &str = "\"Carrera   : Derecho\nMateria   : LOGICA: PARTE I\nDocente : Docente 01\nNo.Alumnos: 20\"";

/// One row of the export with the cells that matter most; the title takes four lines.
fn row(room: &str, day: &str, hour: &str, course: &str) -> String {
    format!("{room},SA,25,{day},{hour},{course},No especificado,No especificado,20,{TITLE}")
}

/// A row on one line, from its cells.
fn plain(cells: [&str; 10]) -> String {
    cells.join(",")
}

fn file<S: AsRef<str>>(rows: &[S]) -> String {
    let mut file = HEADER.to_owned();
    for row in rows {
        file.push('\n');
        file.push_str(row.as_ref());
    }
    file
}

fn read<S: AsRef<str>>(rows: &[S]) -> Timetable {
    parse(file(rows).as_bytes()).unwrap()
}

fn codes(findings: &[Finding]) -> Vec<(u64, &'static str)> {
    let known = |found: &Finding| match &found.code {
        Cow::Borrowed(code) => *code,
        Cow::Owned(code) => panic!("{code} is none of the codes"),
    };
    findings.iter().map(|found| (found.line, known(found))).collect()
}

/// What must hold for every file that can be read at all.
fn holds(timetable: &Timetable) {
    let mut lines: Vec<u64> = timetable.blocks.iter().flat_map(|block| block.lines.clone()).collect();
    assert_eq!(lines.len(), timetable.accepted_rows());
    lines.extend(timetable.refused.chunk_by(|one, other| one.line == other.line).map(|row| row[0].line));
    let counted = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!((lines.len(), counted), (timetable.rows, timetable.rows), "a row was counted twice or never");
    for pair in timetable.blocks.windows(2) {
        let same_day = pair[0].room == pair[1].room && pair[0].weekday == pair[1].weekday;
        assert!(!same_day || pair[0].ends <= pair[1].starts, "{pair:?}");
    }
    for block in &timetable.blocks {
        assert!(block.starts < block.ends && block.lines.is_sorted());
        assert!(timetable.rooms.iter().any(|room| room.code == block.room));
    }
    assert!(timetable.warnings.is_sorted_by_key(|found| found.line));
    assert!(timetable.refused.is_sorted_by_key(|found| found.line));
}
