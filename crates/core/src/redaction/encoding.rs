//! Finds a secret in a text in which any of its characters may be encoded.
//!
//! A character is recognized as itself, percent-encoded (`%2F`, and `%252F` after a second encoding), and as an escape of
//! JSON (`\/`, `\"`, `\u002f`, with more backslashes where JSON is inside of JSON). The forms may be mixed. A list of whole
//! encoded secrets would not do: encoders differ in the characters that they encode.
//!
//! Some texts can be read in two ways, for example a `%25` that is three characters of the secret, or one. The search keeps
//! all positions at which the secret may go on, so it never has to go back.

/// Whether a secret is compared case-sensitively.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Insensitive,
}

/// The shortest beginning of a secret, in characters, that is hidden before the `…` of a shortened message. Fewer reveal
/// nothing.
const SHORTEST_BEGINNING: usize = 3;

/// The longest part of an encoded character, in bytes, that can be left before the `…`: `\\\u002`, and some more.
const LONGEST_REST: usize = 8;

/// Where the secret ends, or the `…` that cuts it off, if it begins at `start`.
pub(super) fn end_of_match(text: &str, start: usize, secret: &[char], case: Case) -> Option<usize> {
    // Nearly every position is ruled out by its first character, so nothing is allocated before.
    let begins = |reading: (char, usize)| secret.first().is_some_and(|first| is_same(reading.0, *first, case));
    if !readings(text.get(start..)?).into_iter().flatten().any(begins) {
        return None;
    }
    let mut ends = vec![start];
    for (matched, wanted) in secret.iter().enumerate() {
        if matched >= SHORTEST_BEGINNING
            && let Some(cut) = ends.iter().find_map(|end| Some(end + cut(text.get(*end..)?)?))
        {
            return Some(cut);
        }
        let next = ends.iter().flat_map(|end| {
            let readings = readings(text.get(*end..).unwrap_or_default()).into_iter().flatten();
            readings.filter(|(found, _)| is_same(*found, *wanted, case)).map(move |(_, length)| end + length)
        });
        let mut next: Vec<_> = next.collect();
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    ends.into_iter().max()
}

fn is_same(a: char, b: char, case: Case) -> bool {
    a == b || case == Case::Insensitive && a.to_lowercase().eq(b.to_lowercase())
}

/// The distance to the `…` if the text goes on with it, possibly after a part of an encoded character.
fn cut(text: &str) -> Option<usize> {
    let rest = text.get(..text.find('…')?)?;
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'%' | b'\\' | b'u');
    let is_encoded = rest.starts_with(['%', '\\']) && rest.len() <= LONGEST_REST && rest.bytes().all(is_part);
    (rest.is_empty() || is_encoded).then_some(rest.len())
}

/// The ways to read the first character of a text: the character, and the number of bytes that stand for it.
fn readings(text: &str) -> [Option<(char, usize)>; 4] {
    let literal = text.chars().next().map(|c| (c, c.len_utf8()));
    match literal {
        Some(('%', _)) => [literal, percent_encoded(text), None, None],
        Some(('+', _)) => [literal, Some((' ', 1)), None, None],
        Some(('\\', _)) => {
            let backslashes = text.len() - text.trim_start_matches('\\').len();
            [literal, Some(('\\', backslashes)), escaped(text, backslashes), None]
        }
        _ => [literal, None, None, None],
    }
}

/// The character that the text begins with as UTF-8 bytes in percent-encoding.
fn percent_encoded(text: &str) -> Option<(char, usize)> {
    let mut bytes = Vec::new();
    let mut rest = text;
    // The longest character has four bytes.
    while bytes.len() < 4 {
        rest = rest.strip_prefix('%')?;
        // An encoded `%`, unless it is the byte itself.
        while let Some(again) = rest.strip_prefix("25").filter(|again| has_two_digits(again)) {
            rest = again;
        }
        bytes.push(u8::from_str_radix(rest.get(..2).filter(|_| has_two_digits(rest))?, 16).ok()?);
        rest = rest.get(2..)?;
        if let Ok(decoded) = std::str::from_utf8(&bytes) {
            return Some((decoded.chars().next()?, text.len() - rest.len()));
        }
    }
    None
}

fn has_two_digits(text: &str) -> bool {
    text.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// The character that follows the backslashes of an escape.
fn escaped(text: &str, backslashes: usize) -> Option<(char, usize)> {
    let rest = text.get(backslashes..)?;
    if let Some((first, after)) = code_unit(rest) {
        let second = code_unit(after.trim_start_matches('\\'));
        let one = char::decode_utf16([first]).next()?.ok();
        return match (one, second) {
            (Some(c), _) => Some((c, text.len() - after.len())),
            (None, Some((second, after))) => {
                let pair = char::decode_utf16([first, second]).next()?.ok()?;
                Some((pair, text.len() - after.len()))
            }
            (None, None) => None,
        };
    }
    let c = rest.chars().next()?;
    let escaped = match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        other => other,
    };
    Some((escaped, backslashes + c.len_utf8()))
}

/// The UTF-16 code unit `uXXXX` that a text begins with, and the rest of the text.
fn code_unit(text: &str) -> Option<(u16, &str)> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    let unit = digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())??;
    Some((unit, text.get(5..)?))
}
