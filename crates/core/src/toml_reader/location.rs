//! Where in a file something is wrong.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

/// More than this is a file that nobody wrote by hand.
const LARGEST: usize = 1 << 20;

/// How many problems are told; the rest is counted.
const MOST: usize = 100;

/// A place in a file; both numbers count from one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file as people call it.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One thing that is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Location,
    /// What is wrong, and what to do. Holds no external id.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Everything that is wrong, in the order of the text; a line each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    after_failed_notification: usize,
}

impl Problems {
    /// The problems, in the order in which they stand.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds those of another file.
    pub(crate) fn extend(&mut self, other: Self) {
        self.list.extend(other.list);
        self.after_failed_notification += other.after_failed_notification;
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{problem}")?;
        }
        if self.after_failed_notification > 0 {
            write!(f, "\nand {} more", self.after_failed_notification)
        } else {
            Ok(())
        }
    }
}

impl std::error::Error for Problems {}

/// A text that is being read, and what was found wrong in it.
pub(crate) struct SourceFile<'a> {
    name: String,
    text: &'a str,
    lines: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
    after_failed_notification: Cell<usize>,
}

impl<'a> SourceFile<'a> {
    /// Begins to read a text.
    pub(crate) fn new(name: &str, text: &'a str) -> Self {
        let after_newlines = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        let lines = std::iter::once(0).chain(after_newlines).collect();
        Self {
            name: name.to_owned(),
            text,
            lines,
            problems: RefCell::default(),
            after_failed_notification: Cell::new(0),
        }
    }

    /// The text as a table; `None`, with every error of syntax recorded, when it is no TOML.
    pub(crate) fn document(&self) -> Option<Spanned<DeTable<'a>>> {
        if self.text.len() > LARGEST {
            self.problem(0..0, "is larger than 1 MiB; put policies into files of their own");
            return None;
        }
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let message = error.message().trim_end_matches(", expected nothing");
            let remedy = if message == "unexpected leading zero" { "; write an account id in quotes" } else { "" };
            let message = format!("is no TOML: {message}{remedy}");
            self.problem(error.span().unwrap_or_default(), message);
        }
        // What cannot be read cannot be checked: all that followed would be guesses.
        errors.is_empty().then_some(table)
    }

    /// Records a problem.
    pub(crate) fn problem(&self, span: Range<usize>, message: impl Into<String>) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < MOST {
            problems.push(Problem { place: self.place(span.start), message: message.into() });
        } else {
            self.after_failed_notification.set(self.after_failed_notification.get() + 1);
        }
    }

    /// How people call a place in this text, in a message about another one.
    pub(crate) fn line_of(&self, span: &Range<usize>) -> String {
        format!("line {}", self.place(span.start).line)
    }

    /// Ends reading.
    pub(crate) fn into_problems(self) -> Problems {
        let mut list = self.problems.into_inner();
        list.sort_by(|a, b| a.place.cmp(&b.place));
        Problems { list, after_failed_notification: self.after_failed_notification.get() }
    }

    fn place(&self, offset: usize) -> Location {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..offset).map_or(0, |text| text.chars().count());
        Location { file: self.name.clone(), line, column: before + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let source = SourceFile::new("a.toml", "é = 1\n\nbé = 2");
        let at = |offset| source.place(offset).to_string();
        assert_eq!(
            [at(0), at(3), at(7), at(8), at(99)],
            ["a.toml:1:1", "a.toml:1:3", "a.toml:2:1", "a.toml:3:1", "a.toml:3:1"]
        );
        assert_eq!(SourceFile::new("a.toml", "").place(0).to_string(), "a.toml:1:1");
    }

    #[test]
    fn every_error_of_syntax_is_told_and_a_flood_is_counted() {
        let source = SourceFile::new("a.toml", "a = \nb = 012345678901\n[c\nd = \"x\"\n");
        assert!(source.document().is_none());
        insta::assert_snapshot!(source.into_problems(), @r"
        a.toml:1:5: is no TOML: string values must be quoted, expected literal string
        a.toml:2:5: is no TOML: unexpected leading zero; write an account id in quotes
        a.toml:3:3: is no TOML: unclosed table, expected `]`
        ");
        let flood = "= =\n".repeat(10_000);
        let source = SourceFile::new("a.toml", &flood);
        assert!(source.document().is_none());
        let problems = source.into_problems();
        assert_eq!(problems.list().len(), MOST);
        assert!(problems.to_string().lines().last().unwrap().ends_with(" more"));
    }

    #[test]
    fn a_huge_text_is_refused() {
        let huge = "#".repeat(LARGEST + 1);
        let source = SourceFile::new("a.toml", &huge);
        assert!(source.document().is_none());
        insta::assert_snapshot!(source.into_problems(), @"a.toml:1:1: is larger than 1 MiB; put policies into files of their own");
    }
}
