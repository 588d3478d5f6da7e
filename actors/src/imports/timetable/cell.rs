//! Single cells: text, days, hours, numbers. Each reader says in its error what is allowed.

use chrono::{NaiveTime, Weekday};
use csv::{ReaderBuilder, StringRecord, Terminator};

/// What the export writes where it knows nothing.
const UNSPECIFIED: &str = "no especificado";

/// More people than any room holds.
const MAX_PEOPLE: u32 = 100_000;

/// Characters of a cell that a message repeats.
const QUOTED_LENGTH: usize = 40;

/// Invisible characters that reorder or hide text, with which one code can pose as another.
const INVISIBLE: [std::ops::RangeInclusive<char>; 5] = [
    '\u{ad}'..='\u{ad}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
];

/// Splits one record that was already cut out of the file. `None` when it holds no record or more than one.
///
/// The terminator is a bare line feed, so that a lone carriage return stays inside its field and is judged there.
pub(super) fn csv_fields(record: &str, delimiter: u8) -> Option<StringRecord> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .terminator(Terminator::Any(b'\n'))
        .buffer_capacity(record.len().clamp(64, 8 * 1024))
        .from_reader(record.as_bytes());
    let mut records = reader.records();
    let first = records.next()?.ok()?;
    records.next().is_none().then_some(first)
}

/// Lower case without accents or outer space, for comparing names people type.
pub(super) fn fold(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let plain = |letter| match letter {
        'á' | 'à' => Some('a'),
        'é' | 'è' => Some('e'),
        'í' | 'ì' => Some('i'),
        'ó' | 'ò' => Some('o'),
        'ú' | 'ù' | 'ü' => Some('u'),
        // Combining marks: accents in decomposed text.
        '\u{300}'..='\u{36f}' => None,
        other => Some(other),
    };
    text.chars().filter_map(plain).collect()
}

/// The trimmed text, unless the cell is empty or says that nothing is known.
pub(super) fn known(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty() && fold(text) != UNSPECIFIED).then_some(text)
}

/// A Spanish day name.
pub(super) fn weekday(text: &str) -> Result<Weekday, String> {
    Ok(match fold(text).as_str() {
        "lunes" => Weekday::Mon,
        "martes" => Weekday::Tue,
        "miercoles" => Weekday::Wed,
        "jueves" => Weekday::Thu,
        "viernes" => Weekday::Fri,
        "sabado" => Weekday::Sat,
        "domingo" => Weekday::Sun,
        _ => {
            return Err(format!(
                "dia is \"{}\": write one of Lunes, Martes, Miércoles, Jueves, Viernes, Sábado, Domingo",
                quoted(text)
            ));
        }
    })
}

/// A pair of local times such as `06:00-07:00`, the second after the first.
pub(super) fn hours(text: &str) -> Result<(NaiveTime, NaiveTime), String> {
    let pair = text.split_once(['-', '–']);
    match pair.and_then(|(from, to)| Some((time(from)?, time(to)?))) {
        Some((from, to)) if from < to => Ok((from, to)),
        Some(_) => Err(format!("hora is \"{}\": the end must come after the start, on the same day", quoted(text))),
        None => Err(format!(
            "hora is \"{}\": write two times from 00:00 to 23:59 as HH:MM-HH:MM, such as 06:00-07:00",
            quoted(text)
        )),
    }
}

fn time(text: &str) -> Option<NaiveTime> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let shape = matches!(hour.len(), 1 | 2) && minute.len() == 2 && digits(hour) && digits(minute);
    if !shape {
        return None;
    }
    NaiveTime::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, 0)
}

/// A number of people; `None` when the cell says nothing.
pub(super) fn people(column: &str, text: &str) -> Result<Option<u32>, String> {
    let Some(text) = known(text) else {
        return Ok(None);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits && number <= MAX_PEOPLE => Ok(Some(number)),
        _ => Err(format!(
            "{column} is \"{}\": write a whole number from 0 to {MAX_PEOPLE} in digits only, or leave it empty",
            quoted(text)
        )),
    }
}

/// Whether the text holds characters that are invisible or control something.
pub(super) fn has_hidden_characters(text: &str) -> bool {
    let invisible = |letter| INVISIBLE.iter().any(|range| range.contains(&letter));
    text.chars().any(|letter| letter.is_control() || invisible(letter))
}

/// Whether a spreadsheet would run the text as a formula (CSV injection, CWE-1236).
pub(super) fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@'])
}

/// A cell for a message: short, and with control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    let escape = |letter: char| match letter {
        '"' | '\'' => letter.to_string(),
        _ => letter.escape_debug().to_string(),
    };
    let mut short: String = text.chars().take(QUOTED_LENGTH).map(escape).collect();
    if text.chars().nth(QUOTED_LENGTH).is_some() {
        short.push('…');
    }
    short
}
