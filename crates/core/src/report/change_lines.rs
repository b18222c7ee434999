//! A change as lines: its sentence and, below it, what it changes, with external IDs hidden.

use std::collections::BTreeSet;

use similar::{ChangeTag, TextDiff};

use super::Detail;
use crate::lines::{Line, Mark, Style};
use crate::plan::{Action, Change, NewRole, RegistrationChange, Sign};
use crate::policy::{Document, Redactor, permissions_summary, trust_summary};

/// The column of what a change changes.
const INDENT: usize = 6;

/// The sentence of a change and, below it, what it changes. Documents that are added or removed as a whole are summarized
/// unless the detail is `Full`.
pub(super) fn change_lines(change: &Change, detail: Detail, redactor: &mut Redactor) -> Vec<Line> {
    let mut lines = vec![Line::at(2).mark(mark(change.sign())).text(change)];
    lines.extend(match (&change.action, detail) {
        (Action::UpdateTrust { before, after }, Detail::Summary) => trust_change(before.as_ref(), after, redactor),
        (Action::PutPolicy { before: None, after, .. }, Detail::Summary) => sentences(permissions_summary(after)),
        (Action::DeletePolicy { before: Some(before), .. }, Detail::Summary) => sentences(permissions_summary(before)),
        (Action::CreateRole(new), Detail::Summary) => new_role_summary(new),
        (Action::UpdateTrust { before, after } | Action::PutPolicy { before, after, .. }, _) => {
            documents(before.as_ref(), Some(after), redactor)
        }
        (Action::DeletePolicy { before, .. }, _) => documents(before.as_ref(), None, redactor),
        (Action::CreateRole(new), Detail::Full) => new_role(new, redactor),
        (Action::UpdateRole { before, after }, _) if before.description != after.description => {
            vec![removed(&before.description), added(&after.description)]
        }
        (Action::Tag(tags), _) => tags.iter().map(|(key, value)| added(&format!("{key} = {value}"))).collect(),
        (Action::PutBoundary { before: Some(before), .. }, _) => vec![removed(before)],
        (Action::Register(registration), _) => registration_change(registration),
        _ => Vec::new(),
    });
    lines
}

fn mark(sign: Sign) -> Mark {
    match sign {
        Sign::Add => Mark::Add,
        Sign::Change => Mark::Change,
        Sign::Remove => Mark::Remove,
    }
}

fn registration_change(change: &RegistrationChange) -> Vec<Line> {
    let before = change.before.as_ref().and_then(|before| before.role_arn.as_ref());
    let before = before.map(|arn| removed(&format!("role            {arn}")));
    let after = added(&format!("role            {}", change.after.role_arn));
    let name = added(&format!("display name    {}", change.after.display_name));
    before.into_iter().chain([after, name]).collect()
}

/// The principals that a trust policy gains and loses, or its diff if what changes is something else.
fn trust_change(before: Option<&Document>, after: &Document, redactor: &mut Redactor) -> Vec<Line> {
    let summary = |document: &Document| trust_summary(document).into_iter().collect::<BTreeSet<_>>();
    let old = before.map(summary).unwrap_or_default();
    let new = summary(after);
    let gone = old.difference(&new).map(|sentence| removed(sentence));
    let lines: Vec<_> = gone.chain(new.difference(&old).map(|sentence| added(sentence))).collect();
    if lines.is_empty() { documents(before, Some(after), redactor) } else { lines }
}

fn new_role_summary(new: &NewRole) -> Vec<Line> {
    let boundary = new.settings.boundary.iter().map(|arn| format!("limited by the permissions boundary {arn}"));
    sentences(trust_summary(&new.trust).into_iter().chain(boundary))
}

fn sentences(sentences: impl IntoIterator<Item = String>) -> Vec<Line> {
    sentences.into_iter().map(|sentence| Line::at(INDENT).styled(Style::Faint, sentence)).collect()
}

fn new_role(new: &NewRole, redactor: &mut Redactor) -> Vec<Line> {
    let settings = &new.settings;
    let attribute = |name: &str, value: &str| added(&format!("{name:<16}{value}"));
    let mut lines = Vec::new();
    if settings.path != "/" {
        lines.push(attribute("path", &settings.path));
    }
    lines.push(attribute("description", &settings.description));
    lines.push(attribute("max session", &format!("{} s", settings.max_session.as_secs())));
    lines.extend(settings.boundary.as_ref().map(|boundary| attribute("boundary", boundary)));
    let tags: Vec<_> = settings.tags.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    lines.push(attribute("tags", &tags.join(", ")));
    lines.push(attribute("trust policy", ""));
    lines.extend(documents(None, Some(&new.trust), redactor));
    lines
}

/// The diff of two documents, with three lines of context.
fn documents(before: Option<&Document>, after: Option<&Document>, redactor: &mut Redactor) -> Vec<Line> {
    const CONTEXT: usize = 3;
    let mut pretty = |document: Option<&Document>| document.map(|d| redactor.pretty(d) + "\n").unwrap_or_default();
    let before = pretty(before);
    let after = pretty(after);
    let diff = TextDiff::from_lines(&before, &after);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push(Line::verbatim(INDENT).styled(Style::Faint, "…"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let content = change.value().trim_end_matches('\n');
            lines.push(match change.tag() {
                ChangeTag::Insert => added(content),
                ChangeTag::Delete => removed(content),
                ChangeTag::Equal => Line::verbatim(INDENT + 2).styled(Style::Faint, content),
            });
        }
    }
    lines
}

fn added(content: &str) -> Line {
    Line::verbatim(INDENT).mark(Mark::Add).styled(Style::Success, content)
}

fn removed(content: &str) -> Line {
    Line::verbatim(INDENT).mark(Mark::Remove).styled(Style::Error, content)
}
