//! A change as lines: its sentence and, below it, what it changes, with external IDs hidden.

use similar::{ChangeTag, TextDiff};

use super::detail::Detail;
use crate::lines::{Line, Mark, Style};
use crate::plan::{Action, Change, NewRole, RegistrationChange, Sign};
use crate::policy::{
    Document, Principals, Redactor, Statement, permissions_summary, removed_principals, trust_summary,
};
use crate::role_settings::RoleSettings;
use crate::text::printable;

/// The column of what a change changes.
const INDENT: usize = 6;

/// The sentence of a change and, below it, what it changes. Documents that are added or removed as a whole are summarized
/// unless the detail is `Full`. `deleted` is the policy of the same name that an earlier change deletes.
pub(super) fn change_lines(
    change: &Change,
    deleted: Option<&Document>,
    detail: Detail,
    redactor: &mut Redactor,
) -> Vec<Line> {
    let mut lines = vec![Line::at(2).mark(mark(change.sign())).text(change)];
    lines.extend(match (&change.action, detail) {
        (Action::UpdateTrust { before, after }, Detail::Summary) => trust_change(before.as_ref(), after, redactor),
        (Action::PutPolicy { before: None, after, .. }, Detail::Summary) if deleted.is_none() => {
            sentences(permissions_summary(after))
        }
        (Action::PutPolicy { before, after, .. }, _) => documents(before.as_ref().or(deleted), Some(after), redactor),
        (Action::DeletePolicy { before: Some(before), .. }, Detail::Summary) => sentences(permissions_summary(before)),
        (Action::RevokeSessions(revocation), Detail::Summary) => sentences(permissions_summary(&revocation.after)),
        (Action::RevokeSessions(revocation), Detail::Full) => {
            documents(revocation.before.as_ref(), Some(&revocation.after), redactor)
        }
        (Action::CreateRole(new), Detail::Summary) => new_role_summary(new),
        (Action::DeleteRole(deleted), Detail::Summary) => {
            deleted.trust.iter().flat_map(trust_summary).map(|sentence| removed(&sentence)).collect()
        }
        (Action::DeleteRole(deleted), Detail::Full) => documents(deleted.trust.as_ref(), None, redactor),
        (Action::UpdateTrust { before, after }, _) => documents(before.as_ref(), Some(after), redactor),
        (Action::DeletePolicy { before, .. }, _) => documents(before.as_ref(), None, redactor),
        (Action::CreateRole(new), Detail::Full) => new_role(new, redactor),
        (Action::UpdateRole { before, after }, _) if before.description != after.description => {
            vec![removed(&before.description), added(&after.description)]
        }
        (Action::Tag(tags), _) => tags.iter().map(|(key, value)| added(&format!("{key} = {value}"))).collect(),
        (Action::PutBoundary { before: Some(before), .. }, _) => vec![removed(before)],
        (Action::Register(registration), _) => registration_change(registration),
        (Action::UpdateRole { .. } | Action::Attach(_) | Action::Detach(_) | Action::Deregister(_), _)
        | (Action::PutBoundary { before: None, .. } | Action::DeleteBoundary(_) | Action::Untag(_), _) => Vec::new(),
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
    let included = |workspaces: bool| if workspaces { "included" } else { "not included" }.to_owned();
    let RegistrationChange { before, after, .. } = change;
    let before = before.as_ref();
    let role = (before.and_then(|before| before.role_arn.clone()), Some(after.role_arn.clone()));
    let name = (before.and_then(|before| before.display_name.clone()), Some(after.display_name.clone()));
    let workspaces = (before.map(|before| included(before.workspaces)), after.workspaces.map(included));
    let workspaces = if after.workspaces.is_some() { workspaces } else { (None, None) };
    let mut lines = Vec::new();
    for (label, (old, new)) in [("role", role), ("display name", name), ("WorkSpaces", workspaces)] {
        if old != new {
            lines.extend(old.map(|text| removed(&format!("{label:<16}{}", printable(&text)))));
            lines.extend(new.map(|text| added(&format!("{label:<16}{text}"))));
        }
    }
    lines
}

/// The principals that a trust policy gains or loses, if that is all that changes; otherwise its diff.
fn trust_change(before: Option<&Document>, after: &Document, redactor: &mut Redactor) -> Vec<Line> {
    let Some(before) = before else {
        let note = Line::at(INDENT).styled(Style::Warning, "replaces a trust policy that is not supported");
        return [note].into_iter().chain(trust_summary(after).iter().map(|sentence| added(sentence))).collect();
    };
    if let Some(gained) = gained(before, after) {
        return gained.iter().map(|sentence| added(sentence)).collect();
    }
    let left = trust_summary(after);
    let lost = trust_summary(before).into_iter().filter(|sentence| !left.contains(sentence));
    let lost: Vec<_> = lost.map(|sentence| removed(&sentence)).collect();
    match removed_principals(before, after).is_empty() || lost.is_empty() {
        true => documents(Some(before), Some(after), redactor),
        false => lost,
    }
}

/// What an edit adds to a trust policy, in sentences; `None` if it does anything else than add principals.
fn gained(before: &Document, after: &Document) -> Option<Vec<String>> {
    let is_kept = |old: &Statement| {
        after.statements().iter().any(|new| {
            let same = (new.effect, &new.actions, &new.condition) == (old.effect, &old.actions, &old.condition);
            same && includes(&new.principals, &old.principals)
        })
    };
    let is_plain = |new: &Statement| new.understood && new.actions.cover_assume_role();
    if !before.statements().iter().all(is_kept) || !after.statements().iter().all(is_plain) {
        return None;
    }
    let old = trust_summary(before);
    let gained: Vec<_> = trust_summary(after).into_iter().filter(|sentence| !old.contains(sentence)).collect();
    (!gained.is_empty()).then_some(gained)
}

fn includes(new: &Principals, old: &Principals) -> bool {
    match (new, old) {
        (Principals::Only(new), Principals::Only(old)) => old.iter().all(|principal| new.contains(principal)),
        (new, old) => new == old,
    }
}

fn new_role_summary(new: &NewRole) -> Vec<Line> {
    let RoleSettings { path, max_session, boundary, .. } = &new.settings;
    let usual: RoleSettings = RoleSettings::default();
    let mut text = trust_summary(&new.trust);
    if *path != usual.path {
        text.push(format!("under the path {path}"));
    }
    if *max_session != usual.max_session {
        text.push(format!("with sessions of up to {} s", max_session.as_secs()));
    }
    text.extend(boundary.iter().map(|arn| format!("limited by the permissions boundary {arn}")));
    sentences(text)
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
