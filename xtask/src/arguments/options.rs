//! Options with a value: `--name VALUE` and `--name=VALUE`.

/// Reads options up to the end of `words`; `take` is told each name, and a way to the value that belongs to it.
///
/// # Errors
/// What `take` says, or that a value is missing.
pub fn each<'a>(
    words: &[&'a str],
    mut take: impl FnMut(&'a str, &mut dyn FnMut() -> Result<&'a str, String>) -> Result<(), String>,
) -> Result<(), String> {
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let mut value = || {
            let given = value.or_else(|| words.next().copied()).filter(|value| !value.is_empty());
            given.ok_or_else(|| format!("`{name}` needs a value"))
        };
        take(name, &mut value)?;
    }
    Ok(())
}

/// A TCP port.
///
/// # Errors
/// A sentence for the user when it is none.
pub fn port(word: &str) -> Result<u16, String> {
    word.parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| format!("`{word}` is not a port: use a number up to 65535"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Vec<String>, String> {
        let mut read = vec![];
        each(words, |name, value| {
            read.push(format!("{name} {}", value()?));
            Ok(())
        })?;
        Ok(read)
    }

    #[test]
    fn a_value_may_follow_an_equals_sign() {
        assert_eq!(read(&["--a=1", "--b", "2", "--c=d=e"]), Ok(vec!["--a 1".into(), "--b 2".into(), "--c d=e".into()]));
    }

    #[test]
    fn a_missing_value_is_named() {
        for words in [&["--a"][..], &["--a="], &["--a", ""], &["--b", "1", "--a"]] {
            assert!(read(words).is_err_and(|problem| problem.contains("`--a` needs")), "{words:?}");
        }
    }

    #[test]
    fn a_port_is_a_number_of_16_bits_and_not_zero() {
        assert_eq!(port("65535"), Ok(65_535));
        for word in ["0", "65536", "-1", "x", ""] {
            assert!(port(word).is_err_and(|problem| problem.contains(&format!("`{word}`"))));
        }
    }
}
