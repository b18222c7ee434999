//! Lines as text for a terminal, or without colors.
//!
//! A line that is longer than 80 columns continues on the next one, at the column where its last field starts, so that a
//! table stays a table. Lines break between words only; a longer word, such as an ARN, stays whole, so that it can be
//! copied.

use anstyle::AnsiColor;
use unicode_width::UnicodeWidthStr;

use super::line::{Line, Style};

/// The number of columns of a line.
const WIDTH: usize = 80;

/// The rightmost column at which the continuation of a line starts.
const WIDEST_COLUMN: usize = 48;

/// The lines as text with colors. The code that prints the text strips them if stdout is not a terminal.
#[must_use]
pub fn render(lines: &[Line]) -> String {
    rows(lines, |style, text| match style.ansi() {
        Some(ansi) => format!("{ansi}{text}{ansi:#}"),
        None => text.to_owned(),
    })
}

/// The lines as text without colors.
#[must_use]
pub fn plain(lines: &[Line]) -> String {
    rows(lines, |_, text| text.to_owned())
}

impl Style {
    fn ansi(self) -> Option<anstyle::Style> {
        match self {
            Self::Plain => None,
            Self::Strong => Some(anstyle::Style::new().bold()),
            Self::Faint => Some(anstyle::Style::new().dimmed()),
            Self::Success => Some(AnsiColor::Green.on_default()),
            Self::Warning => Some(AnsiColor::Yellow.on_default()),
            Self::Error => Some(AnsiColor::Red.on_default()),
        }
    }
}

fn rows(lines: &[Line], paint: impl Fn(Style, &str) -> String) -> String {
    let mut text = String::new();
    for row in lines.iter().flat_map(wrapped) {
        for (style, piece) in row.trimmed().pieces {
            text.push_str(&paint(style, &piece));
        }
        text.push('\n');
    }
    text
}

/// One row of a terminal: pieces of text in one style each.
#[derive(Default)]
struct Row {
    pieces: Vec<(Style, String)>,
    columns: usize,
    /// Whether the row holds more than its indentation.
    has_words: bool,
}

impl Row {
    fn indented(columns: usize) -> Self {
        Self { pieces: vec![(Style::Plain, " ".repeat(columns))], columns, has_words: false }
    }

    /// Without the spaces at its end.
    fn trimmed(mut self) -> Self {
        while let Some((_, last)) = self.pieces.last_mut() {
            last.truncate(last.trim_end().len());
            if !last.is_empty() {
                break;
            }
            self.pieces.pop();
        }
        self
    }

    fn push(&mut self, style: Style, text: &str) {
        self.columns += text.width();
        match self.pieces.last_mut() {
            Some((last, piece)) if *last == style => piece.push_str(text),
            _ => self.pieces.push((style, text.to_owned())),
        }
    }
}

/// The rows of a line.
fn wrapped(line: &Line) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = Row::indented(line.indent);
    if let Some(mark) = line.mark {
        row.push(mark.style(), mark.symbol());
        row.push(Style::Plain, " ");
    }
    // Below a very wide column nothing would fit.
    let continuation = line.continuation.map(|column| if column > WIDEST_COLUMN { line.indent + 4 } else { column });
    for span in &line.spans {
        for word in words(&span.text) {
            let needed = row.columns + word.trim_end_matches(' ').width();
            if let Some(column) = continuation.filter(|_| needed > WIDTH && row.has_words) {
                rows.push(std::mem::replace(&mut row, Row::indented(column)));
            }
            let is_in_last_column = row.columns >= continuation.unwrap_or(0);
            row.has_words = row.has_words || (is_in_last_column && !word.trim().is_empty());
            row.push(span.style, word);
        }
    }
    rows.push(row);
    rows
}

/// The words of a text, each with the spaces after it. Text in backticks is one word, so that a command can be copied.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.split_inclusive(move |c| {
        is_code ^= c == '`';
        c == ' ' && !is_code
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Mark;

    #[test]
    fn long_line_continues_below_its_last_column() {
        let sentence = "arn:aws:iam::444455556666:role/a-role-with-a-long-name, only with its external ID";
        let line = Line::at(2).mark(Mark::Holds).column(Style::Strong, "TrelicaIntegration", 20).text(sentence);
        insta::assert_snapshot!(plain(&[line]), @"
        ✓ TrelicaIntegration    arn:aws:iam::444455556666:role/a-role-with-a-long-name,
                                only with its external ID
        ");
    }

    #[test]
    fn long_word_and_verbatim_line_stay_whole() {
        let word = "x".repeat(100);
        assert_eq!(plain(&[Line::at(4).text(format!("a {word} b"))]), format!("    a\n    {word}\n    b\n"));
        let words = "x ".repeat(60);
        assert_eq!(plain(&[Line::verbatim(2).text(&words)]), format!("  {}\n", words.trim_end()));
    }

    #[test]
    fn command_in_backticks_stays_whole() {
        let text = "as an administrator of the account, run `aws iam get-role --role-name OrganizationAccountAccessRole`: look";
        insta::assert_snapshot!(plain(&[Line::at(4).text(text)]), @"
        as an administrator of the account, run
        `aws iam get-role --role-name OrganizationAccountAccessRole`: look
        ");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let table =
            [("支付", "a"), ("dev", "b")].map(|(name, text)| Line::at(0).column(Style::Plain, name, 4).text(text));
        assert_eq!(plain(&table), "支付  a\ndev   b\n");
    }

    #[test]
    fn line_below_a_very_wide_column_continues_at_its_indentation() {
        let line = Line::at(2).column(Style::Plain, "x".repeat(90), 10).text("one two three");
        assert_eq!(plain(&[line]), format!("  {}  one\n      two three\n", "x".repeat(90)));
    }

    #[test]
    fn span_cannot_contain_an_escape_sequence() {
        assert_eq!(plain(&[Line::heading("a\u{1b}[2J\nb")]), "a?[2J b\n");
        assert_eq!(render(&[Line::heading("a\u{1b}[2J")]), "\u{1b}[1ma?[2J\u{1b}[0m\n");
    }

    #[test]
    fn blank_line_has_no_spaces_and_no_colors() {
        let line = Line::at(3).styled(Style::Faint, "a  ");
        assert_eq!(render(&[Line::blank(), line]), "\n   \u{1b}[2ma\u{1b}[0m\n");
    }
}
