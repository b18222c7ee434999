//! Undo: what the trust policy of the access role was before a run changed it, and when that can be restored.
//!
//! A run that changes this policy first records its text ([`RecordedTrustEdit`]). [`undo_step`] decides whether the text may be
//! written again: only into the role with the recorded unique ID, only while its policy is what the run left, and never if the
//! management account could no longer assume the role.

mod recorded;
mod step;

pub use recorded::{KEPT_EDITS, RecordedTrustEdit, RecordedTrustEdits};
pub use step::{ApprovedRestore, UndoStep, UndoSubject, selected, undo_step};
