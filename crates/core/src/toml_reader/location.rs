//! Problems and their location: file, line and column.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

/// The largest file that is parsed, in bytes. Hand-written files are far smaller.
const MAX_FILE_SIZE: usize = 1 << 20;

/// The number of problems that are listed; any further problems are only counted.
const MAX_PROBLEMS: usize = 100;

/// A location in a file. Line and column start at 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file name, as shown to the user.
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

/// One problem in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub location: Location,
    /// The problem and how to fix it. Never contains an external ID.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.message)
    }
}

/// All problems of one or more files. Displayed one per line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    omitted: usize,
}

impl Problems {
    /// The listed problems, in file order.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Whether there are no problems.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Appends the problems of another file.
    pub(crate) fn extend(&mut self, other: Self) {
        self.list.extend(other.list);
        self.omitted += other.omitted;
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{problem}")?;
        }
        if self.omitted > 0 { write!(f, "\nand {} more", self.omitted) } else { Ok(()) }
    }
}

impl std::error::Error for Problems {}

/// A file that is being read, and the problems found so far.
pub(crate) struct SourceFile<'a> {
    name: String,
    text: &'a str,
    lines: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
    omitted: Cell<usize>,
}

impl<'a> SourceFile<'a> {
    /// Starts reading `text`. `name` is the file name in messages.
    pub(crate) fn new(name: &str, text: &'a str) -> Self {
        let after_newlines = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        let lines = std::iter::once(0).chain(after_newlines).collect();
        Self { name: name.to_owned(), text, lines, problems: RefCell::default(), omitted: Cell::new(0) }
    }

    /// Parses the file. Returns `None` and records all syntax errors if it is not valid TOML.
    pub(crate) fn document(&self) -> Option<Spanned<DeTable<'a>>> {
        if self.text.len() > MAX_FILE_SIZE {
            self.problem(0..0, "the file is larger than 1 MiB; move policies into separate files");
            return None;
        }
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let message = error.message().trim_end_matches(", expected nothing");
            let remedy = if message == "unexpected leading zero" { "; write an account ID in quotes" } else { "" };
            let message = format!("invalid TOML: {message}{remedy}");
            self.problem(error.span().unwrap_or_default(), message);
        }
        // The table of a file with syntax errors is incomplete; checking it would report problems that do not exist.
        errors.is_empty().then_some(table)
    }

    /// Records a problem.
    pub(crate) fn problem(&self, span: Range<usize>, message: impl Into<String>) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < MAX_PROBLEMS {
            problems.push(Problem { location: self.location(span.start), message: message.into() });
        } else {
            self.omitted.set(self.omitted.get() + 1);
        }
    }

    /// A line of this file, for messages that refer to a second location.
    pub(crate) fn line_of(&self, span: &Range<usize>) -> String {
        format!("line {}", self.location(span.start).line)
    }

    /// Finishes reading and returns the problems, sorted by location.
    pub(crate) fn into_problems(self) -> Problems {
        let mut list = self.problems.into_inner();
        list.sort_by(|a, b| a.location.cmp(&b.location));
        Problems { list, omitted: self.omitted.get() }
    }

    /// The location of a byte of this file.
    pub(crate) fn location(&self, offset: usize) -> Location {
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
    fn columns_count_characters_from_one() {
        let source = SourceFile::new("a.toml", "é = 1\n\nbé = 2");
        let at = |offset| source.location(offset).to_string();
        assert_eq!(
            [at(0), at(3), at(7), at(8), at(99)],
            ["a.toml:1:1", "a.toml:1:3", "a.toml:2:1", "a.toml:3:1", "a.toml:3:1"]
        );
        assert_eq!(SourceFile::new("a.toml", "").location(0).to_string(), "a.toml:1:1");
    }

    #[test]
    fn all_syntax_errors_are_reported_up_to_a_limit() {
        let source = SourceFile::new("a.toml", "a = \nb = 012345678901\n[c\nd = \"x\"\n");
        assert!(source.document().is_none());
        insta::assert_snapshot!(source.into_problems(), @r"
        a.toml:1:5: invalid TOML: string values must be quoted, expected literal string
        a.toml:2:5: invalid TOML: unexpected leading zero; write an account ID in quotes
        a.toml:3:3: invalid TOML: unclosed table, expected `]`
        ");
        let flood = "= =\n".repeat(10_000);
        let source = SourceFile::new("a.toml", &flood);
        assert!(source.document().is_none());
        let problems = source.into_problems();
        assert_eq!(problems.list().len(), MAX_PROBLEMS);
        assert!(problems.to_string().lines().last().unwrap().ends_with(" more"));
    }

    #[test]
    fn file_over_the_size_limit_is_rejected() {
        let huge = "#".repeat(MAX_FILE_SIZE + 1);
        let source = SourceFile::new("a.toml", &huge);
        assert!(source.document().is_none());
        insta::assert_snapshot!(source.into_problems(), @"a.toml:1:1: the file is larger than 1 MiB; move policies into separate files");
    }
}
