//! The header: which delimiter the file uses and where each column stands.

use super::cell::{csv_fields, fold};
use super::report::FileError;

/// The columns a timetable must have, in the order of the usual export.
const NAMES: [&str; COLUMNS] = [
    "recurso",
    "edificio",
    "capacidad",
    "dia",
    "hora",
    "programa",
    "materia",
    "docente",
    "estudiantes",
    "title_original",
];
const COLUMNS: usize = 10;

/// A longer line is no header, and a hostile one of millions of columns would cost much memory.
pub(super) const MAX_HEADER_BYTES: usize = 64 * 1024;

/// A column that is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column {
    Room,
    Building,
    Capacity,
    Day,
    Hour,
    Course,
    Subject,
    Teacher,
    Students,
    Title,
}

/// The layout of one file.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) delimiter: u8,
    /// Fields in a row, ignored columns included.
    pub(super) width: usize,
    places: [usize; COLUMNS],
}

impl Layout {
    /// Reads the header with the delimiter that finds more of the columns.
    pub(super) fn read(line: u64, header: &[u8]) -> Result<Self, FileError> {
        if header.len() > MAX_HEADER_BYTES {
            return Err(FileError::HeaderTooLong { line });
        }
        let header = String::from_utf8_lossy(header);
        let [comma, semicolon] = [b',', b';'].map(|delimiter| (delimiter, names(&header, delimiter)));
        let known = |names: &[String]| NAMES.iter().filter(|name| names.iter().any(|n| n == *name)).count();
        let (delimiter, names) = if known(&semicolon.1) > known(&comma.1) { semicolon } else { comma };
        let mut places = [0; COLUMNS];
        let mut missing = Vec::new();
        for (place, column) in places.iter_mut().zip(NAMES) {
            let mut found = (0..names.len()).filter(|index| names[*index] == column);
            match (found.next(), found.next()) {
                (Some(index), None) => *place = index,
                (None, _) => missing.push(column),
                (Some(_), Some(_)) => return Err(FileError::ColumnTwice { line, column }),
            }
        }
        if !missing.is_empty() {
            return Err(FileError::ColumnsMissing { line, columns: missing });
        }
        Ok(Self { delimiter, width: names.len(), places })
    }

    /// The index of a column's field.
    pub(super) fn place(&self, column: Column) -> usize {
        self.places[column as usize]
    }
}

fn names(header: &str, delimiter: u8) -> Vec<String> {
    let fields = csv_fields(header, delimiter).unwrap_or_default();
    fields.iter().map(fold).collect()
}
