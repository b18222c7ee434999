//! Whether the trust policy may be restored as it was before a run.

use std::collections::BTreeSet;

use serde_json::Value;

use super::recorded::{RecordedTrustEdit, RecordedTrustEdits, is_same};
use crate::account::AccountId;
use crate::caller_identity::Callers;
use crate::code::Code;
use crate::observed::ObservedRole;
use crate::outcome::Cause;
use crate::plan::{Action, Change};
use crate::policy::{
    Caller, Document, MaskedPolicy, RequestContext, access_entries, can_anybody_assume, can_assume, external_ids,
};
use crate::role::{ExternalId, RoleName};
use crate::suggestion::list_of;
use crate::text::printable;
use crate::time::to_policy_date;

/// The facts about the account.
pub struct UndoSubject<'a> {
    /// The management account.
    pub management: &'a AccountId,
    /// The principals that must keep their access to the role.
    pub callers: &'a Callers,
    /// The access role that was assumed.
    pub access_role: &'a RoleName,
    /// The same role, as it is now.
    pub found: Option<&'a ObservedRole>,
    /// The external IDs that are known besides those in the current policy.
    pub known_ids: &'a [ExternalId],
}

/// What restores the policy.
#[derive(Debug)]
pub enum UndoStep {
    /// Nothing: it is as it was before the run.
    Restored,
    /// This change.
    Restore(Box<ApprovedRestore>),
}

/// The change that restores a policy. Only [`undo_step`] makes it.
#[derive(Debug)]
pub struct ApprovedRestore {
    change: Change,
    before: Document,
    after: Document,
}

impl ApprovedRestore {
    /// The change.
    #[must_use]
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// The current policy.
    #[must_use]
    pub fn before(&self) -> &Document {
        &self.before
    }

    /// The restored policy.
    #[must_use]
    pub fn after(&self) -> &Document {
        &self.after
    }
}

/// The edit to undo: that of `run`, or else the last one that is not an undo itself.
///
/// An undo that was killed is repeated like that; it would otherwise undo itself.
///
/// # Errors
/// When there is no such edit.
pub fn selected<'a>(edits: &'a RecordedTrustEdits, run: Option<&str>) -> Result<&'a RecordedTrustEdit, Cause> {
    let found = match run {
        Some(run) => edits.iter().rev().find(|edit| edit.run == run),
        None => edits.iter().rev().find(|edit| edit.undoes.is_none()),
    };
    let names = list_of(edits.iter().rev().map(|edit| edit.run.as_str()));
    found.ok_or_else(|| match (run, edits.is_empty()) {
        (_, true) => refused(
            "the record of the account has no run that changed the trust policy of its access role",
            "only changes of runs that had the table of records are kept, and those of the last five runs",
        ),
        (Some(run), false) => refused(
            format!("the record of the account has no run `{run}` that changed the trust policy of its access role"),
            format!("pass one of these as `--run`: {names}"),
        ),
        (None, false) => refused(
            "the only recorded changes of the access role's trust policy are undos",
            format!("pass one of these as `--run`: {names}"),
        ),
    })
}

/// Decides how the edit of a run is undone.
///
/// # Errors
/// When anything else has changed since, when the earlier policy cannot be written again, or when the management account
/// could no longer assume the role.
pub fn undo_step(
    edits: &RecordedTrustEdits,
    edit: &RecordedTrustEdit,
    subject: &UndoSubject<'_>,
) -> Result<UndoStep, Cause> {
    let role = &edit.role;
    if !subject.access_role.is_same(role) {
        let other = subject.access_role;
        return Err(refused(
            format!("run `{}` changed role `{role}`, and the account is accessed through role `{other}` now", edit.run),
            format!("edit the trust policy of role `{role}` manually"),
        ));
    }
    let Some(found) = subject.found else {
        return Err(refused(format!("role `{role}` no longer exists"), "there is nothing to restore"));
    };
    if found.id.as_ref() != Some(&edit.role_id) {
        let id = found.id.as_ref().map_or("unknown", |id| id.as_str());
        return Err(refused(
            format!(
                "role `{role}` was deleted and created again since run `{}`: its unique ID is {id}, and was {}",
                edit.run,
                edit.role_id.as_str()
            ),
            "edit its trust policy manually",
        ));
    }
    let current = match &found.trust {
        Ok(current) => current,
        Err(problem) => {
            let message = format!("the trust policy of role `{role}` cannot be read: {problem}");
            return Err(refused(message, "fix it manually"));
        }
    };
    let Some(masked) = MaskedPolicy::new(&current.to_text()) else {
        let message = format!("the trust policy of role `{role}` cannot be compared with the record");
        return Err(refused(message, "edit it manually"));
    };
    if is_same(&masked, &edit.before) {
        return Ok(UndoStep::Restored);
    }
    let is_left = if edit.seen { masked == edit.after } else { is_same(&masked, &edit.after) };
    if !is_left {
        return Err(changed_since(edits, edit, &masked));
    }
    let ids = external_ids(current);
    let known = ids.iter().map(String::as_str).chain(subject.known_ids.iter().map(ExternalId::expose));
    let Some(after) = edit.before.revealed(known) else {
        return Err(refused(
            format!(
                "the trust policy of role `{role}` before run `{}` had an external ID that it no longer has, and records \
                 do not contain external IDs",
                edit.run
            ),
            "edit it manually",
        ));
    };
    let after = Document::parse_verbatim(&after).map_err(|error| {
        refused(format!("the recorded trust policy of role `{role}` is not valid: {error}"), "edit it manually")
    })?;
    if let Some((_, orphan)) = after.orphans().next() {
        return Err(refused(
            format!(
                "the trust policy of role `{role}` before run `{}` names {orphan}, a deleted role or user, and IAM does not \
                 accept such a policy",
                edit.run
            ),
            "edit it manually",
        ));
    }
    if is_locked_out(current, &after, subject.management) {
        return Err(refused(
            format!(
                "the management account {} could not assume role `{role}` with the trust policy as it was before run `{}`",
                subject.management, edit.run
            ),
            "edit it manually, with another role of the account",
        ));
    }
    if let Some(caller) = subject.callers.first_to_lose_access(current, &after) {
        return Err(refused(
            format!(
                "`{caller}`, through which this tool acts, could not assume role `{role}` with the trust policy as it was before run \
                 `{}`",
                edit.run
            ),
            "undo the run as another principal that keeps its access, or edit the trust policy manually, with another role of the \
             account",
        ));
    }
    let action = Action::UpdateTrust { before: Some(current.clone()), after: after.clone() };
    let change = Change { role: role.clone(), action };
    Ok(UndoStep::Restore(Box::new(ApprovedRestore { change, before: current.clone(), after })))
}

/// Whether the management account would lose its access to the role.
fn is_locked_out(current: &Document, after: &Document, management: &AccountId) -> bool {
    let root = Caller { account: management.clone(), arn: None };
    let context = RequestContext::default();
    let can = |trust: &Document| can_assume(trust, &root, &context).can();
    (can(current) && !can(after)) || !can_anybody_assume(after, &root, &context).can()
}

/// Says what has changed since a run.
fn changed_since(edits: &RecordedTrustEdits, edit: &RecordedTrustEdit, current: &MaskedPolicy) -> Cause {
    let role = &edit.role;
    let run = &edit.run;
    let when = to_policy_date(edit.at).unwrap_or_default();
    let later = edits.iter().skip_while(|other| *other != edit).skip(1);
    if let Some(later) = later.filter(|later| is_same(&later.after, current)).last() {
        return refused(
            format!("run `{}` changed the trust policy of role `{role}` after run `{run}` ({when})", later.run),
            format!("undo that run first: pass `--run {}`", later.run),
        );
    }
    refused(
        format!(
            "the trust policy of role `{role}` was changed since run `{run}` ({when}): {}",
            difference(&edit.after, current)
        ),
        "edit it manually, or revert these changes and run again",
    )
}

/// The principals that were added to a policy and removed from it, in words.
fn difference(left: &MaskedPolicy, current: &MaskedPolicy) -> String {
    let entries =
        |policy: &MaskedPolicy| policy.document().map(|document| access_entries(&document)).unwrap_or_default();
    let left = entries(left);
    let current = entries(current);
    let principals = |entries: BTreeSet<String>| entries.iter().map(|entry| principal(entry)).collect::<BTreeSet<_>>();
    let added = principals(current.difference(&left).cloned().collect());
    let removed = principals(left.difference(&current).cloned().collect());
    let changed: BTreeSet<_> = added.intersection(&removed).cloned().collect();
    let part = |names: BTreeSet<String>, what: &str| {
        let verb = if names.len() == 1 { "was" } else { "were" };
        (!names.is_empty()).then(|| format!("{} {verb} {what}", list_of(names.iter().map(String::as_str))))
    };
    let parts = [
        part(&added - &changed, "added"),
        part(&removed - &changed, "removed"),
        part(changed, "given other conditions or actions"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "the same principals are written in another way".to_owned() } else { parts.join(" and ") }
}

/// The principal of an access entry.
fn principal(entry: &str) -> String {
    let entry: Value = serde_json::from_str(entry).unwrap_or_default();
    let name = entry.get("Principal").and_then(Value::as_str).unwrap_or("a statement with `NotPrincipal`");
    printable(name.strip_prefix("AWS ").unwrap_or(name))
}

fn refused(message: impl AsRef<str>, remedy: impl AsRef<str>) -> Cause {
    Cause::new(Code::UndoRefused, message, remedy)
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
