//! A run over many accounts as lines: the counts first, then the changes, what is blocked, and what was skipped.

use super::group::{AccountName, Group, Groups, Member};
use super::overview::{Changes, Overview};
use super::units::units_of;
use crate::lines::{Line, Style};
use crate::mode::Mode;
use crate::outcome::{Cause, for_command_line};
use crate::selection::{SkippedAccount, skipped_summary};
use crate::suggestion::thousands;

/// How many accounts of a group are named.
const NAMED: usize = 5;

/// How many groups of each kind are shown.
const SHOWN: usize = 20;

impl Overview {
    /// The counts in one sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        let tally = self.tally;
        let verb = if tally.pending == 1 { "needs changes" } else { "need changes" };
        let counts = [
            (tally.converged, "converged"),
            (tally.pending, verb),
            (tally.waiting, "waiting"),
            (tally.blocked, "blocked"),
            (tally.ignored, "ignored"),
            (self.not_started, "not started"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let mut counts: Vec<_> = counts.map(|(count, word)| format!("{} {word}", thousands(count))).collect();
        if !self.skipped.is_empty() {
            counts.push(skipped_summary(&self.skipped));
        }
        if self.is_partly_listed {
            counts.push("others not listed".to_owned());
        }
        format!("{}: {}", accounts(self.total()), counts.join(", "))
    }

    /// The counts, then the groups.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = vec![Line::heading(self.summary())];
        if self.mode == Mode::Apply {
            let made = match self.tally.changes {
                0 => "No change was made.".to_owned(),
                count => format!("{} made in {}.", changes(count), accounts(self.tally.changed)),
            };
            lines.push(Line::at(0).text(made));
        }
        self.change_groups(&mut lines);
        cause_groups(&mut lines, "Blocked", Style::Error, &self.blocked);
        cause_groups(&mut lines, "Waiting", Style::Warning, &self.waiting);
        cause_groups(&mut lines, "Ignored", Style::Faint, &self.ignored);
        notice_groups(&mut lines, &self.notices);
        skipped_lines(&mut lines, &self.skipped);
        lines
    }

    fn change_groups(&self, lines: &mut Vec<Line>) {
        let groups = self.changes.sorted();
        let others: usize = groups.iter().skip(1).map(|group| group.accounts.len()).sum();
        for (index, Group { example, accounts: members }) in groups.iter().take(SHOWN).enumerate() {
            lines.push(Line::blank());
            if index == 1 && others > 0 {
                let differ = if others == 1 { "differs" } else { "differ" };
                lines.extend([Line::heading(format!("{} {differ}", accounts(others))), Line::blank()]);
            }
            let these = match example.count {
                1 => "this change".to_owned(),
                count => format!("these {}", changes(count)),
            };
            lines.push(Line::heading(format!("{}: {these}", accounts(members.len()))));
            member_lines(lines, 2, members);
            let Changes { lines: one, general, .. } = example;
            lines.extend(if members.len() == 1 { one } else { general }.iter().cloned());
        }
        more_groups(lines, &groups);
    }
}

fn cause_groups(lines: &mut Vec<Line>, title: &str, style: Style, groups: &Groups<Cause>) {
    let groups = groups.sorted();
    if groups.is_empty() {
        return;
    }
    lines.extend([Line::blank(), Line::heading(title)]);
    for Group { example, accounts: members } in groups.iter().take(SHOWN) {
        lines.push(Line::at(2).text(format!("{}: ", accounts(members.len()))).styled(style, example.code));
        member_lines(lines, 6, members);
        lines.push(Line::at(6).text(&example.message));
        if !example.remedy.is_empty() {
            lines.push(Line::at(6).column(Style::Strong, "Fix:", 4).text(for_command_line(&example.remedy)));
        }
        if style == Style::Error {
            lines.push(Line::at(6).styled(Style::Faint, format!("See docs/TROUBLESHOOTING.md#{}", example.code)));
        }
    }
    more_groups(lines, &groups);
}

fn notice_groups(lines: &mut Vec<Line>, groups: &Groups<String>) {
    let groups = groups.sorted();
    if groups.is_empty() {
        return;
    }
    lines.extend([Line::blank(), Line::heading("Notes")]);
    for Group { example, accounts: members } in groups.iter().take(SHOWN) {
        lines.push(Line::at(2).text(format!("{}: ", accounts(members.len()))).text(example));
        member_lines(lines, 6, members);
    }
    more_groups(lines, &groups);
}

/// The units of a group, and its first accounts.
fn member_lines(lines: &mut Vec<Line>, indentation: usize, members: &[Member]) {
    let faint = |text: String| Line::at(indentation).styled(Style::Faint, text);
    lines.extend(units_of(members).map(faint));
    lines.push(faint(named(members)));
}

fn skipped_lines(lines: &mut Vec<Line>, skipped: &[SkippedAccount]) {
    if skipped.is_empty() {
        return;
    }
    lines.extend([Line::blank(), Line::heading("Skipped")]);
    let mut reasons: Vec<_> = skipped.iter().map(|account| &account.reason).collect();
    reasons.sort();
    reasons.dedup();
    for reason in reasons.iter().take(SHOWN) {
        let with_reason = skipped.iter().filter(|account| account.reason == **reason);
        let members: Vec<_> = with_reason
            .map(|account| match &account.id {
                Some(id) => AccountName::new(id, account.name.as_ref()).to_string(),
                None => "ID not readable".to_owned(),
            })
            .collect();
        lines.push(Line::at(2).text(format!("{}: ", accounts(members.len()))).text(reason.label()));
        lines.push(Line::at(6).styled(Style::Faint, named(&members)));
        lines.push(Line::at(6).text(reason));
    }
    if let Some(more) = reasons.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(Line::at(2).styled(Style::Faint, format!("and {more} more reasons")));
    }
}

fn more_groups<T>(lines: &mut Vec<Line>, groups: &[Group<T>]) {
    let hidden: Vec<_> = groups.iter().skip(SHOWN).collect();
    if !hidden.is_empty() {
        let members = hidden.iter().map(|group| group.accounts.len()).sum();
        let text = format!("and {} in other groups; `--format json` has every account", accounts(members));
        lines.extend([Line::blank(), Line::at(2).styled(Style::Faint, text)]);
    }
}

/// Whether all accounts of a group of this many are named.
#[must_use]
pub fn are_all_named(count: usize) -> bool {
    // One more account is as long as the words that there is one more.
    count <= NAMED + 1
}

/// The first accounts of a group.
pub(super) fn named<T: ToString>(members: &[T]) -> String {
    let shown = if are_all_named(members.len()) { members.len() } else { NAMED };
    let text = members.iter().take(shown).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match members.len() - shown {
        0 => text,
        more => format!("{text} and {} more", thousands(more)),
    }
}

pub(super) fn accounts(count: usize) -> String {
    format!("{} account{}", thousands(count), if count == 1 { "" } else { "s" })
}

pub(super) fn changes(count: usize) -> String {
    format!("{} change{}", thousands(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
