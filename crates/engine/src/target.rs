//! An account whose ID was confirmed: the only one that can be written to.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::{join, try_join_all};

use onboarding_core::account::AccountId;
use onboarding_core::blueprint::Blueprint;
use onboarding_core::code::Code;
use onboarding_core::error::ApiError;
use onboarding_core::observed::{Observed, ObservedRole};
use onboarding_core::outcome::Stop;
use onboarding_core::plan::Change;
use onboarding_core::report::Calls;
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;

use crate::assumed::AssumedAccount;
use crate::observe::observe;
use crate::ports::{ReadIam, WriteIam};

/// An account that was confirmed to be the one that was asked for.
///
/// INVARIANT: only [`AssumedAccount::confirm`] makes it, after `sts:GetCallerIdentity` named the account in every session.
pub struct TargetAccount<S> {
    assumed: AssumedAccount<S>,
    writes: AtomicU32,
    reads: AtomicU32,
}

impl<S: ReadIam> AssumedAccount<S> {
    /// Reads what the blueprint names while every session is asked which account it is in: one round trip for both.
    pub(crate) async fn confirm(
        self,
        blueprint: &Blueprint,
    ) -> Result<(TargetAccount<S>, Result<Observed, Stop>), Stop> {
        let reads = AtomicU32::new(0);
        let (confirmed, observed) = join(self.confirmed(&reads), observe(&self, blueprint, &reads)).await;
        let age = self.age;
        let in_account = |error: ApiError| Stop::from_error(&error, age);
        let found = confirmed.map_err(in_account)?;
        if let Some(other) = found.into_iter().find(|id| *id != self.account) {
            return Err(Stop::blocked(
                Code::WrongAccount,
                format!("the session for account {} is in account {other}", self.account),
                "nothing was changed; check the endpoint and the access role's name",
            ));
        }
        Ok((TargetAccount { assumed: self, reads, writes: AtomicU32::new(0) }, observed.map_err(in_account)))
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
    pub(crate) async fn observe(&self, blueprint: &Blueprint) -> Result<Observed, ApiError> {
        observe(&self.assumed, blueprint, &self.reads).await
    }

    pub(crate) fn calls(&self) -> Calls {
        Calls { reads: self.reads.load(Ordering::Relaxed), writes: self.writes.load(Ordering::Relaxed) }
    }
}

impl<S: WriteIam> TargetAccount<S> {
    /// A role as it is now, without its policies; `None` if it does not exist.
    pub(crate) async fn role(&self, role: &RoleName) -> Result<Option<ObservedRole>, ApiError> {
        self.reader("iam:GetRole", role)?.role(role).await
    }

    /// An inline policy of a role as it is now; `None` if it does not exist.
    pub(crate) async fn policy(&self, role: &RoleName, policy: &str) -> Result<Option<String>, ApiError> {
        self.reader("iam:GetRolePolicy", role)?.policy(role, policy).await
    }

    fn reader(&self, call: &'static str, role: &RoleName) -> Result<&S, ApiError> {
        let session = self.assumed.session(role);
        let session = session.ok_or_else(|| ApiError::new(call, "NoSession", "no session may read this role"))?;
        self.reads.fetch_add(1, Ordering::Relaxed);
        Ok(session)
    }

    /// Executes a change through the session whose policy allows it, and returns the ID of a role that it created.
    pub(crate) async fn execute(&self, change: &Change) -> Result<Option<RoleId>, ApiError> {
        let session = self
            .assumed
            .session(&change.role)
            .ok_or_else(|| ApiError::new(change.call(), "NoSession", "no session may touch this role"))?;
        self.writes.fetch_add(1, Ordering::Relaxed);
        session.execute(change).await
    }
}
