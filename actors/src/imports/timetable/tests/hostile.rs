//! Files made to break the reader. Whatever comes, it does not panic and counts each row once.

use proptest::prelude::*;

use super::*;
use crate::imports::timetable::columns::Layout;
use crate::imports::timetable::record;

/// Rows that neither overlap nor repeat: a room each.
fn valid_rows() -> impl Strategy<Value = Vec<String>> {
    let day = proptest::sample::select(&["Lunes", "Sábado", "miercoles"][..]);
    let hour = (0..23_u8).prop_map(|hour| format!("{hour:02}:00-{:02}:30", hour + 1));
    let title = proptest::sample::select(
        &[TITLE, "\"Materia : A, \"\"B\"\"\n\nDocente : C\"", "\"\nMateria : X\n\"", "\"\"", "", "Materia : X"][..],
    );
    let cells = (day, hour, "[A-Z]{1,3}", title);
    proptest::collection::vec(cells, 1..12).prop_map(|rows| {
        let numbered = rows.into_iter().enumerate();
        let text = |(number, (day, hour, course, title)): (usize, (&str, String, String, &str))| {
            row(&format!("R{number}"), day, &hour, &course).replace(TITLE, title)
        };
        numbered.map(text).collect()
    })
}

#[derive(Clone, Debug)]
enum Edit {
    Remove,
    Insert(u8),
    Replace(u8),
    Truncate,
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let telling = proptest::sample::select(&b"\"\",;\n\r\0=-:\xC3\xFF a7"[..]);
    let byte = prop_oneof![telling, any::<u8>()].boxed();
    prop_oneof![
        4 => Just(Edit::Remove),
        4 => byte.clone().prop_map(Edit::Insert),
        4 => byte.prop_map(Edit::Replace),
        1 => Just(Edit::Truncate),
    ]
}

fn apply(file: &mut Vec<u8>, from: usize, edits: Vec<(proptest::sample::Index, Edit)>) {
    for (place, edit) in edits {
        if file.len() <= from {
            return;
        }
        let place = from + place.index(file.len() - from);
        match edit {
            Edit::Remove => drop(file.remove(place)),
            Edit::Insert(byte) => file.insert(place, byte),
            Edit::Replace(byte) => file[place] = byte,
            Edit::Truncate => file.truncate(place),
        }
    }
}

/// Bytes out of the few that mean something to the reader, so that quotes and line breaks meet often.
fn telling_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(
        &[
            "\"",
            "\n",
            "\r\n",
            ",",
            "a",
            " ",
            "\r",
            "A,B,1,Lunes,06:00-07:00,C,,,1,\"",
            "A,B,1,Lunes,06:00-07:00,C,,,1,x\n",
        ][..],
    );
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(found) = parse(&bytes) {
            holds(&found);
        }
        let with_header = [HEADER.as_bytes(), b"\n", &bytes].concat();
        holds(&parse(&with_header).unwrap());
    }

    #[test]
    fn every_row_of_a_mutated_file_is_counted_once(
        rows in valid_rows(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any_edit()), 1..20),
    ) {
        let mut bytes = file(&rows).into_bytes();
        apply(&mut bytes, HEADER.len() + 1, edits);
        holds(&parse(&bytes).unwrap());
    }

    #[test]
    fn a_mutated_header_does_not_panic(
        rows in valid_rows(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any_edit()), 1..4),
    ) {
        let mut bytes = file(&rows).into_bytes();
        let rest = bytes.split_off(HEADER.len());
        apply(&mut bytes, 0, edits);
        bytes.extend(rest);
        if let Ok(found) = parse(&bytes) {
            holds(&found);
        }
    }

    #[test]
    fn valid_files_are_accepted_whole(rows in valid_rows(), crlf: bool) {
        let text = file(&rows);
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        let found = parse(text.as_bytes()).unwrap();
        holds(&found);
        prop_assert_eq!((found.accepted_rows(), found.refused), (rows.len(), vec![]));
    }

    #[test]
    fn one_lost_closing_quote_costs_one_row(mut rows in valid_rows(), which: proptest::sample::Index) {
        let which = which.index(rows.len());
        rows[which] = row("R", "Lunes", "06:00-07:00", "C");
        rows[which].pop();
        let line = 1 + file(&rows[..which]).lines().count() as u64;
        let found = read(&rows);
        holds(&found);
        prop_assert_eq!(codes(&found.refused), [(line, "quote.unterminated")]);
        prop_assert_eq!(found.accepted_rows(), rows.len() - 1);
    }

    #[test]
    fn records_cover_each_line_that_is_not_blank_exactly_once(bytes in telling_bytes()) {
        let layout = Layout::read(1, HEADER.as_bytes()).unwrap();
        let mut covered = 0;
        let blank = |number: u64| {
            let line = record::lines(&bytes).find(|line| line.number == number).unwrap();
            line.bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == b',')
        };
        for record in Records::new(&bytes, record::lines(&bytes), &layout) {
            prop_assert!(covered < record.line && record.line <= record.last_line);
            prop_assert!((covered + 1..record.line).all(blank), "a line was lost");
            let text = record.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            prop_assert_eq!(text, record.last_line - record.line);
            covered = record.last_line;
        }
        let last = record::lines(&bytes).count() as u64;
        prop_assert!((covered + 1..=last).all(blank), "the end was lost");
    }
}
