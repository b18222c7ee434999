//! A change as lines: its sentence and, below it, what it changes, with external IDs hidden.

use similar::{ChangeTag, TextDiff};

use super::detail::Detail;
use crate::lines::{Line, Mark, Style};
use crate::plan::{Action, Change, NewRole, RegistrationChange, Sign};
use crate::policy::{
    Besides, Document, Principals, Redactor, RemovedPrincipals, Statement, permissions_summary, removed_principals,
    trust_summary,
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
    let heading = |sign| Line::at(2).mark(mark(sign)).text(change.sentence(sign));
    let signs = change.signs();
    let mut lines = Vec::new();
    if let ([sign, _], Action::UpdateTrust { before: Some(before), after }) = (signs.as_slice(), &change.action) {
        lines.push(heading(*sign));
        // Otherwise the diff of the document follows, with all of it.
        if detail == Detail::Summary && change.removed_principals().besides == Besides::Adds {
            lines.extend(lost(before, after));
        }
    }
    lines.extend(signs.last().map(|sign| heading(*sign)));
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
    let RemovedPrincipals { principals, besides } = removed_principals(before, after);
    let sentences = match (principals.is_empty(), besides) {
        (true, _) => gained(before, after).unwrap_or_default(),
        (false, Besides::Nothing) => lost(before, after),
        (false, Besides::Adds) if after.statements().iter().all(is_plain) => gains(before, after),
        (false, Besides::Adds | Besides::Changes) => Vec::new(),
    };
    if sentences.is_empty() { documents(Some(before), Some(after), redactor) } else { sentences }
}

/// What a trust policy loses, in sentences.
fn lost(before: &Document, after: &Document) -> Vec<Line> {
    let left = trust_summary(after);
    trust_summary(before).iter().filter(|sentence| !left.contains(sentence)).map(|sentence| removed(sentence)).collect()
}

/// What it gains, in sentences.
fn gains(before: &Document, after: &Document) -> Vec<Line> {
    let old = trust_summary(before);
    trust_summary(after).iter().filter(|sentence| !old.contains(sentence)).map(|sentence| added(sentence)).collect()
}

fn is_plain(new: &Statement) -> bool {
    new.understood && new.actions.cover_assume_role()
}

/// What an edit adds to a trust policy, in sentences; `None` if it does anything else than add principals.
fn gained(before: &Document, after: &Document) -> Option<Vec<Line>> {
    let is_kept = |old: &Statement| {
        after.statements().iter().any(|new| {
            let same = (new.effect, &new.actions, &new.condition) == (old.effect, &old.actions, &old.condition);
            same && includes(&new.principals, &old.principals)
        })
    };
    if !before.statements().iter().all(is_kept) || !after.statements().iter().all(is_plain) {
        return None;
    }
    Some(gains(before, after))
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
