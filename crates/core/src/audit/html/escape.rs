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

/// The same, with what is in backticks as code.
pub(super) fn with_code(text: &str) -> String {
    let escaped = escaped(text);
    let mut parts = escaped.split('`');
    let mut html = parts.next().unwrap_or_default().to_owned();
    while let Some(code) = parts.next() {
        match parts.next() {
            Some(after) => html += &format!("<code>{code}</code>{after}"),
            // A backtick without a second one stays.
            None => html += &format!("`{code}"),
        }
    }
    html
}

/// A path that may be broken after each slash.
pub(super) fn breakable(path: &str) -> String {
    escaped(path).replace('/', "/<wbr>")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_backticks_is_code_and_still_escaped() {
        assert_eq!(with_code("run `a <b>` & `c`, or `d"), "run <code>a &lt;b&gt;</code> &amp; <code>c</code>, or `d");
        assert_eq!(breakable("a/<b"), "a/<wbr>&lt;b");
    }
}
