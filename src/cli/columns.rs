//! Tables for people.

use crate::output::say;

/// Prints rows below their titles, each column as wide as its widest cell. Nothing is printed for no rows.
pub(super) fn print(titles: &[&str], rows: &[Vec<String>]) {
    for line in lines(titles, rows) {
        say!("{line}");
    }
}

fn lines(titles: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&titles).chain(rows).collect();
    let width = |column: usize| {
        all.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let line = |row: &&Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

/// A text on one line of at most so many characters.
pub(super) fn short(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![vec!["a".to_owned(), "failed".to_owned()], vec!["ñandú".to_owned(), "x".to_owned()]];
        assert_eq!(lines(&["ID", "STATE"], &rows), ["ID     STATE", "a      failed", "ñandú  x"]);
        assert_eq!(lines(&["ID"], &[]), Vec::<String>::new());
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(short("a\nb  c", 10), "a b c");
        assert_eq!(short("ñññññ", 4), "ñññ…");
    }
}
