//! Reading Rust without a parser: enough to look for words, paths and functions, and no more.

/// The source with comments and the insides of literals blanked, so that only code is left to search. Lines stay.
pub fn mask(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut masked = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_or_comment_end(&chars, at);
        if end == at {
            masked.push(chars[at]);
            at += 1;
        }
        for &blanked in &chars[at..end.max(at)] {
            masked.push(if blanked == '\n' { '\n' } else { ' ' });
        }
        at = end.max(at);
    }
    masked
}

/// The index behind the comment or literal that begins at `at`, or `at` when none does.
fn literal_or_comment_end(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    let after_word = at > 0 && is_word(chars[at - 1]);
    match chars[at] {
        '/' if next == Some('/') => position(chars, at, |rest| rest[0] == '\n'),
        '/' if next == Some('*') => block_comment_end(chars, at),
        '"' => string_end(chars, at + 1),
        'r' if !after_word || chars[at - 1] == 'b' => raw_string_end(chars, at).unwrap_or(at),
        '\'' if next == Some('\\') => position(chars, at + 3, |rest| rest[0] == '\'') + 1,
        '\'' if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
}

fn position(chars: &[char], from: usize, found: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len()).find(|&index| found(&chars[index..])).unwrap_or(chars.len())
}

fn block_comment_end(chars: &[char], at: usize) -> usize {
    let (mut depth, mut index) = (0, at);
    while index < chars.len() {
        match chars[index..] {
            ['/', '*', ..] => (depth, index) = (depth + 1, index + 2),
            ['*', '/', ..] if depth == 1 => return index + 2,
            ['*', '/', ..] => (depth, index) = (depth - 1, index + 2),
            _ => index += 1,
        }
    }
    index
}

fn string_end(chars: &[char], mut index: usize) -> usize {
    while index < chars.len() {
        match chars[index] {
            '\\' => index += 2,
            '"' => return index + 1,
            _ => index += 1,
        }
    }
    chars.len()
}

fn raw_string_end(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars[at + 1..].iter().take_while(|character| **character == '#').count();
    let open = at + 1 + hashes;
    let closing: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    (chars.get(open) == Some(&'"'))
        .then(|| (position(chars, open + 1, |rest| rest.starts_with(&closing)) + closing.len()).min(chars.len()))
}

/// Whether a character may be part of an identifier.
pub fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The 1-based line of a byte offset.
pub fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// Offsets at which `phrase` stands with no identifier running on at either end.
pub fn occurrences<'a>(code: &'a str, phrase: &'a str) -> impl Iterator<Item = usize> + 'a {
    let (starts, ends) = (phrase.starts_with(is_word), phrase.ends_with(is_word));
    code.match_indices(phrase).map(|(offset, _)| offset).filter(move |&offset| {
        let free_before = !starts || !code[..offset].ends_with(is_word);
        free_before && (!ends || !code[offset + phrase.len()..].starts_with(is_word))
    })
}

/// The offset behind the brace that closes the one at `open`.
pub fn closing_brace(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, character) in code[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return open + offset + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// Masked code with inline `#[cfg(test)] mod … { … }` blanked.
pub fn without_tests(masked: &str) -> String {
    let mut code = masked.to_owned();
    let attribute = "#[cfg(test)]";
    let mut from = 0;
    while let Some(start) = code[from..].find(attribute).map(|offset| from + offset) {
        from = start + attribute.len();
        let rest = code[from..].trim_start();
        let open = code[from..].find('{').map(|offset| from + offset);
        if let (true, Some(open)) = (rest.starts_with("mod "), open)
            && !code[from..open].contains(';')
        {
            let end = closing_brace(&code, open);
            let blank: String = code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
            code.replace_range(start..end, &blank);
        }
    }
    code
}

/// A function: its name, first line and number of lines from `fn` to the closing brace.
pub struct Function<'a> {
    pub name: &'a str,
    pub line: usize,
    pub lines: usize,
}

/// The functions with a body in masked code.
pub fn functions(code: &str) -> Vec<Function<'_>> {
    occurrences(code, "fn").filter_map(|start| function_at(code, start)).collect()
}

fn function_at(code: &str, start: usize) -> Option<Function<'_>> {
    let name = code[start + 2..].trim_start();
    let name = &name[..name.find(|c| !is_word(c))?];
    // `fn(A) -> B` is a type, not a function.
    if name.is_empty() {
        return None;
    }
    let mut depth = 0_i32;
    for (offset, character) in code[start..].char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ';' if depth == 0 => return None,
            '{' if depth == 0 => {
                let (line, end) = (line_of(code, start), closing_brace(code, start + offset));
                return Some(Function { name, line, lines: line_of(code, end) - line + 1 });
            }
            _ => {}
        }
    }
    None
}

#[test]
fn comments_and_literals_are_masked_and_lines_stay() {
    let source = "a /* b /* c */ d */ e // f\n\"g \\\" h\" i r#\"j \" k\"# 'l' '\\'' m::<'n>(b\"o\") // \"p\nq";
    let masked = mask(source);
    let words: Vec<_> = masked.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
    assert_eq!(words, ["a", "e", "i", "m", "n", "b", "q"]);
    assert_eq!(masked.lines().count(), source.lines().count());
}

#[test]
fn functions_are_measured_to_their_last_brace() {
    let code = mask("trait T { fn a(&self); }\nfn b(x: [u8; 3]) -> u8 {\n  if x { 1 }\n}\ntype C = fn(u8);\n");
    let found: Vec<_> = functions(&code).iter().map(|found| (found.name, found.line, found.lines)).collect();
    assert_eq!(found, [("b", 2, 3)]);
}

#[test]
fn test_modules_are_blanked_and_what_follows_is_not() {
    let code = without_tests("fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\n#[cfg(test)]\nmod t;\nfn c() {}");
    let names: Vec<_> = functions(&code).iter().map(|found| found.name).collect();
    assert_eq!((names, code.lines().count()), (vec!["a", "c"], 6));
}
