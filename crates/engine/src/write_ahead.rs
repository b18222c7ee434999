//! Records what the trust policy of the access role was before it is changed.
//!
//! A run writes its record once, at its end. This part is written earlier, because a run that is killed after it has changed the
//! policy could not record any more what it was before, and no one could undo it. The write is made right before the change,
//! while the other roles are changed, so that it adds no step. Only a run that changes this policy makes it.

use std::fmt;
use std::sync::OnceLock;

use onboarding_core::account::AccountAge;
use onboarding_core::code::Code;
use onboarding_core::message_action::is_transient;
use onboarding_core::outcome::Stop;
use onboarding_core::plan::{Action, Change};
use onboarding_core::record::{Expiry, LeaseUse, RecordUpdate};
use onboarding_core::role::RoleName;
use onboarding_core::undo::RecordedTrustEdits;

use crate::ports::{Records, Saved};

/// A part of the record that is written before a change.
pub(crate) struct WriteAhead<'a, W> {
    world: &'a W,
    subject: String,
    run: String,
    /// The access role.
    role: RoleName,
    edits: RecordedTrustEdits,
    written: OnceLock<Written>,
}

/// How the write ended.
#[derive(Debug)]
pub(crate) enum Written {
    /// The record has the edits.
    Yes,
    /// Another run has taken the lease over.
    LeaseLost,
    /// The table does not accept them; the change is made nevertheless.
    No(String),
}

impl<'a, W: Records> WriteAhead<'a, W> {
    /// The write before a change of this role, by the run that holds the lease of the subject.
    pub(crate) fn new(world: &'a W, subject: String, run: String, role: RoleName, edits: RecordedTrustEdits) -> Self {
        Self { world, subject, run, role, edits, written: OnceLock::new() }
    }

    /// The edits, and how the write ended; `None` if it was not made.
    pub(crate) fn into_written(self) -> Option<(RecordedTrustEdits, Written)> {
        Some((self.edits, self.written.into_inner()?))
    }

    /// Writes the record, if this is the change that it is about.
    ///
    /// # Errors
    /// When the change has to wait.
    pub(crate) async fn before(&self, change: &Change) -> Result<(), Stop> {
        if change.role != self.role || !matches!(change.action, Action::UpdateTrust { .. }) {
            return Ok(());
        }
        let update = RecordUpdate {
            run: self.run.clone(),
            lease: LeaseUse::Keep,
            notification: None,
            result: None,
            roles: None,
            revocations: None,
            grants: None,
            registrations: None,
            trust_edits: Some(self.edits.clone()),
            expiry: Expiry::Keep,
        };
        let written = match self.world.save_record(&self.subject, &update).await {
            Ok(Saved::Yes) => Written::Yes,
            Ok(Saved::LeaseLost) => Written::LeaseLost,
            Err(error) if is_transient(&error) => {
                return Err(crate::retry::without_session(Stop::from_error(&error, AccountAge::Established)));
            }
            Err(error) => Written::No(not_recorded(&self.role, &error)),
        };
        match self.written.get_or_init(|| written) {
            Written::LeaseLost => {
                Err(Stop::wait(Code::LeaseHeld, "the lease had expired, and another run has taken it over"))
            }
            Written::Yes | Written::No(_) => Ok(()),
        }
    }
}

/// Says that a change of a trust policy was not recorded.
pub(crate) fn not_recorded(role: &RoleName, why: &dyn fmt::Display) -> String {
    format!(
        "the trust policy of role `{role}` before this run could not be recorded, so `onboard undo` cannot restore it: {why}"
    )
}
