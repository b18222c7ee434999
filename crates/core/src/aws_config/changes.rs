//! The block before and after, compared section by section.

use std::collections::BTreeMap;

use super::section::Section;

/// What happens to a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// It is added.
    Add,
    /// Some of its lines change.
    Change,
    /// It is removed.
    Remove,
}

/// A section that differs. Its lines are those before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionChange {
    /// The text between the brackets.
    pub header: String,
    /// What happens to it.
    pub difference: Difference,
    /// Its lines in the file.
    pub before: Vec<String>,
    /// Its lines after the change.
    pub after: Vec<String>,
}

/// The sections that differ, by header, and how many do not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// The differences.
    pub changes: Vec<SectionChange>,
    /// How many sections stay as they are.
    pub unchanged: usize,
}

impl Comparison {
    /// How many sections have this difference.
    #[must_use]
    pub fn count(&self, difference: Difference) -> usize {
        self.changes.iter().filter(|change| change.difference == difference).count()
    }
}

/// Compares the sections of the file with those that it should have.
#[must_use]
pub fn compare(before: &[Section], after: &[Section]) -> Comparison {
    let mut sections = BTreeMap::<&str, (Option<Vec<String>>, Option<Vec<String>>)>::new();
    for section in before {
        // A section that a user wrote twice is shown with the lines of both.
        let (before, _) = sections.entry(&section.header).or_default();
        before.get_or_insert_default().extend(section.lines.iter().cloned());
    }
    for section in after {
        let (_, after) = sections.entry(&section.header).or_default();
        after.get_or_insert_default().extend(section.lines.iter().cloned());
    }
    let mut comparison = Comparison::default();
    for (header, (before, after)) in sections {
        let difference = match (&before, &after) {
            (Some(before), Some(after)) if before == after => {
                comparison.unchanged += 1;
                continue;
            }
            (None, _) => Difference::Add,
            (_, None) => Difference::Remove,
            _ => Difference::Change,
        };
        let lines = |lines: Option<Vec<String>>| lines.unwrap_or_default();
        let (before, after) = (lines(before), lines(after));
        comparison.changes.push(SectionChange { header: header.to_owned(), difference, before, after });
    }
    comparison
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws_config::sections;

    #[test]
    fn sections_are_compared_by_header() {
        let before = sections("[profile a]\nx = 1\n[profile b]\nx = 1\n[profile c]\nx = 1\n[profile c]\ny = 2\n");
        let after = sections("[profile a]\nx = 1\n[profile c]\nx = 1\n[profile d]\nx = 2\n");
        let found = compare(&before, &after);
        let changes: Vec<_> = found.changes.iter().map(|c| (c.header.as_str(), c.difference)).collect();
        assert_eq!(
            changes,
            [("profile b", Difference::Remove), ("profile c", Difference::Change), ("profile d", Difference::Add)]
        );
        assert_eq!((found.unchanged, found.count(Difference::Add)), (1, 1));
        assert_eq!(found.changes[1].before, ["x = 1", "y = 2"]);
    }
}
