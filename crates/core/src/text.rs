//! Untrusted text, and the filter that it passes before it is printed.
//!
//! Events, API responses, existing policies, tags and account names can contain anything: escape sequences that repaint a
//! terminal, marks that reverse the reading direction, line breaks that forge a second log line, or a megabyte. Such text
//! is kept as [`Untrusted`], which always prints filtered and shortened, so that a message cannot contain it raw. Documents
//! that are shown in full, such as policies, go through [`printable`] line by line instead. The terminal, the log and JSON
//! share the same filter.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// The maximum length of untrusted text in a message, in characters.
const MAX_LENGTH: usize = 60;

/// Whether a character is safe to print: not a control character (C0, C1), a line or paragraph separator, a mark that changes
/// the text direction, an invisible character (with which one name can look like another), or a noncharacter.
///
/// The directional marks are those of Unicode's annex 9 (<https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>).
/// The rest are the characters that SQS rejects in a message attribute
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>).
#[must_use]
pub fn is_printable(c: char) -> bool {
    let directional =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let separator = matches!(c, '\u{2028}' | '\u{2029}');
    let invisible = matches!(
        c,
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    );
    !c.is_control() && !directional && !separator && !invisible && !matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// The character to print for `c`: itself, a space for white space, or `?`.
fn printed(c: char) -> char {
    if is_printable(c) {
        c
    } else if c.is_whitespace() {
        ' '
    } else {
        '?'
    }
}

/// The full text with every unprintable character replaced: a space for white space, `?` for anything else.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(printed).collect()
}

/// Several lines of text, each filtered like [`printable`]; the line breaks stay.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// JSON with every unprintable character as a `\u` escape: the same value, and safe to print.
///
/// ```
/// # use onboarding_core::text::escaped_json;
/// assert_eq!(escaped_json("[\"a\u{202e}b\"]"), r#"["a\u202eb"]"#);
/// ```
#[must_use]
pub fn escaped_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || is_printable(c) {
            escaped.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

/// Filters every string of a JSON value like [`printable`]. Keys are not filtered, because they come from this program.
pub(crate) fn printable_json(value: &mut Value) {
    match value {
        Value::String(text) if !text.chars().all(is_printable) => *text = printable(text),
        Value::Array(items) => items.iter_mut().for_each(printable_json),
        Value::Object(map) => map.values_mut().for_each(printable_json),
        _ => {}
    }
}

/// Bytes, such as those of a hash, in lower-case hexadecimal.
#[must_use]
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first `longest` characters of a text, filtered, with `…` if it was longer.
#[must_use]
pub fn excerpt(text: &str, longest: usize) -> String {
    let mut excerpt: String = text.chars().take(longest).map(printed).collect();
    if text.chars().nth(longest).is_some() {
        excerpt.push('…');
    }
    excerpt
}

/// Untrusted text. It prints (and serializes) filtered and shortened to 60 characters, with `…` if it was longer.
///
/// ```
/// # use onboarding_core::text::Untrusted;
/// let name = Untrusted::new("payments\u{1b}[2Jdev");
/// assert_eq!(format!("account {name}"), "account payments?[2Jdev");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Untrusted<T = String>(T);

impl<T: AsRef<str>> Untrusted<T> {
    /// Marks a text as untrusted.
    pub fn new(text: T) -> Self {
        Self(text)
    }

    /// The raw text, for comparing, measuring or sending it back to the API that returned it. Do not print it.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.0.as_ref()
    }

    /// The element of `words` that equals the text. It is safe to print.
    #[must_use]
    pub(crate) fn known<'w>(&self, words: &[&'w str]) -> Option<&'w str> {
        words.iter().find(|word| **word == self.raw()).copied()
    }

    /// Parses the text into a validated type.
    ///
    /// # Errors
    /// If the text is not valid for the type.
    pub(crate) fn parse<V: FromStr>(&self) -> Result<V, V::Err> {
        self.raw().parse()
    }
}

impl<T: AsRef<str>> PartialEq<str> for Untrusted<T> {
    fn eq(&self, other: &str) -> bool {
        self.raw() == other
    }
}

impl<T: AsRef<str>> PartialEq<&str> for Untrusted<T> {
    fn eq(&self, other: &&str) -> bool {
        self.raw() == *other
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl<T: AsRef<str>> fmt::Display for Untrusted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&excerpt(self.raw(), MAX_LENGTH))
    }
}

impl<T: AsRef<str>> fmt::Debug for Untrusted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", excerpt(self.raw(), MAX_LENGTH))
    }
}

impl<T: AsRef<str>> Serialize for Untrusted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Escape, C1, bidi overrides and isolates, Arabic letter mark, line separators, byte order mark.
    const HOSTILE: &str = "a\u{1b}[31m\u{9b}b\u{202e}\u{2066}\u{61c}\u{200f}c\u{2028}\u{2029}\u{feff}d\r\n\te";

    #[test]
    fn untrusted_text_prints_filtered_everywhere() {
        let text = Untrusted::new(HOSTILE);
        assert_eq!(text.to_string(), "a?[31m?b????c  ?d   e");
        assert_eq!(format!("{text:?}"), "\"a?[31m?b????c  ?d   e\"");
        assert_eq!(serde_json::to_string(&text).unwrap(), "\"a?[31m?b????c  ?d   e\"");
        assert_eq!(printable(HOSTILE), text.to_string());
        assert!(!HOSTILE.chars().filter(|c| !c.is_ascii_alphanumeric() && !"[".contains(*c)).any(is_printable));
    }

    #[test]
    fn untrusted_text_is_shortened_by_characters() {
        assert_eq!(Untrusted::new("é".repeat(60)).to_string(), "é".repeat(60));
        assert_eq!(Untrusted::new("é".repeat(61)).to_string(), "é".repeat(60) + "…");
    }

    #[test]
    fn known_word_must_match_exactly() {
        let words = ["SUCCEEDED", "FAILED"];
        assert_eq!(Untrusted::new("FAILED").known(&words), Some("FAILED"));
        assert_eq!(Untrusted::new("FAILED ").known(&words), None);
    }
}
