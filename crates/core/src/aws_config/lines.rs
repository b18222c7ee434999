//! A comparison as lines, like a diff.

use super::changes::{Comparison, Difference, SectionChange};
use crate::lines::{Line, Mark, Style};
use crate::report::Detail;

/// How many sections of each kind a summary shows.
const SHOWN: usize = 3;

/// The sections that differ: those that are added with all their lines, those that change with the lines that differ. A summary
/// shows the first ones of each kind.
#[must_use]
pub fn comparison_lines(comparison: &Comparison, detail: Detail) -> Vec<Line> {
    let mut lines = Vec::new();
    for difference in [Difference::Add, Difference::Change, Difference::Remove] {
        let changes = comparison.changes.iter().filter(|change| change.difference == difference);
        let shown = if detail == Detail::Full { usize::MAX } else { SHOWN };
        lines.extend(changes.clone().take(shown).flat_map(section_lines));
        let more = comparison.count(difference).saturating_sub(shown);
        if more > 0 {
            let verb = match difference {
                Difference::Add => "added",
                Difference::Change => "changed",
                Difference::Remove => "removed",
            };
            lines.push(
                Line::at(2).styled(Style::Faint, format!("… {more} more are {verb}; `--verbose` shows them all")),
            );
        }
    }
    lines
}

fn section_lines(change: &SectionChange) -> Vec<Line> {
    let SectionChange { header, difference, before, after } = change;
    let mark = match difference {
        Difference::Add => Mark::Add,
        Difference::Change => Mark::Change,
        Difference::Remove => Mark::Remove,
    };
    let title = if header.is_empty() { "lines without a section".to_owned() } else { format!("[{header}]") };
    let setting = |mark, text: &String| Line::verbatim(2).mark(mark).text(format!("  {text}"));
    let removed = before.iter().filter(|line| !after.contains(line)).map(|line| setting(Mark::Remove, line));
    let added = after.iter().filter(|line| !before.contains(line)).map(|line| setting(Mark::Add, line));
    let title = Line::verbatim(2).mark(mark).text(title);
    std::iter::once(title).chain(removed).chain(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws_config::{compare, sections};
    use crate::lines::plain;

    #[test]
    fn summary_shows_the_first_sections_of_each_kind() {
        let profiles = |range: std::ops::Range<u32>, role: &str| {
            let all = range.map(|number| format!("[profile a{number}]\nrole_arn = {role}\nsource_profile = ann\n"));
            sections(&all.collect::<String>())
        };
        let mut before = profiles(0..3, "old");
        before[2].header = "profile gone\u{1b}[2J".to_owned();
        let comparison = compare(&before, &profiles(0..7, "new"));
        insta::assert_snapshot!(plain(&comparison_lines(&comparison, Detail::Summary)), @"
        + [profile a2]
        +   role_arn = new
        +   source_profile = ann
        + [profile a3]
        +   role_arn = new
        +   source_profile = ann
        + [profile a4]
        +   role_arn = new
        +   source_profile = ann
        … 2 more are added; `--verbose` shows them all
        ~ [profile a0]
        -   role_arn = old
        +   role_arn = new
        ~ [profile a1]
        -   role_arn = old
        +   role_arn = new
        - [profile gone?[2J]
        -   role_arn = old
        -   source_profile = ann
        ");
        let all = plain(&comparison_lines(&comparison, Detail::Full));
        assert!(all.contains("[profile a6]") && !all.contains("more"), "{all}");
    }
}
