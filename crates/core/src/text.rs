//! Text that somebody outside this program wrote, and the one filter between it and whoever reads our output.
//!
//! Events, AWS's answers, existing policies, tags and account names can hold anything: escape sequences that repaint a
//! terminal, marks that reverse the reading direction, line breaks that forge a second log line, or a megabyte. Such text
//! is kept as [`Untrusted`], which has no way to be printed but filtered and shortened, so that a sentence cannot hold it
//! raw. Documents that are shown in full, such as policies, go through [`printable`] instead, line by line. The terminal,
//! the log and JSON share the same filter.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// The longest excerpt of untrusted text in a sentence, in characters.
const LONGEST: usize = 60;

/// Whether a character can be shown: not a control character (C0, C1), a line or paragraph separator, a mark that changes
/// the reading direction, or a noncharacter.
///
/// The directional marks are those of Unicode's annex 9 (<https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>).
/// The rest is what SQS refuses in a message attribute
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>).
#[must_use]
pub fn is_printable(c: char) -> bool {
    let directional =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let separator = matches!(c, '\u{2028}' | '\u{2029}');
    !c.is_control() && !directional && !separator && !matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// The character that is shown in place of another: itself, a space for white space, or `?`.
fn shown(c: char) -> char {
    if is_printable(c) {
        c
    } else if c.is_whitespace() {
        ' '
    } else {
        '?'
    }
}

/// A whole text with every character that cannot be shown replaced: a space for white space, `?` for anything else.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// Every string of a JSON value, filtered like [`printable`]; keys are ours.
pub fn printable_json(value: &mut Value) {
    match value {
        Value::String(text) if !text.chars().all(is_printable) => *text = printable(text),
        Value::Array(items) => items.iter_mut().for_each(printable_json),
        Value::Object(map) => map.values_mut().for_each(printable_json),
        _ => {}
    }
}

/// The first `longest` characters of a text, filtered; `…` says that there is more.
#[must_use]
pub fn excerpt(text: &str, longest: usize) -> String {
    let mut excerpt: String = text.chars().take(longest).map(shown).collect();
    if text.chars().nth(longest).is_some() {
        excerpt.push('…');
    }
    excerpt
}

/// Text from outside. It prints filtered and cut to 60 characters, with `…` where it was longer; in JSON as well.
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

    /// The text itself: to compare, to measure or to send back to the API that it came from, never to print.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.0.as_ref()
    }

    /// Which of these words the text is. The answer is ours, and safe to print.
    #[must_use]
    pub fn known<'w>(&self, words: &[&'w str]) -> Option<&'w str> {
        words.iter().find(|word| **word == self.raw()).copied()
    }

    /// The value that the text stands for, validated by its own type.
    ///
    /// # Errors
    /// When the type refuses the text.
    pub fn parse<V: FromStr>(&self) -> Result<V, V::Err> {
        self.raw().parse()
    }

    /// The same text, owned.
    #[must_use]
    pub fn to_owned(&self) -> Untrusted {
        Untrusted(self.raw().to_owned())
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
        f.pad(&excerpt(self.raw(), LONGEST))
    }
}

impl<T: AsRef<str>> fmt::Debug for Untrusted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", excerpt(self.raw(), LONGEST))
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

    /// Escape, C1, bidi overrides and isolates, the Arabic letter mark, line separators, a byte order mark.
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
    fn untrusted_text_is_cut_by_characters() {
        assert_eq!(Untrusted::new("é".repeat(60)).to_string(), "é".repeat(60));
        assert_eq!(Untrusted::new("é".repeat(61)).to_string(), "é".repeat(60) + "…");
    }

    #[test]
    fn a_known_word_is_the_word_and_nothing_like_it() {
        let words = ["SUCCEEDED", "FAILED"];
        assert_eq!(Untrusted::new("FAILED").known(&words), Some("FAILED"));
        assert_eq!(Untrusted::new("FAILED ").known(&words), None);
    }
}
