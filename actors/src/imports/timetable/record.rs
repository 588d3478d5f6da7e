//! Cuts the file into records, and finds back into step after a broken one.
//!
//! A CSV reader that meets a quote without an end swallows the rest of the file. Here a line that looks like a row of
//! this file ends such a record, so one broken row costs one row. Each physical line is looked at no more than three
//! times, which keeps the work linear.

use std::iter::Peekable;
use std::str;

use super::cell;
use super::columns::{Column, Layout};

/// A physical line without its line break.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// 1 for the first line of the file.
    pub(super) number: u64,
    pub(super) bytes: &'a [u8],
    /// Where it begins in the file.
    offset: usize,
}

/// The lines of a file, ended by LF or CRLF.
pub(super) fn lines(file: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut offset = 0;
    (1..).zip(file.split(|byte| *byte == b'\n')).map(move |(number, bytes)| {
        let start = offset;
        offset += bytes.len() + 1;
        Line { number, bytes: bytes.strip_suffix(b"\r").unwrap_or(bytes), offset: start }
    })
}

/// A record as it stands in the file.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// Its first physical line.
    pub(super) line: u64,
    /// Its last physical line.
    pub(super) last_line: u64,
    pub(super) bytes: &'a [u8],
    /// A quoted field was still open where the record was cut off.
    pub(super) unterminated: bool,
    /// A quote stands inside an unquoted field, or text follows a closing quote.
    pub(super) stray_quote: bool,
}

/// The records that `lines` of `file` hold; lines with nothing but delimiters and spaces are no records.
pub(super) struct Records<'a, I: Iterator<Item = Line<'a>>> {
    file: &'a [u8],
    lines: Peekable<I>,
    layout: &'a Layout,
}

impl<'a, I: Iterator<Item = Line<'a>>> Records<'a, I> {
    pub(super) fn new(file: &'a [u8], lines: I, layout: &'a Layout) -> Self {
        Self { file, lines: lines.peekable(), layout }
    }

    fn is_blank(&self, line: &Line<'_>) -> bool {
        let nothing = |byte: &u8| byte.is_ascii_whitespace() || *byte == self.layout.delimiter;
        line.bytes.iter().all(nothing)
    }
}

impl<'a, I: Iterator<Item = Line<'a>>> Iterator for Records<'a, I> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let first = loop {
            let line = self.lines.next()?;
            if !self.is_blank(&line) {
                break line;
            }
        };
        let mut last = first;
        let mut scan = Scan::new(self.layout.delimiter);
        scan.feed(first.bytes);
        // After a stray quote nobody knows where the record ends: everything up to the next row belongs to it.
        while scan.is_open() || scan.stray {
            let Some(line) = self.lines.next_if(|line| !looks_like_row(line.bytes, self.layout)) else {
                break;
            };
            if scan.is_open() {
                scan.feed(line.bytes);
                last = line;
            } else if !self.is_blank(&line) {
                last = line;
            }
        }
        Some(Record {
            line: first.number,
            last_line: last.number,
            bytes: &self.file[first.offset..last.offset + last.bytes.len()],
            unterminated: scan.is_open(),
            stray_quote: scan.stray,
        })
    }
}

/// Whether a line can be the first of a row: it has the right number of fields, the last of which may be a quoted one
/// that goes on, no stray quotes, and a valid hour or day in its place.
fn looks_like_row(line: &[u8], layout: &Layout) -> bool {
    let mut scan = Scan::new(layout.delimiter);
    let (hour, day) = (layout.place(Column::Hour), layout.place(Column::Day));
    let (mut fields, mut start, mut known) = (0, 0, false);
    for end in 0..=line.len() {
        let ended = match line.get(end) {
            Some(byte) => scan.step(*byte),
            None => !scan.is_open(),
        };
        if scan.stray || fields > layout.width {
            return false;
        }
        if ended {
            let text = str::from_utf8(&line[start..end]).unwrap_or_default();
            let text = text.trim().trim_matches('"');
            known |= fields == hour && cell::hours(text).is_ok();
            known |= fields == day && cell::weekday(text).is_ok();
            fields += 1;
            start = end + 1;
        }
    }
    known && (fields == layout.width || scan.is_open() && fields < layout.width)
}

/// Where in a record the scan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    FieldStart,
    Bare,
    Quoted,
    /// A quote was seen inside a quoted field: the end of it, or the first half of an escaped quote.
    Closing,
}

/// The quoting rules of RFC 4180 section 2, applied byte by byte.
struct Scan {
    delimiter: u8,
    state: State,
    stray: bool,
}

impl Scan {
    fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::FieldStart, stray: false }
    }

    /// Takes one byte; true when it is a delimiter that ends a field.
    fn step(&mut self, byte: u8) -> bool {
        let quote = byte == b'"';
        let ends_field = byte == self.delimiter && self.state != State::Quoted;
        self.state = match self.state {
            _ if ends_field => State::FieldStart,
            State::FieldStart | State::Closing if quote => State::Quoted,
            State::Quoted if quote => State::Closing,
            State::Quoted => State::Quoted,
            State::Closing => {
                // Text after a quote: most likely an unescaped quote inside the text, so the field goes on.
                self.stray = true;
                State::Quoted
            }
            State::FieldStart | State::Bare => {
                self.stray |= quote;
                State::Bare
            }
        };
        ends_field
    }

    fn feed(&mut self, line: &[u8]) {
        if self.state != State::Quoted {
            self.state = State::FieldStart;
        }
        for byte in line {
            self.step(*byte);
        }
    }

    fn is_open(&self) -> bool {
        self.state == State::Quoted
    }
}
