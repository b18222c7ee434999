//! A change as text: its sentence and a diff, with external IDs hidden.

use similar::{ChangeTag, TextDiff};

use super::paint::{bad, faint, good, sign};
use crate::plan::{Action, Change, NewRole, RegistrationChange};
use crate::policy::{Document, Redactor};
use crate::text::printable;

/// The sentence of a change and, below it, the changed lines.
pub(super) fn change_text(change: &Change, redactor: &mut Redactor) -> String {
    let mut text = format!("  {} {}\n", sign(change.sign()), printable(&change.to_string()));
    let body = match &change.action {
        Action::UpdateTrust { before, after } | Action::PutPolicy { before, after, .. } => {
            documents(before.as_ref(), Some(after), redactor)
        }
        Action::DeletePolicy { before, .. } => documents(before.as_ref(), None, redactor),
        Action::CreateRole(new) => new_role(new, redactor),
        Action::UpdateRole { before, after } if before.description != after.description => {
            format!("{}{}", line('-', &before.description), line('+', &after.description))
        }
        Action::Tag(tags) => tags.iter().map(|(key, value)| line('+', &format!("{key} = {value}"))).collect(),
        Action::PutBoundary { before: Some(before), .. } => line('-', before),
        Action::Register(change) => registration(change),
        _ => String::new(),
    };
    text.push_str(&body);
    text
}

fn registration(change: &RegistrationChange) -> String {
    let before = change.before.as_ref().and_then(|before| before.role_arn.as_ref());
    let before = before.map(|arn| line('-', &format!("role            {arn}"))).unwrap_or_default();
    let after = line('+', &format!("role            {}", change.after.role_arn));
    format!("{before}{after}{}", line('+', &format!("display name    {}", change.after.display_name)))
}

fn new_role(new: &NewRole, redactor: &mut Redactor) -> String {
    let mut text = String::new();
    let mut attribute = |name: &str, value: &str| text.push_str(&line('+', &format!("{name:<16}{value}")));
    let settings = &new.settings;
    if settings.path != "/" {
        attribute("path", &settings.path);
    }
    attribute("description", &settings.description);
    attribute("max session", &format!("{} s", settings.max_session.as_secs()));
    if let Some(boundary) = &settings.boundary {
        attribute("boundary", boundary);
    }
    let tags: Vec<_> = settings.tags.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    attribute("tags", &tags.join(", "));
    attribute("trust policy", "");
    text.push_str(&documents(None, Some(&new.trust), redactor));
    text
}

/// The diff of two documents, with three lines of context.
fn documents(before: Option<&Document>, after: Option<&Document>, redactor: &mut Redactor) -> String {
    const CONTEXT: usize = 3;
    let mut pretty = |document: Option<&Document>| document.map(|d| redactor.pretty(d) + "\n").unwrap_or_default();
    let before = pretty(before);
    let after = pretty(after);
    let diff = TextDiff::from_lines(&before, &after);
    let mut text = String::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            text.push_str(&format!("      {}\n", faint("…")));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Insert => '+',
                ChangeTag::Delete => '-',
                ChangeTag::Equal => ' ',
            };
            text.push_str(&line(mark, change.value().trim_end_matches('\n')));
        }
    }
    text
}

fn line(mark: char, content: &str) -> String {
    let content = format!("{mark} {}", printable(content).trim_end());
    let painted = match mark {
        '+' => good(content),
        '-' => bad(content),
        _ => faint(content),
    };
    format!("      {painted}\n")
}
