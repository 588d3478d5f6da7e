//! The week that rows fill: who has which room when, and the blocks that adjacent hours make.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveTime, Weekday};

use super::row::Entry;

/// Uninterrupted time of one course in one room on one day of every week, `[starts, ends)` in local time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The room's code.
    pub room: String,
    /// The day.
    pub weekday: Weekday,
    /// When it begins.
    pub starts: NaiveTime,
    /// When it is over; always later on the same day.
    pub ends: NaiveTime,
    /// The course and group, as the `programa` column writes it.
    pub course: String,
    /// What is taught: `materia`, or `Materia` of the original title.
    pub subject: Option<String>,
    /// Who teaches: `docente`, or `Docente` of the original title.
    pub teacher: Option<String>,
    /// The degree program: `Carrera` of the original title.
    pub program_name: Option<String>,
    /// The most students any of its rows names.
    pub students: Option<u32>,
    /// The lines of the rows it was made of, ascending.
    pub lines: Vec<u64>,
}

/// How a row fits into the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// The room was free.
    Free,
    /// An earlier line says exactly the same.
    Duplicate(u64),
    /// An earlier line gives some of that time to the same course.
    SameCourse(u64),
    /// An earlier line gives some of that time to another course; the row was not taken in.
    Taken(u64),
}

/// Part of a day, and a line that claims all of it.
#[derive(Clone, Copy)]
struct Slot {
    ends: NaiveTime,
    course: usize,
    line: u64,
}

/// The accepted rows so far.
#[derive(Default)]
pub(super) struct Week {
    /// The lines of each distinct entry.
    entries: HashMap<Entry, Vec<u64>>,
    /// A number for each course, that is, each pair of `programa` and title.
    courses: HashMap<(String, String), usize>,
    /// Disjoint slots by start. A day has 1,440 minutes, which bounds the work of any row.
    days: HashMap<(String, Weekday), BTreeMap<NaiveTime, Slot>>,
}

impl Week {
    /// Takes a row in, unless another course has the room.
    pub(super) fn place(&mut self, line: u64, entry: Entry) -> Fit {
        if let Some(lines) = self.entries.get_mut(&entry) {
            lines.push(line);
            return Fit::Duplicate(lines[0]);
        }
        let next = self.courses.len();
        let course = (entry.course.clone(), entry.title.clone());
        let course = *self.courses.entry(course).or_insert(next);
        let day = self.days.entry((entry.room.clone(), entry.weekday)).or_default();
        let slot = Slot { ends: entry.ends, course, line };
        let fit = claim(day, entry.starts, slot);
        if !matches!(fit, Fit::Taken(_)) {
            self.entries.insert(entry, vec![line]);
        }
        fit
    }

    /// Merges adjacent and overlapping hours of each course; ordered by room, day and time.
    pub(super) fn into_blocks(self) -> Vec<Block> {
        let mut entries: Vec<_> = self.entries.into_iter().collect();
        entries.sort_by(|(one, _), (other, _)| key(one).cmp(&key(other)));
        let mut blocks: Vec<Block> = Vec::new();
        let mut title = String::new();
        for (entry, lines) in entries {
            match blocks.last_mut() {
                Some(block) if title == entry.title && continues(block, &entry) => {
                    extend(block, entry, lines);
                }
                _ => {
                    title.clone_from(&entry.title);
                    blocks.push(begin(entry, lines));
                }
            }
        }
        for block in &mut blocks {
            block.lines.sort_unstable();
        }
        blocks.sort_by(|one, other| place(one).cmp(&place(other)));
        blocks
    }
}

/// Gives a day's time from `starts` on to a new slot, unless another course has some of it.
fn claim(day: &mut BTreeMap<NaiveTime, Slot>, starts: NaiveTime, claimed: Slot) -> Fit {
    let ends = claimed.ends;
    let overlapped = || day.range(..ends).rev().take_while(|(_, slot)| slot.ends > starts);
    if let Some((_, taken)) = overlapped().find(|(_, slot)| slot.course != claimed.course) {
        return Fit::Taken(taken.line);
    }
    let shared = overlapped().map(|(_, slot)| slot.line).min();
    let inside = |(begins, slot): &(&NaiveTime, &Slot)| **begins >= starts && slot.ends <= ends;
    let before = overlapped().find(|(begins, _)| **begins < starts);
    let after = overlapped().find(|(_, slot)| slot.ends > ends);
    let from = before.map_or(starts, |(_, slot)| slot.ends);
    let to = after.map_or(ends, |(begins, _)| *begins);
    // The row replaces the slots inside it, so that many long rows over many short ones stay cheap.
    let replaced: Vec<_> = overlapped().filter(inside).map(|(begins, _)| *begins).collect();
    for begins in replaced {
        day.remove(&begins);
    }
    if from < to {
        day.insert(from, Slot { ends: to, ..claimed });
    }
    shared.map_or(Fit::Free, Fit::SameCourse)
}

/// A total order, because a map gives its entries in any order.
fn key(entry: &Entry) -> impl Ord + '_ {
    let course = (&entry.course, &entry.title);
    let facts = (entry.capacity, &entry.building, entry.students);
    let names = (&entry.subject, &entry.teacher);
    let day = entry.weekday.num_days_from_monday();
    (&entry.room, day, course, entry.starts, entry.ends, names, facts)
}

fn place(block: &Block) -> impl Ord + '_ {
    (&block.room, block.weekday.num_days_from_monday(), block.starts)
}

fn continues(block: &Block, entry: &Entry) -> bool {
    block.room == entry.room
        && block.weekday == entry.weekday
        && block.course == entry.course
        && entry.starts <= block.ends
}

fn begin(entry: Entry, lines: Vec<u64>) -> Block {
    Block {
        room: entry.room,
        weekday: entry.weekday,
        starts: entry.starts,
        ends: entry.ends,
        course: entry.course,
        subject: entry.subject,
        teacher: entry.teacher,
        program_name: entry.program_name,
        students: entry.students,
        lines,
    }
}

fn extend(block: &mut Block, entry: Entry, lines: Vec<u64>) {
    block.ends = block.ends.max(entry.ends);
    block.subject = block.subject.take().or(entry.subject);
    block.teacher = block.teacher.take().or(entry.teacher);
    block.students = block.students.max(entry.students);
    block.lines.extend(lines);
}
