//! What runs have changed in the trust policy of the access role, as the record of an account keeps it.
//!
//! The last [`KEPT_EDITS`] runs that changed it are kept. A text has at most 24 KiB, so that they take less than 240 KiB of the
//! 400 KiB that an item of DynamoDB may have. Usually there is one of half a kilobyte, which the price of a write hardly shows.
//!
//! An edit is recorded before it is made, because a run that is killed afterwards could not record it any more. It may
//! therefore not have happened; the state of the policy shows whether it did. When the run sees its edit, it replaces the text
//! that it sent by the one that IAM returns.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::policy::{Document, MaskedPolicy};
use crate::role::RoleName;
use crate::role_id::RoleId;
use crate::time::{from_unix_milliseconds, unix_milliseconds};

/// How many runs are kept. A change of the configuration changes the policy once, and more than a few are not undone one by one.
pub const KEPT_EDITS: usize = 5;

/// What one run changed in the trust policy of the access role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedTrustEdit {
    /// The run: the owner of its lease.
    pub run: String,
    /// When it recorded the edit.
    pub at: SystemTime,
    /// The access role.
    pub role: RoleName,
    /// Its unique ID.
    pub role_id: RoleId,
    /// The policy before the run, as IAM returned it.
    pub before: MaskedPolicy,
    /// The policy that the run left: as IAM returned it if that is known, otherwise as it was sent.
    pub after: MaskedPolicy,
    /// Whether IAM has shown the policy that the run left.
    pub seen: bool,
    /// The run that this one undid.
    pub undoes: Option<String>,
}

/// The edits, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordedTrustEdits(Vec<RecordedTrustEdit>);

/// An edit as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    run: String,
    at_ms: u64,
    role: String,
    role_id: RoleId,
    before: String,
    after: String,
    #[serde(default)]
    seen: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undoes: Option<String>,
}

impl RecordedTrustEdits {
    /// The edits, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &RecordedTrustEdit> {
        self.0.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The edits of the other runs.
    #[must_use]
    pub fn without(&self, run: &str) -> Self {
        Self(self.0.iter().filter(|edit| edit.run != run).cloned().collect())
    }

    /// The edits with one that is about to be made.
    #[must_use]
    pub fn with(&self, edit: RecordedTrustEdit) -> Self {
        let mut edits = self.0.clone();
        let edit = match edits.last() {
            // A run that has edited the policy before: both edits are one, unless another principal changed it in between.
            Some(last) if last.run == edit.run && last.role_id == edit.role_id => {
                let last = edits.pop();
                match last.filter(|last| is_same(&last.before, &edit.before) || is_same(&last.after, &edit.before)) {
                    Some(last) => RecordedTrustEdit { before: last.before, ..edit },
                    None => edit,
                }
            }
            // A run that was killed before it made its edit.
            Some(last) if !last.seen && last.role_id == edit.role_id && last.before == edit.before => {
                edits.pop();
                edit
            }
            _ => edit,
        };
        edits.push(edit);
        edits.drain(..edits.len().saturating_sub(KEPT_EDITS));
        Self(edits)
    }

    /// The edits after a run has read the policy: its own edit is seen, or was not made.
    #[must_use]
    pub fn after_reading(&self, run: &str, trust: &Document) -> Self {
        let mut edits = self.0.clone();
        let Some(mut last) = edits.pop_if(|last| last.run == run) else { return Self(edits) };
        let read = MaskedPolicy::new(&trust.to_text());
        if read.as_ref().is_some_and(|read| is_same(read, &last.before)) {
            return Self(edits);
        }
        if let Some(read) = read.filter(|read| is_same(read, &last.after)) {
            last.after = read;
            last.seen = true;
        }
        edits.push(last);
        Self(edits)
    }

    /// The edits as strings, by their number.
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<String, String> {
        let text = |edit: &RecordedTrustEdit| {
            serde_json::to_string(&Stored {
                run: edit.run.clone(),
                at_ms: unix_milliseconds(edit.at),
                role: edit.role.to_string(),
                role_id: edit.role_id.clone(),
                before: edit.before.as_str().to_owned(),
                after: edit.after.as_str().to_owned(),
                seen: edit.seen,
                undoes: edit.undoes.clone(),
            })
        };
        let numbered = self.0.iter().enumerate();
        numbered.filter_map(|(number, edit)| Some((number.to_string(), text(edit).ok()?))).collect()
    }

    /// Reads the edits. One that is not valid is left out.
    #[must_use]
    pub fn from_map(map: &BTreeMap<String, String>) -> Self {
        let mut edits: Vec<_> =
            map.iter().filter_map(|(number, text)| Some((number.parse().ok()?, read(text)?))).collect();
        edits.sort_by_key(|(number, _): &(usize, _)| *number);
        Self(edits.into_iter().map(|(_, edit)| edit).collect())
    }
}

fn read(text: &str) -> Option<RecordedTrustEdit> {
    let stored: Stored = serde_json::from_str(text).ok()?;
    Some(RecordedTrustEdit {
        run: stored.run,
        at: from_unix_milliseconds(stored.at_ms)?,
        role: stored.role.parse().ok()?,
        role_id: stored.role_id,
        before: MaskedPolicy::from_stored(stored.before)?,
        after: MaskedPolicy::from_stored(stored.after)?,
        seen: stored.seen,
        undoes: stored.undoes,
    })
}

/// Whether two policies have the same meaning. IAM does not return a policy as it was sent.
pub(super) fn is_same(one: &MaskedPolicy, other: &MaskedPolicy) -> bool {
    one == other || matches!((one.document(), other.document()), (Some(one), Some(other)) if one.equivalent(&other))
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
