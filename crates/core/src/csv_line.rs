//! Lines of CSV, for a spreadsheet or an import.
//!
//! A name can be any text, and spreadsheet programs evaluate a cell that begins with `=`, `+`, `-` or `@` as a formula. Such a cell
//! gets an apostrophe in front, after which programs show it as text. A program may also split a line at a semicolon or a tab
//! instead of a comma, even inside of quotes, so the same holds for what follows one of these.
//!
//! See <https://owasp.org/www-community/attacks/CSV_Injection>.

/// The characters with which a formula begins, also in their full-width forms, which some programs accept.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// The characters at which a program may start a new cell.
const SEPARATORS: [char; 5] = [',', ';', '\t', '"', '|'];

/// One line, in the format of RFC 4180.
pub(crate) fn csv_line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<_> = cells.map(|cell| format!("\"{}\"", harmless(cell).replace('"', "\"\""))).collect();
    format!("{}\r\n", cells.join(","))
}

/// The text without anything that a spreadsheet program evaluates.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    let mut starts_cell = true;
    for c in text.chars() {
        if starts_cell && FORMULA.contains(&c) {
            harmless.push('\'');
        }
        harmless.push(if c.is_control() { ' ' } else { c });
        starts_cell = SEPARATORS.contains(&c) || c.is_control() || (starts_cell && c.is_whitespace());
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_with_a_formula() {
        for (text, expected) in [
            ("payments-dev", "payments-dev"),
            ("=HYPERLINK(\"https://x\")", "'=HYPERLINK(\"https://x\")"),
            ("  +1", "  '+1"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("a;=1", "a;'=1"),
            ("a, =1", "a, '=1"),
            ("a\"=1", "a\"'=1"),
            ("a\t=1", "a '=1"),
            ("a\r\n=1", "a  '=1"),
            ("＝1", "'＝1"),
            ("a=b-c", "a=b-c"),
        ] {
            assert_eq!(harmless(text), expected, "{text:?}");
        }
    }

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(csv_line(["a\"b", "c,d"].into_iter()), "\"a\"\"b\",\"c,d\"\r\n");
    }
}
