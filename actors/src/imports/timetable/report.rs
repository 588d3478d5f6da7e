//! What an import tells its user: findings about rows, and errors about the whole file.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::columns::MAX_HEADER_BYTES;
use super::{MAX_BYTES, MAX_ROWS};

/// Something to say about one row of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The physical line the row starts on; the first line of the file is 1.
    pub line: u64,
    /// A stable, machine-readable name such as `hour.invalid`; see [`code`].
    pub code: Cow<'static, str>,
    /// What is wrong and what to do, in English.
    pub message: String,
}

impl Finding {
    pub(super) fn new(line: u64, code: &'static str, message: impl Into<String>) -> Self {
        Self { line, code: Cow::Borrowed(code), message: message.into() }
    }
}

/// The codes of findings.
pub mod code {
    /// Refused: the row is not valid UTF-8.
    pub const ENCODING_INVALID: &str = "encoding.invalid";
    /// Refused: a quoted field has no closing quote.
    pub const QUOTE_UNTERMINATED: &str = "quote.unterminated";
    /// Refused: a quote stands where none may.
    pub const QUOTE_STRAY: &str = "quote.stray";
    /// Refused: more or fewer columns than the header.
    pub const COLUMNS_COUNT: &str = "columns.count";
    /// Refused: no room code.
    pub const ROOM_MISSING: &str = "room.missing";
    /// Refused: a room code that is dangerous to show or to export.
    pub const ROOM_INVALID: &str = "room.invalid";
    /// Refused: not a day of the week.
    pub const DAY_UNKNOWN: &str = "day.unknown";
    /// Refused: not a pair of times in order.
    pub const HOUR_INVALID: &str = "hour.invalid";
    /// Refused: capacity or students is not a number in range.
    pub const NUMBER_INVALID: &str = "number.invalid";
    /// Refused: no course in the `programa` column.
    pub const COURSE_MISSING: &str = "course.missing";
    /// Refused: a text with control characters, or longer than the limit.
    pub const TEXT_INVALID: &str = "text.invalid";
    /// Refused: another course already has the room at that hour.
    pub const ROW_OVERLAP: &str = "row.overlap";
    /// Warning: the row repeats an earlier one.
    pub const ROW_DUPLICATE: &str = "row.duplicate";
    /// Warning: the row's hours overlap those of the same course and were merged.
    pub const ROW_MERGED: &str = "row.merged";
    /// Warning: the row contradicts what an earlier one says about the room.
    pub const ROOM_CONTRADICTION: &str = "room.contradiction";
    /// Warning: more students than the room holds.
    pub const CAPACITY_EXCEEDED: &str = "capacity.exceeded";
}

/// Why no row of the file could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is nothing in it.
    #[error("the file is empty: send a CSV file with a header line and one row an hour of teaching")]
    Empty,
    /// It is longer than [`MAX_BYTES`].
    #[error("the file has {bytes} bytes, more than the limit of {MAX_BYTES}: split it and import the parts")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// It has more than [`MAX_ROWS`] rows.
    #[error("the file has more than {MAX_ROWS} rows, the limit: split it and import the parts")]
    TooManyRows,
    /// It is encoded in UTF-16.
    #[error("the file is encoded in UTF-16: save it as UTF-8 (in a spreadsheet: \"CSV UTF-8\") and send it again")]
    Utf16,
    /// The first line is too long for a header.
    #[error(
        "line {line} should be the header and is longer than {MAX_HEADER_BYTES} bytes: \
         begin the file with the names of the columns on a line of their own"
    )]
    HeaderTooLong {
        /// The line.
        line: u64,
    },
    /// The header lacks columns.
    #[error(
        "the header on line {line} lacks {}: name the columns as in the export, in any order, \
         separated by commas or semicolons",
        columns.join(", ")
    )]
    ColumnsMissing {
        /// Where the header was looked for.
        line: u64,
        /// The names of the missing columns.
        columns: Vec<&'static str>,
    },
    /// The header names a column twice.
    #[error("the header on line {line} names {column} twice: rename or remove one of the two columns")]
    ColumnTwice {
        /// Where the header is.
        line: u64,
        /// The repeated name.
        column: &'static str,
    },
}
