//! The changes that bring the settings of an existing role to those that are configured.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Action, RoleDetails};
use crate::owner::OWNER_TAG;
use crate::role_settings::RoleSettings;

/// The quota of tags of a role, which cannot be raised.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
const TAGS_PER_ROLE: usize = 50;

/// The changes of a role's settings, by when they are made; see `align` in `diff.rs`. IAM cannot change the path.
pub(super) struct SettingsChanges {
    /// Before the policies change: those that mark the role as managed or reduce permissions.
    pub(super) first: Vec<Action>,
    /// After the policies have changed: all others.
    pub(super) last: Vec<Action>,
}

/// Compares the settings of an existing role with those that are configured.
pub(super) fn settings_changes(before: &RoleSettings, after: &RoleSettings) -> SettingsChanges {
    let mut first = Vec::new();
    let mut last = Vec::new();
    let missing = missing_tags(before, after);
    let extra = extra_tags(before, after);
    let is_managed = before.tags.contains_key(OWNER_TAG);
    let fits = before.tags.len().saturating_add(missing.len()) <= TAGS_PER_ROLE;
    let untag = (!extra.is_empty()).then_some(Action::Untag(extra));
    let tag = (!missing.is_empty()).then_some(Action::Tag(missing));
    // A role with the owner tag is managed already: that its other tags cannot be set must not keep the trust policy as it is.
    let (tags_first, tags_last) = match (is_managed, fits) {
        (true, _) => ([None, None], [untag, tag]),
        (false, true) => ([tag, None], [untag, None]),
        (false, false) => ([untag, tag], [None, None]),
    };
    first.extend(tags_first.into_iter().flatten());
    match (&before.boundary, &after.boundary) {
        (current, Some(desired)) if current.as_ref() != Some(desired) => {
            first.push(Action::PutBoundary { before: current.clone(), after: desired.clone() });
        }
        (Some(current), None) => last.push(Action::DeleteBoundary(current.clone())),
        _ => {}
    }
    if RoleDetails::from(before) != RoleDetails::from(after) {
        last.push(Action::UpdateRole { before: before.into(), after: after.into() });
    }
    last.extend(tags_last.into_iter().flatten());
    SettingsChanges { first, last }
}

/// The tags to set.
fn missing_tags(before: &RoleSettings, after: &RoleSettings) -> BTreeMap<String, String> {
    let is_missing = |(key, value): &(&String, &String)| before.tags.get(*key) != Some(*value);
    after.tags.iter().filter(is_missing).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The keys of the tags to remove.
///
/// `aws:` tags cannot be removed. Tag keys are case-insensitive: setting `team` replaces an existing `Team`.
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html>.
fn extra_tags(before: &RoleSettings, after: &RoleSettings) -> BTreeSet<String> {
    let is_wanted = |key: &str| after.tags.keys().any(|wanted| wanted.eq_ignore_ascii_case(key));
    let is_extra = |key: &&String| !is_wanted(key) && !key.starts_with("aws:");
    before.tags.keys().filter(is_extra).cloned().collect()
}
