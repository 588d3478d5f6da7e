//! Puts rows together: their time, their rooms, and what their neighbours in the file make of them.

use std::collections::HashMap;
use std::fmt::Display;

use super::block::{Fit, Week};
use super::columns::Layout;
use super::record::Record;
use super::report::{Finding, code};
use super::row::{self, Entry};
use super::{Room, Timetable};

/// A timetable in the making.
#[derive(Default)]
pub(super) struct Reading {
    timetable: Timetable,
    week: Week,
    /// Where each room stands in `timetable.rooms`.
    rooms: HashMap<String, usize>,
}

impl Reading {
    /// Takes the next record of the file.
    pub(super) fn take(&mut self, record: &Record<'_>, layout: &Layout) {
        self.timetable.rows += 1;
        let entry = match row::read(record, layout) {
            Ok(entry) => entry,
            Err(findings) => return self.timetable.refused.extend(findings),
        };
        let line = record.line;
        match self.week.place(line, entry.clone()) {
            Fit::Free => {}
            Fit::Duplicate(other) => {
                self.warn(line, code::ROW_DUPLICATE, format!("the row repeats line {other}: remove one of them"))
            }
            Fit::SameCourse(other) => self.warn(
                line,
                code::ROW_MERGED,
                format!("the hours overlap those of the same course on line {other}; both count once"),
            ),
            Fit::Taken(other) => {
                let message = format!(
                    "{} already has another course at that time, on line {other}: move one of them or remove it",
                    entry.room
                );
                let finding = Finding::new(line, code::ROW_OVERLAP, message);
                return self.timetable.refused.push(finding);
            }
        }
        self.judge_room(line, &entry);
    }

    /// Data rows seen so far.
    pub(super) fn rows(&self) -> usize {
        self.timetable.rows
    }

    pub(super) fn finish(self) -> Timetable {
        Timetable { blocks: self.week.into_blocks(), ..self.timetable }
    }

    fn judge_room(&mut self, line: u64, entry: &Entry) {
        let next = self.timetable.rooms.len();
        let index = *self.rooms.entry(entry.room.clone()).or_insert(next);
        if index == next {
            self.timetable.rooms.push(Room { code: entry.room.clone(), building: None, capacity: None, line });
        }
        let room = &mut self.timetable.rooms[index];
        let mut differs = Vec::new();
        differs.extend(settle(&mut room.building, entry.building.clone(), "building"));
        differs.extend(settle(&mut room.capacity, entry.capacity, "capacity"));
        let (code, first, capacity) = (&room.code, room.line, room.capacity);
        if !differs.is_empty() {
            let differs = differs.join(" and ");
            let message =
                format!("{code} has {differs} in earlier rows (from line {first}), which stands: correct one of them");
            self.warn(line, code::ROOM_CONTRADICTION, message);
        }
        if let (Some(students), Some(capacity)) = (entry.students, capacity)
            && students > capacity
        {
            let message = format!(
                "{students} students in {}, which holds {capacity}: choose a larger room or correct a number",
                entry.room
            );
            self.warn(line, code::CAPACITY_EXCEEDED, message);
        }
    }

    fn warn(&mut self, line: u64, code: &'static str, message: String) {
        self.timetable.warnings.push(Finding::new(line, code, message));
    }
}

/// Keeps a fact that is known, and takes one that is not; says what the kept one is when the two differ.
fn settle<T: PartialEq + Display>(fact: &mut Option<T>, told: Option<T>, name: &str) -> Option<String> {
    match (fact.as_ref(), told) {
        (_, None) => None,
        (None, told) => {
            *fact = told;
            None
        }
        (Some(kept), Some(told)) => (*kept != told).then(|| format!("the {name} {kept}")),
    }
}
