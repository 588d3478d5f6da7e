//! Files as a whole: header, encoding, line ends, blocks.

use chrono::{NaiveTime, Weekday};

use super::*;

fn at(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
}

#[test]
fn adjacent_hours_become_one_block_with_the_facts_of_the_title() {
    let found = read(&[
        row("SA401", "Martes", "07:00-08:00", "1155504-C(35)"),
        row("SA401", "Martes", "06:00-07:00", "1155504-C(35)"),
        row("SA401", "Martes", "09:00-10:00", "1155504-C(35)"),
        row("SA401", "Jueves", "08:00-09:00", "1155504-C(35)"),
    ]);
    holds(&found);
    assert_eq!((found.rows, found.blocks.len()), (4, 3));
    assert_eq!((&found.warnings, &found.refused), (&vec![], &vec![]));
    let expected = Block {
        room: "SA401".into(),
        weekday: Weekday::Tue,
        starts: at(6),
        ends: at(8),
        course: "1155504-C(35)".into(),
        subject: Some("LOGICA: PARTE I".into()),
        teacher: Some("Docente 01".into()),
        program_name: Some("Derecho".into()),
        students: Some(20),
        lines: vec![2, 6],
    };
    assert_eq!(found.blocks[0], expected);
    let room = Room { code: "SA401".into(), building: Some("SA".into()), capacity: Some(25), line: 2 };
    assert_eq!(found.rooms, [room]);
}

#[test]
fn the_columns_win_over_the_title() {
    let cells = ["A1", "", "", "Lunes", "08:00-10:00", "C", "Álgebra", "Docente 2", "", "Materia : X"];
    let found = read(&[plain(cells)]);
    let block = &found.blocks[0];
    assert_eq!(block.subject.as_deref(), Some("Álgebra"));
    assert_eq!(block.teacher.as_deref(), Some("Docente 2"));
    assert_eq!((block.students, block.program_name.as_deref()), (None, None));
    assert_eq!((found.rooms[0].capacity, found.rooms[0].building.as_deref()), (None, None));
}

#[test]
fn every_day_is_known_with_and_without_accents() {
    let days = ["Lunes", "MARTES", "Miércoles", "miercoles ", "Mie\u{301}rcoles", "jueves", "Viernes"];
    let days = days.iter().chain(&["Sábado", "SABADO", "Domingo"]);
    let rows: Vec<_> = days.enumerate().map(|(n, day)| row(&format!("R{n:02}"), day, "06:00-07:00", "C")).collect();
    let found = read(&rows);
    assert_eq!(found.refused, []);
    let days: Vec<_> = found.blocks.iter().map(|block| block.weekday.num_days_from_monday()).collect();
    assert_eq!(days, [0, 1, 2, 2, 2, 3, 4, 5, 5, 6]);
}

#[test]
fn semicolons_other_orders_and_more_columns_are_recognised() {
    let file = "\n TITLE_ORIGINAL;nota;Día;hora;programa;materia;docente;estudiantes;recurso;edificio;capacidad\r\n\
                \"Carrera : A, B\r\nMateria : Y\";;Lunes;6:00 – 7:30;C;;;7;A1;SA;30\r\n";
    let found = parse(file.as_bytes()).unwrap();
    holds(&found);
    assert_eq!(found.refused, []);
    assert_eq!(found.blocks[0].program_name.as_deref(), Some("A, B"));
    assert_eq!(found.blocks[0].lines, [3]);
}

#[test]
fn line_ends_blank_lines_and_the_byte_order_mark_change_nothing() {
    let rows = [row("A1", "Lunes", "06:00-07:00", "C"), row("A2", "Lunes", "06:00-07:00", "C")];
    let plain = file(&rows);
    let expected = parse(plain.as_bytes()).unwrap();
    for other in [
        plain.replace('\n', "\r\n"),
        format!("\u{feff}{plain}"),
        format!("{plain}\n"),
        format!("{plain}\r\n \t\n,,,,,,,,,\n"),
    ] {
        assert_eq!(parse(other.as_bytes()).unwrap(), expected, "{other:?}");
    }
    let blank = parse(plain.replace("\nA2", "\n\n\nA2").as_bytes()).unwrap();
    assert_eq!(blank.blocks[1].lines, [8]);
}

#[test]
fn files_that_cannot_be_read_say_what_to_do() {
    let utf16: Vec<u8> = HEADER.bytes().flat_map(|byte| [byte, 0]).collect();
    let twice = format!("{HEADER},Hora");
    let huge = vec![b'x'; MAX_BYTES + 1];
    let wide = format!("{HEADER}{}", ",".repeat(70_000));
    let rows = format!("{HEADER}{}", "\nx".repeat(MAX_ROWS + 1));
    for (file, says) in [
        (&b""[..], "the file is empty"),
        (b"\xEF\xBB\xBF \r\n\n", "the file is empty"),
        (b"\xFF\xFEr\0e\0", "save it as UTF-8"),
        (b"\xFE\xFF\0r\0e", "save it as UTF-8"),
        (&utf16, "save it as UTF-8"),
        (b"\nrecurso,dia", "header on line 2 lacks edificio, capacidad, hora, programa, materia, docente"),
        (b"\xFF\"\n", "lacks recurso"),
        (twice.as_bytes(), "names hora twice"),
        (wide.as_bytes(), "line 1 should be the header and is longer than 65536 bytes"),
        (&huge, "more than the limit of 16777216"),
        (rows.as_bytes(), "more than 50000 rows"),
    ] {
        let text = parse(file).unwrap_err().to_string();
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn a_header_alone_is_a_timetable_without_rows() {
    assert_eq!(parse(HEADER.as_bytes()), Ok(Timetable::default()));
}

#[test]
fn findings_are_json_in_camel_case() {
    let found = read(&["x"]);
    let json = serde_json::to_value(&found.refused).unwrap();
    assert_eq!(json[0]["line"], 2);
    assert_eq!(json[0]["code"], "columns.count");
    assert!(json[0]["message"].as_str().unwrap().contains("1 columns and the header 10"));
}
