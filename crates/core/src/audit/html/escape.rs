//! Untrusted text in HTML and in a JSON data block.

use serde_json::Value;

use crate::text::printable;

/// The text as it is written in an element or in a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The value as JSON for a data block in HTML. A parser of HTML finds no end tag, comment or character reference in it.
///
/// See <https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements>.
pub(super) fn json_block(value: &Value) -> String {
    let json = value.to_string();
    let mut block = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => block.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => block.push(c),
        }
    }
    block
}
