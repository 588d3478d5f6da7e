//! Single rows: what is refused, what is only warned about, and that neighbours are spared.

use super::*;

/// A good row, the one in question, and another good row: only the one in question may be refused.
fn between(bad: &str) -> Timetable {
    let good = |room| row(room, "Lunes", "06:00-07:00", "G");
    let found = read(&[good("G1").as_str(), bad, good("G2").as_str()]);
    holds(&found);
    let rooms = found.rooms.iter().filter(|room| room.code.starts_with('G'));
    assert_eq!(rooms.count(), 2, "a neighbour is lost: {:?}", found.refused);
    found
}

fn refused(bad: &str) -> Vec<(u64, &'static str)> {
    codes(&between(bad).refused)
}

#[test]
fn each_fault_has_its_code_and_line() {
    let good = ["A1", "SA", "25", "Lunes", "06:00-07:00", "C", "", "", "20", "t"];
    let long = "x".repeat(301);
    for (place, cell, code) in [
        (0, "", "room.missing"),
        (0, "no especificado", "room.missing"),
        (0, "=HYPERLINK(1)", "room.invalid"),
        (0, "+1", "room.invalid"),
        (0, "-1", "room.invalid"),
        (0, "@A", "room.invalid"),
        (0, "A\u{0}1", "room.invalid"),
        (0, "A1\t", "room.invalid"),
        (0, "A\r1", "room.invalid"),
        (0, "A\u{202e}1", "room.invalid"),
        (0, &long, "room.invalid"),
        (1, "S\u{1b}A", "text.invalid"),
        (2, "-1", "number.invalid"),
        (2, "+1", "number.invalid"),
        (2, "25.0", "number.invalid"),
        (2, "100001", "number.invalid"),
        (8, "99999999999999999999", "number.invalid"),
        (8, "veinte", "number.invalid"),
        (3, "Lunnes", "day.unknown"),
        (3, "", "day.unknown"),
        (4, "07:00-06:00", "hour.invalid"),
        (4, "07:00-07:00", "hour.invalid"),
        (4, "23:00-24:00", "hour.invalid"),
        (4, "06:60-07:00", "hour.invalid"),
        (4, "06:00", "hour.invalid"),
        (4, "006:00-07:00", "hour.invalid"),
        (4, "6-7", "hour.invalid"),
        (4, "+6:00-07:00", "hour.invalid"),
        (4, "٠٦:00-07:00", "hour.invalid"),
        (5, "", "course.missing"),
        (5, &long, "text.invalid"),
        (6, "a\u{0}b", "text.invalid"),
        (7, "Docente\u{200b}1", "text.invalid"),
        (9, "Carrera : a\u{7}b", "text.invalid"),
        (9, "a \"b\" c", "quote.stray"),
        (9, "t,t", "columns.count"),
    ] {
        let mut cells = good;
        cells[place] = cell;
        assert_eq!(refused(&plain(cells)), [(6, code)], "{cell:?}");
    }
    assert_eq!(refused("A1,SA"), [(6, "columns.count")]);
    // Text after a closing quote: that quote may be an inner one, and then the closing one is missing.
    let cells = plain(good).replace("C,,,", "\"C\"D,,,");
    assert_eq!(refused(&cells), [(6, "quote.unterminated"), (6, "quote.stray")]);
    assert_eq!(refused(&plain(good)), []);
}

#[test]
fn all_faults_of_a_row_are_told_at_once() {
    let found = refused(&plain(["", "SA", "x", "Lun", "25:00-26:00", "", "", "", "-3", ""]));
    let told: Vec<_> = found.iter().map(|(_, code)| *code).collect();
    let expected = ["room.missing", "number.invalid", "day.unknown", "hour.invalid", "course.missing"];
    assert_eq!(told[..5], expected);
    assert_eq!(told[5..], ["number.invalid"]);
}

#[test]
fn a_missing_closing_quote_costs_its_row_only() {
    let broken = row("A1", "Lunes", "06:00-07:00", "C").trim_end_matches('"').to_owned();
    let found = between(&broken);
    assert_eq!(codes(&found.refused), [(6, "quote.unterminated")]);
    assert!(found.refused[0].message.contains("lines 7 to 9"), "{}", found.refused[0].message);
    // As the last row of the file, and as a row on one line.
    let last = read(&[row("G1", "Lunes", "06:00-07:00", "C"), broken]);
    assert_eq!((codes(&last.refused), last.rows), (vec![(6, "quote.unterminated")], 2));
    let one_line = plain(["A1", "SA", "25", "Lunes", "06:00-07:00", "C", "", "", "2", "\"t"]);
    assert_eq!(refused(&one_line), [(6, "quote.unterminated")]);
    let early = plain(["A1", "\"SA", "25", "Lunes", "06:00-07:00", "C", "", "", "2", "t"]);
    assert_eq!(refused(&early), [(6, "quote.unterminated")]);
}

#[test]
fn a_row_with_a_bad_hour_after_a_broken_one_is_still_seen_by_its_day() {
    let broken = row("A1", "Lunes", "06:00-07:00", "C").trim_end_matches('"').to_owned();
    let bad = row("A2", "Lunes", "6 am", "C");
    assert_eq!(refused(&format!("{broken}\n{bad}")), [(6, "quote.unterminated"), (10, "hour.invalid")]);
}

#[test]
fn a_stray_quote_costs_its_row_only_also_in_a_text_of_several_lines() {
    for title in [
        "\"Carrera : Derecho\nMateria : EL \"NUEVO\" ORDEN\nDocente : Docente 01\"",
        "\"Carrera : Derecho\nMateria : \"NUEVO\", ORDEN\nDocente : Docente 01\"",
        " \"Carrera : Derecho\nMateria : ORDEN\nDocente : Docente 01\"",
    ] {
        let bad = row("A1", "Lunes", "06:00-07:00", "C").replace(TITLE, title);
        assert_eq!(refused(&bad)[0], (6, "quote.stray"), "{title}");
        assert_eq!(between(&bad).rows, 3, "{title}");
    }
}

#[test]
fn escaped_quotes_and_delimiters_in_quotes_are_text() {
    let title = "\"Materia : EL \"\"NUEVO\"\", ORDEN\"";
    let found = between(&row("A1", "Lunes", "06:00-07:00", "C").replace(TITLE, title));
    assert_eq!(found.refused, []);
    assert_eq!(found.blocks[0].subject.as_deref(), Some("EL \"NUEVO\", ORDEN"));
}

#[test]
fn bytes_that_are_not_utf8_cost_their_row_only() {
    let rows = ["A1", "A2", "A3"].map(|room| row(room, "Lunes", "06:00-07:00", "C"));
    let mut file = file(&rows).into_bytes();
    let place = file.windows(2).position(|two| two == b"A2").unwrap();
    let place = place + file[place..].windows(6).position(|six| six == b"LOGICA").unwrap();
    file[place + 1] = 0xD3;
    let found = parse(&file).unwrap();
    holds(&found);
    assert_eq!(codes(&found.refused), [(6, "encoding.invalid")]);
    assert!(found.refused[0].message.contains("line 7 holds the byte 0xD3"));
    assert_eq!(found.rooms.len(), 2);
}

#[test]
fn another_course_at_the_same_time_is_refused_and_names_the_line() {
    let found = read(&[
        row("A1", "Lunes", "06:00-08:00", "C"),
        row("A1", "Lunes", "07:00-09:00", "D"),
        row("A1", "Lunes", "08:00-09:00", "D"),
        row("A1", "Martes", "07:00-09:00", "D"),
        row("A2", "Lunes", "07:00-09:00", "D"),
    ]);
    holds(&found);
    assert_eq!(codes(&found.refused), [(6, "row.overlap")]);
    assert!(found.refused[0].message.contains("A1 already has another course at that time, on line 2"));
    assert_eq!(found.blocks.len(), 4);
}

#[test]
fn overlapping_hours_of_one_course_merge_and_the_union_is_taken() {
    let found = read(&[
        row("A1", "Lunes", "06:00-07:00", "C"),
        row("A1", "Lunes", "08:00-09:00", "C"),
        row("A1", "Lunes", "06:30-10:00", "C"),
        row("A1", "Lunes", "07:15-07:45", "D"),
        row("A1", "Lunes", "09:45-10:15", "D"),
    ]);
    holds(&found);
    assert_eq!(codes(&found.warnings), [(10, "row.merged")]);
    assert_eq!(codes(&found.refused), [(14, "row.overlap"), (18, "row.overlap")]);
    assert!(found.refused.iter().all(|refused| refused.message.contains("line 10")));
    let [block] = &found.blocks[..] else { panic!("{:?}", found.blocks) };
    assert_eq!((block.starts.to_string(), block.ends.to_string()), ("06:00:00".into(), "10:00:00".into()));
    assert_eq!(block.lines, [2, 6, 10]);
}

#[test]
fn an_exact_duplicate_is_a_warning() {
    let row = row("A1", "Lunes", "06:00-07:00", "C");
    let found = read(&[&row, &row]);
    holds(&found);
    assert_eq!(codes(&found.warnings), [(6, "row.duplicate")]);
    assert!(found.warnings[0].message.contains("line 2"));
    assert_eq!(found.blocks[0].lines, [2, 6]);
}

#[test]
fn what_contradicts_the_first_facts_of_a_room_is_a_warning() {
    let at = |building, capacity, hour, students| {
        plain(["A1", building, capacity, "Lunes", hour, "C", "", "", students, ""])
    };
    let found = read(&[
        at("", "", "06:00-07:00", "40"),
        at("SA", "25", "07:00-08:00", "25"),
        at("SB", "30", "08:00-09:00", "26"),
        at("", "", "09:00-10:00", "26"),
    ]);
    holds(&found);
    let told = [(4, "room.contradiction"), (4, "capacity.exceeded"), (5, "capacity.exceeded")];
    assert_eq!(codes(&found.warnings), told);
    assert!(found.warnings[0].message.contains("the building SA and the capacity 25"));
    assert_eq!((found.rooms[0].capacity, found.rooms[0].line), (Some(25), 2));
    assert_eq!(found.blocks[0].students, Some(40));
}
