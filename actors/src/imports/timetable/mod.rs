//! Reads a weekly timetable from the CSV export of the university's planning system.
//!
//! Pure: bytes in, rooms and weekly blocks out, with a finding for every row that was refused or deserves a look. One
//! bad row costs one row. The header is `recurso,edificio,capacidad,dia,hora,programa,materia,docente,estudiantes,
//! title_original`, in any order, among any other columns, separated by commas or semicolons.

mod block;
mod cell;
mod columns;
mod reading;
mod record;
mod report;
mod row;
#[cfg(test)]
mod tests;

pub use block::Block;
use columns::Layout;
use reading::Reading;
use record::Records;
pub use report::{FileError, Finding, code};

/// The largest file that is read, in bytes (16 MiB).
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The most rows of one file; it bounds the report that a hostile file of tiny rows would fill memory with.
pub const MAX_ROWS: usize = 50_000;

const UTF8_BOM: &[u8] = b"\xEF\xBB\xBF";

/// What a timetable file says.
///
/// Each of its rows is accepted, and then its line stands in exactly one block, or refused, and then its line stands
/// in `refused`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timetable {
    /// Data rows seen, accepted or refused.
    pub rows: usize,
    /// The rooms of the accepted rows, in the order of the file.
    pub rooms: Vec<Room>,
    /// The weekly blocks, by room, day and time. No two of one room overlap.
    pub blocks: Vec<Block>,
    /// What deserves a look, by line.
    pub warnings: Vec<Finding>,
    /// Why rows were refused, by line; a row with several faults has several findings.
    pub refused: Vec<Finding>,
}

impl Timetable {
    /// Rows that were refused.
    pub fn refused_rows(&self) -> usize {
        self.refused.chunk_by(|one, other| one.line == other.line).count()
    }

    /// Rows that became a part of a block.
    pub fn accepted_rows(&self) -> usize {
        self.rows - self.refused_rows()
    }
}

/// A room, by the first row that tells each fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The code as the `recurso` column writes it.
    pub code: String,
    /// The building, when a row names it.
    pub building: Option<String>,
    /// How many people it holds, when a row says it.
    pub capacity: Option<u32>,
    /// The line of its first row.
    pub line: u64,
}

/// Reads a timetable.
///
/// Lines are physical lines of the file, counted from 1; a row has the line it starts on. A byte order mark, CRLF,
/// blank lines and a missing last line break are all fine. Linear in the length of the file.
///
/// # Errors
/// Only when the file as a whole cannot be read: see [`FileError`]. Bad rows are findings.
pub fn parse(bytes: &[u8]) -> Result<Timetable, FileError> {
    let file = text_of(bytes)?;
    let mut lines = record::lines(file);
    let header = lines.find(|line| !line.bytes.trim_ascii().is_empty()).ok_or(FileError::Empty)?;
    let layout = Layout::read(header.number, header.bytes)?;
    let mut reading = Reading::default();
    for record in Records::new(file, lines, &layout) {
        if reading.rows() == MAX_ROWS {
            return Err(FileError::TooManyRows);
        }
        reading.take(&record, &layout);
    }
    Ok(reading.finish())
}

fn text_of(bytes: &[u8]) -> Result<&[u8], FileError> {
    if bytes.len() > MAX_BYTES {
        return Err(FileError::TooLarge { bytes: bytes.len() });
    }
    match bytes {
        // The byte order marks, and for files without one: ASCII in UTF-16 has a zero in every pair.
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, _, ..] | [_, 0, ..] => Err(FileError::Utf16),
        _ => Ok(bytes.strip_prefix(UTF8_BOM).unwrap_or(bytes)),
    }
}
