//! An account that was entered, and one whose id was confirmed: only the second can be written.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::{join, try_join_all};

use super::End;
use super::observe::observe;
use crate::ports::{ReadIam, WriteIam};
use onboarding_core::account::AccountId;
use onboarding_core::blueprint::Blueprint;
use onboarding_core::error::ApiError;
use onboarding_core::observed::Observed;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::Change;
use onboarding_core::report::Calls;
use onboarding_core::role::RoleName;
use onboarding_core::session_policy::Scope;

/// An account that let us in, by the word of STS alone.
pub(super) struct AssumedAccount<S> {
    pub(super) account: AccountId,
    pub(super) access_role: RoleName,
    /// Whether the account may still be getting ready.
    pub(super) young: bool,
    pub(super) sessions: Vec<(Scope, S)>,
}

/// An account that said itself that it is the one that was meant.
///
/// INVARIANT: made by [`AssumedAccount::confirm`] alone, after `sts:GetCallerIdentity` named the account in every session.
pub struct TargetAccount<S> {
    entered: AssumedAccount<S>,
    writes: AtomicU32,
    reads: AtomicU32,
}

impl<S: ReadIam> AssumedAccount<S> {
    /// The session that may touch a role.
    pub(super) fn session(&self, role: &RoleName) -> Option<&S> {
        self.sessions.iter().find(|(scope, _)| scope.roles.contains(role)).map(|(_, session)| session)
    }

    /// Reads what the blueprint names while every session is asked which account it is in: one round trip for both.
    pub(super) async fn confirm(self, blueprint: &Blueprint) -> Result<(TargetAccount<S>, Result<Observed, End>), End> {
        let reads = AtomicU32::new(0);
        let (confirmed, observed) = join(self.confirmed(&reads), observe(&self, blueprint, &reads)).await;
        let young = self.young;
        let in_account = |error: ApiError| Outcome::from_error(&error, young);
        let found = confirmed.map_err(in_account)?;
        if let Some(other) = found.into_iter().find(|id| *id != self.account) {
            return Err(Outcome::blocked(
                "wrong_account",
                format!("the session for account {} is in account {other}", self.account),
                "nothing was done; check the endpoint and the access role's name",
            ));
        }
        Ok((TargetAccount { entered: self, reads, writes: AtomicU32::new(0) }, observed.map_err(in_account)))
    }

    async fn confirmed(&self, reads: &AtomicU32) -> Result<Vec<AccountId>, ApiError> {
        try_join_all(self.sessions.iter().map(|(_, session)| {
            reads.fetch_add(1, Ordering::Relaxed);
            session.caller_account()
        }))
        .await
    }
}

impl<S: ReadIam> TargetAccount<S> {
    /// Reads again.
    pub(super) async fn observe(&self, blueprint: &Blueprint) -> Result<Observed, ApiError> {
        observe(&self.entered, blueprint, &self.reads).await
    }

    pub(super) fn calls(&self) -> Calls {
        Calls { reads: self.reads.load(Ordering::Relaxed), writes: self.writes.load(Ordering::Relaxed) }
    }
}

impl<S: WriteIam> TargetAccount<S> {
    /// Performs a change through the session that may.
    pub(super) async fn perform(&self, change: &Change) -> Result<(), ApiError> {
        let session = self
            .entered
            .session(&change.role)
            .ok_or_else(|| ApiError::new(change.call(), "NoSession", "no session may touch this role"))?;
        self.writes.fetch_add(1, Ordering::Relaxed);
        session.perform(change).await
    }
}
