//! One row: from a record to its meaning, or to everything that is wrong with it.

use std::cmp::Ordering;

use chrono::{NaiveTime, Weekday};
use csv::StringRecord;

use super::cell::{self, quoted};
use super::columns::{Column, Layout};
use super::record::Record;
use super::report::{Finding, code};

/// The longest text of one cell that is stored, in characters.
const MAX_TEXT: usize = 300;

/// The longest room code, in characters.
const MAX_CODE: usize = 64;

/// What a row says, without the line it says it on: equal entries are duplicates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub(super) room: String,
    pub(super) building: Option<String>,
    pub(super) capacity: Option<u32>,
    pub(super) weekday: Weekday,
    pub(super) starts: NaiveTime,
    pub(super) ends: NaiveTime,
    pub(super) course: String,
    pub(super) subject: Option<String>,
    pub(super) teacher: Option<String>,
    pub(super) program_name: Option<String>,
    pub(super) students: Option<u32>,
    /// The original title; together with the course it tells courses apart.
    pub(super) title: String,
}

/// Reads a record, or says everything that is wrong with it at once.
pub(super) fn read(record: &Record<'_>, layout: &Layout) -> Result<Entry, Vec<Finding>> {
    let mut findings = broken_quotes(record);
    let text = match std::str::from_utf8(record.bytes) {
        Ok(text) => text,
        Err(error) => {
            findings.push(not_utf8(record, error.valid_up_to()));
            ""
        }
    };
    if !findings.is_empty() {
        return Err(findings);
    }
    let fields = cell::csv_fields(text, layout.delimiter).unwrap_or_default();
    if fields.len() != layout.width {
        let message = format!(
            "the row has {} columns and the header {}: add or remove delimiters, \
             and put a text that contains one between double quotes",
            fields.len(),
            layout.width
        );
        return Err(vec![Finding::new(record.line, code::COLUMNS_COUNT, message)]);
    }
    let mut faults = Faults { line: record.line, findings };
    match entry(&fields, layout, &mut faults) {
        Some(entry) if faults.findings.is_empty() => Ok(entry),
        _ => Err(faults.findings),
    }
}

fn broken_quotes(record: &Record<'_>) -> Vec<Finding> {
    let (first, last) = (record.line + 1, record.last_line);
    let skipped = match last.cmp(&first) {
        Ordering::Less => String::new(),
        Ordering::Equal => format!("; line {last} was skipped as a part of this row"),
        Ordering::Greater => format!("; lines {first} to {last} were skipped as parts of this row"),
    };
    let mut findings = Vec::new();
    if record.unterminated {
        let message = format!("a double quote opens a text and none closes it: close it{skipped}");
        findings.push(Finding::new(record.line, code::QUOTE_UNTERMINATED, message));
    }
    if record.stray_quote {
        let message = format!(
            "a double quote stands inside a text: put the whole text between double quotes \
             and write each quote inside it twice{skipped}"
        );
        findings.push(Finding::new(record.line, code::QUOTE_STRAY, message));
    }
    findings
}

fn not_utf8(record: &Record<'_>, valid_up_to: usize) -> Finding {
    let (valid, rest) = record.bytes.split_at(valid_up_to);
    let line = (record.line..).zip(valid.split(|byte| *byte == b'\n')).last();
    let message = format!(
        "line {} holds the byte 0x{:02X}, which is not UTF-8: \
         save the file as UTF-8 (in a spreadsheet: \"CSV UTF-8\")",
        line.map_or(record.line, |(line, _)| line),
        rest.first().copied().unwrap_or_default()
    );
    Finding::new(record.line, code::ENCODING_INVALID, message)
}

/// Reads every cell, also after a bad one, so that `faults` holds all of them.
fn entry(fields: &StringRecord, layout: &Layout, faults: &mut Faults) -> Option<Entry> {
    let cell = |column| fields.get(layout.place(column)).unwrap_or_default();
    let title = cell(Column::Title).trim().replace("\r\n", "\n");
    let named = |column, key| cell::known(cell(column)).or_else(|| titled(&title, key));
    let room = faults.room(cell(Column::Room));
    let building = faults.text("edificio", cell::known(cell(Column::Building)));
    let capacity = cell::people("capacidad", cell(Column::Capacity));
    let capacity = faults.judge(code::NUMBER_INVALID, capacity);
    let weekday = faults.judge(code::DAY_UNKNOWN, cell::weekday(cell(Column::Day)));
    let hours = faults.judge(code::HOUR_INVALID, cell::hours(cell(Column::Hour)));
    let course = faults.course(cell(Column::Course));
    let subject = faults.text("materia", named(Column::Subject, "materia"));
    let teacher = faults.text("docente", named(Column::Teacher, "docente"));
    let program_name = faults.text("Carrera in title_original", titled(&title, "carrera"));
    let students = cell::people("estudiantes", cell(Column::Students));
    let students = faults.judge(code::NUMBER_INVALID, students);
    let (starts, ends) = hours?;
    Some(Entry {
        room: room?,
        building,
        capacity: capacity?,
        weekday: weekday?,
        starts,
        ends,
        course: course?,
        subject,
        teacher,
        program_name,
        students: students?,
        title,
    })
}

/// The value of a `Key : value` line of the original title.
fn titled<'t>(title: &'t str, key: &str) -> Option<&'t str> {
    let mut values =
        title.split('\n').filter_map(|line| line.split_once(':')).filter(|(name, _)| cell::fold(name) == key);
    values.find_map(|(_, value)| cell::known(value))
}

/// What is wrong with the cells of one row.
struct Faults {
    line: u64,
    findings: Vec<Finding>,
}

impl Faults {
    fn refuse<T>(&mut self, code: &'static str, message: impl Into<String>) -> Option<T> {
        self.findings.push(Finding::new(self.line, code, message));
        None
    }

    fn judge<T>(&mut self, code: &'static str, value: Result<T, String>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(message) => self.refuse(code, message),
        }
    }

    fn room(&mut self, text: &str) -> Option<String> {
        let Some(room) = cell::known(text) else {
            return self.refuse(code::ROOM_MISSING, "recurso is empty: write the code of the room");
        };
        // The untrimmed text: a control character at the edge is no white space.
        let hidden = cell::has_hidden_characters(text.trim_matches(' '));
        if hidden || cell::is_formula(room) || room.chars().nth(MAX_CODE).is_some() {
            let message = format!(
                "recurso is \"{}\": a room code has at most {MAX_CODE} characters, none of them invisible, \
                 and does not start with =, +, - or @",
                quoted(text)
            );
            return self.refuse(code::ROOM_INVALID, message);
        }
        Some(room.to_owned())
    }

    fn course(&mut self, text: &str) -> Option<String> {
        match text.trim() {
            "" => self.refuse(code::COURSE_MISSING, "programa is empty: write the code of the course and its group"),
            course => self.text("programa", Some(course)),
        }
    }

    /// Texts that are stored must fit there: PostgreSQL, for one, has no place for a NUL in a text.
    fn text(&mut self, name: &str, text: Option<&str>) -> Option<String> {
        let text = text?;
        if cell::has_hidden_characters(text) || text.chars().nth(MAX_TEXT).is_some() {
            let message = format!(
                "{name} is \"{}\": write at most {MAX_TEXT} characters on one line, none of them invisible",
                quoted(text)
            );
            return self.refuse(code::TEXT_INVALID, message);
        }
        Some(text.to_owned())
    }
}
