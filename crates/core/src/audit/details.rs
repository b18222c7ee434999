//! The roles of an account as they exist, with the differences from the configuration marked.

use std::collections::BTreeMap;

use similar::{ChangeTag, TextDiff};

use crate::blueprint::Blueprint;
use crate::lines::{Line, Mark};
use crate::observed::{Observed, ObservedRole};
use crate::plan::{Action, Change};
use crate::policy::{Document, Redactor};
use crate::report::{Report, changed_lines};
use crate::role::RoleName;
use crate::text::printable;

/// A role of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleDetails {
    /// Its name.
    pub role: RoleName,
    /// What it is for.
    pub title: String,
    /// Whether it exists.
    pub exists: bool,
    /// The trust policy, without external IDs. Each line begins with a mark: a space, or `+` and `-` where the configuration differs.
    pub trust: Vec<String>,
    /// Its policies as they exist, and the other differences, with the same marks, and `~` for a change.
    pub policies: Vec<String>,
    /// Who can assume it, each sentence after `✓`, `✗` or `·`.
    pub access: Vec<String>,
}

/// The access role and the roles of the blueprint.
pub(super) fn role_details(blueprint: &Blueprint, observed: &Observed, report: &Report) -> Vec<RoleDetails> {
    let access_role = RoleDetails {
        role: observed.access_role.clone(),
        title: "Access role".to_owned(),
        exists: true,
        trust: trust_lines(&observed.access_role, Some(&observed.access_trust), report),
        policies: other_changes(&observed.access_role, report),
        access: access(&observed.access_role, report),
    };
    let role = |spec: &crate::blueprint::RoleSpec| {
        let name = spec.name();
        let existing = observed.roles.get(name);
        let mut policies = existing.map(policy_lines).unwrap_or_default();
        policies
            .extend(observed.unreadable.get(name).map(|why| format!("  cannot be read: {}", printable(&why.message))));
        policies.extend(other_changes(name, report));
        RoleDetails {
            role: name.clone(),
            title: spec.definition.title.clone(),
            exists: existing.is_some(),
            trust: trust_lines(name, existing.map(|role| &role.trust), report),
            policies,
            access: access(name, report),
        }
    };
    [access_role].into_iter().chain(blueprint.roles.iter().map(role)).collect()
}

/// The whole trust policy, with what a planned change adds and removes.
fn trust_lines(role: &RoleName, existing: Option<&Result<Document, String>>, report: &Report) -> Vec<String> {
    let mut redactor = Redactor::default();
    let update = changes(role, report).find_map(|change| match &change.action {
        Action::UpdateTrust { after, .. } => Some(after),
        _ => None,
    });
    let mut pretty = |document: &Document| redactor.pretty(document) + "\n";
    let before = match existing {
        None => return Vec::new(),
        Some(Err(problem)) => return vec![format!("  not supported: {}", printable(problem))],
        Some(Ok(document)) => pretty(document),
    };
    let after = update.map_or_else(|| before.clone(), pretty);
    let diff = TextDiff::from_lines(&before, &after);
    let line = |change: similar::Change<&str>| {
        let mark = match change.tag() {
            ChangeTag::Insert => '+',
            ChangeTag::Delete => '-',
            ChangeTag::Equal => ' ',
        };
        format!("{mark} {}", printable(change.value().trim_end_matches('\n')))
    };
    diff.iter_all_changes().map(line).collect()
}

/// The names of the policies that a role has.
fn policy_lines(role: &ObservedRole) -> Vec<String> {
    let inline = role.policies.keys().map(|name| format!("  inline policy {}", printable(name)));
    let attached = role.attached.iter().map(|arn| format!("  managed policy {}", printable(arn)));
    let boundary = role.settings.boundary.iter().map(|arn| format!("  permissions boundary {}", printable(arn)));
    inline.chain(attached).chain(boundary).collect()
}

/// The planned changes of a role, without that of its trust policy.
fn other_changes(role: &RoleName, report: &Report) -> Vec<String> {
    let mut redactor = Redactor::default();
    let others = changes(role, report).filter(|change| !matches!(change.action, Action::UpdateTrust { .. }));
    others.flat_map(|change| changed_lines(change, report, &mut redactor)).map(|line| marked(&line)).collect()
}

fn changes<'a>(role: &'a RoleName, report: &'a Report) -> impl Iterator<Item = &'a Change> {
    report.planned().into_iter().filter(move |change| change.role == *role)
}

fn access(role: &RoleName, report: &Report) -> Vec<String> {
    let proofs = report.proofs.iter().filter(|proof| proof.role == *role);
    let mut sentences = BTreeMap::new();
    for (index, proof) in proofs.enumerate() {
        let mark = match proof.holds {
            Some(true) => '✓',
            Some(false) => '✗',
            None => '·',
        };
        sentences.entry(format!("{mark} {}", printable(&proof.sentence))).or_insert(index);
    }
    let mut sentences: Vec<_> = sentences.into_iter().map(|(sentence, index)| (index, sentence)).collect();
    sentences.sort_unstable();
    sentences.into_iter().map(|(_, sentence)| sentence).collect()
}

/// A line with its mark in the first column.
fn marked(line: &Line) -> String {
    let mark = match line.marked_with() {
        Some(Mark::Add) => '+',
        Some(Mark::Change) => '~',
        Some(Mark::Remove) => '-',
        _ => ' ',
    };
    // Changes are indented by two columns, and what they change by six or more.
    let indentation = " ".repeat(line.indentation().saturating_sub(2));
    format!("{mark} {indentation}{}", line.content())
}
