//! The ledger of one run: every change in the order in which it was first attempted, and its result.
//!
//! The ledger answers three questions that one read of the account cannot. Was a change that is still missing already made
//! in this run? Then IAM does not show it yet, and it is not made again. Is a role beyond what retrying can fix? Then its
//! other changes are not attempted. And what came of a change whose response was lost? It is left open until the account
//! was read again; see [`Ledger::settle`].
//!
//! It also knows which roles are managed by this tool beyond doubt, besides those that were recorded: those that this run
//! created, and those whose earlier sessions it revoked. A creation counts when its response contains the ID: if the response was
//! lost, the role that the next read shows may have been created by another principal. A revocation counts when IAM shows it and
//! nothing is left to change in the role, because whoever may still write to the role could have deleted it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use futures_util::future::join_all;
use onboarding_core::account::AccountAge;
use onboarding_core::code::Code;
use onboarding_core::error::ErrorKind;
use onboarding_core::limits::TRUST_TAKES_EFFECT;
use onboarding_core::observed::Observed;
use onboarding_core::outcome::{Cause, Outcome, Stop};
use onboarding_core::plan::{
    Action, Approved, Change, ConfirmedPlan, DeletedRole, KnownRoles, RecordedRevocation, RecordedRevocations, Refusal,
    RevocationReason, RoleHistory, SessionRevocation,
};
use onboarding_core::record::{RecordedRegistration, RecordedRegistrations};
use onboarding_core::report::{ChangeResult, ChangeStatus};
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use onboarding_core::time::after;

use crate::open_record::WritePermit;
use crate::ports::{Clock, Records, VendorApi, WriteIam};
use crate::retry::{timed_out, timeout_at};
use crate::vendors::{Created, Executor, Registered};

/// Every change of a run and its result.
#[derive(Default)]
pub(crate) struct Ledger {
    results: Vec<ChangeResult>,
    blocked: BTreeMap<RoleName, Cause>,
    /// Changes whose response was lost: they may have been made.
    ambiguous: Vec<Change>,
    /// The roles that this run created, those whose earlier sessions it revoked, and the revocations that it attempted.
    history: RoleHistory,
    /// The revocations that it made, to be recorded.
    revocations: RecordedRevocations,
    /// The registrations with vendors that it made, to be recorded.
    registrations: RecordedRegistrations,
    /// The ID of each role that this run created or whose sessions it revoked.
    ids: BTreeMap<RoleName, Option<RoleId>>,
}

/// What a run did, for its report and its record.
pub(crate) struct LedgerResults {
    pub(crate) results: Vec<ChangeResult>,
    pub(crate) known_roles: KnownRoles,
    pub(crate) revocations: RecordedRevocations,
    pub(crate) registrations: RecordedRegistrations,
}

impl Ledger {
    /// The roles that are managed by this tool beyond doubt because of what this run did, and the revocations of this run.
    pub(crate) fn history(&self) -> &RoleHistory {
        &self.history
    }

    /// Looks for roles whose sessions this run has revoked and in which nothing is left to change: from now on, they are known.
    /// Before that, another session may be issued and the role made to look as configured again.
    pub(crate) fn confirm_revocations(&mut self, approved: &Approved, observed: &Observed) {
        let is_open = |name: &RoleName| {
            let is_change = |change: &Change| change.role == *name && !change.is_registration();
            approved.changes().iter().any(is_change) || approved.refusals().iter().any(|refusal| refusal.role == *name)
        };
        let revoked = self.history.revoked.keys().filter(|name| !is_open(name));
        let shown = revoked.filter_map(|name| {
            let role = observed.roles.get(name).filter(|role| self.history.has_revoked_all(name, role))?;
            Some((name.clone(), role.id.clone()?))
        });
        let shown: Vec<_> = shown.collect();
        self.history.known.extend(shown);
    }

    /// Whether the open changes are not those that a person confirmed: at first all of them, later nothing beyond them.
    ///
    /// A registration may be confirmed and not open while its vendor does not answer. Of a plan that was kept as hashes, any part may
    /// have been made by an earlier run that was interrupted.
    pub(crate) fn departs_from(&self, confirmed: &ConfirmedPlan, open: &[Change], observed: &Observed) -> bool {
        let confirmed = match confirmed {
            ConfirmedPlan::Exact(changes) => changes,
            ConfirmedPlan::Hashed(plan) => {
                let was_attempted = |change| self.results.iter().any(|step| step.change.includes(change));
                return open.iter().any(|change| !plan.includes(change) && !was_attempted(change));
            }
        };
        if !self.results.is_empty() {
            return open.iter().any(|change| !confirmed.iter().any(|confirmed| confirmed.includes(change)));
        }
        let is_known = |change: &&Change| !change.is_registration() || observed.has_registrations(&change.role);
        let known: Vec<_> = confirmed.iter().filter(is_known).collect();
        known.len() != open.len() || known.iter().zip(open).any(|(confirmed, open)| !confirmed.is_same(open))
    }

    /// Whether nothing was attempted yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    /// The registrations with vendors that this run made.
    pub(crate) fn registrations(&self) -> &RecordedRegistrations {
        &self.registrations
    }

    pub(crate) fn into_results(self) -> LedgerResults {
        LedgerResults {
            results: self.results,
            known_roles: self.history.known,
            revocations: self.revocations,
            registrations: self.registrations,
        }
    }

    /// A ledger in which these changes are done.
    #[cfg(test)]
    pub(crate) fn executed(changes: &[Change]) -> Self {
        let results =
            changes.iter().map(|change| ChangeResult { change: change.clone(), status: ChangeStatus::Done }).collect();
        Self { results, ..Self::default() }
    }

    fn record(&mut self, change: Change, status: ChangeStatus) {
        if let Action::RevokeSessions(revocation) = &change.action
            && status != ChangeStatus::NotTried
        {
            self.start_again(&change.role, revocation);
            self.history.note_revocation(&change.role, revocation);
            if status == ChangeStatus::Done {
                self.note_made(&change.role, revocation);
            }
        }
        if matches!(change.action, Action::UpdateTrust { .. } | Action::CreateRole(_)) && status == ChangeStatus::Done {
            self.history.trust_written.insert(change.role.clone());
            self.history.trust_open.remove(&change.role);
        }
        if change.lifts_boundary() && status == ChangeStatus::Done && self.history.trust_written.remove(&change.role) {
            self.history.trust_open.insert(change.role.clone());
        }
        match self.results.iter_mut().find(|step| step.change.is_same(&change)) {
            Some(step) => *step = ChangeResult { change, status },
            None => self.results.push(ChangeResult { change, status }),
        }
    }

    /// Takes a revocation that was made, unless a later one of the same role was.
    fn note_made(&mut self, role: &RoleName, revocation: &SessionRevocation) {
        let Some(made) = revocation.recorded() else { return };
        let is_older =
            |before: &RecordedRevocation| before.role_id == made.role_id && before.issued_before > made.issued_before;
        if !self.revocations.get(role).is_some_and(is_older) {
            self.revocations.insert(role.clone(), made);
        }
    }

    /// If a role was created again during the run, what was done in the one before does not count.
    fn start_again(&mut self, role: &RoleName, revocation: &SessionRevocation) {
        let before = self.ids.insert(role.clone(), revocation.role_id.clone());
        let is_again = match before {
            Some(id) => id != revocation.role_id,
            None => matches!(revocation.reason, RevocationReason::CreatedAgain { .. }),
        };
        if is_again {
            self.history.trust_written.remove(role);
            let is_done = |step: &&mut ChangeResult| {
                step.change.role == *role && !step.change.is_registration() && step.status == ChangeStatus::Done
            };
            self.results.iter_mut().filter(is_done).for_each(|step| step.status = ChangeStatus::Superseded);
        }
    }

    /// The approved changes, without those of blocked roles.
    pub(crate) fn remaining(&self, approved: &Approved) -> Vec<Change> {
        approved.changes().iter().filter(|change| !self.blocked.contains_key(&change.role)).cloned().collect()
    }

    /// The open changes that can be executed now. A registration waits until its role is complete, and a change that was
    /// made in this run waits until IAM shows it. What gives a role more waits until IAM shows that its earlier sessions are
    /// revoked and that its trust policy is as configured; its boundary is lifted when IAM shows everything else. If sessions are
    /// revoked once more, the trust policy that still differs was changed again since it was written.
    pub(crate) fn due(&self, open: Vec<Change>) -> Vec<Change> {
        let done =
            |change: &Change| self.results.iter().any(|s| s.status == ChangeStatus::Done && s.change.covers(change));
        let has =
            |role: &RoleName, is: &dyn Fn(&Change) -> bool| open.iter().any(|other| other.role == *role && is(other));
        let revokes = |change: &Change| matches!(change.action, Action::RevokeSessions(_));
        let changes_trust = |change: &Change| matches!(change.action, Action::UpdateTrust { .. });
        let waits = |change: &Change| match change.is_registration() {
            // It is removed before its role is.
            true if matches!(change.action, Action::Deregister(_)) => false,
            true => has(&change.role, &|other| !other.is_registration()),
            // Whoever may write only to roles with a certain boundary can write to this one until its boundary goes.
            false if change.lifts_boundary() => {
                has(&change.role, &|other| !other.is_registration() && !other.lifts_boundary())
            }
            false => change.may_widen() && has(&change.role, &|other| revokes(other) || changes_trust(other)),
        };
        let is_undone = |change: &Change| {
            changes_trust(change)
                && (self.history.trust_open.contains(&change.role)
                    || has(&change.role, &|other| revokes(other) && !done(other)))
        };
        let is_due = |change: &&Change| !waits(change) && (!done(change) || is_undone(change));
        open.iter().filter(is_due).cloned().collect()
    }

    /// Whether this run deleted a role.
    pub(crate) fn has_deleted(&self, role: &RoleName) -> bool {
        let deleted = |step: &ChangeResult| matches!(step.change.action, Action::DeleteRole(_));
        self.results.iter().any(|step| step.change.role == *role && deleted(step) && step.status == ChangeStatus::Done)
    }

    /// Whether this run wrote a role.
    fn has_written(&self, role: &RoleName) -> bool {
        let written = |step: &ChangeResult| step.change.role == *role && !step.change.is_registration();
        self.results.iter().any(|step| written(step) && step.status == ChangeStatus::Done)
    }

    /// Decides the result of changes that failed or were not attempted, and are no longer wanted. One whose response was
    /// lost was made after all. Any other was made outside this run, or was replaced by
    /// another change.
    pub(crate) fn settle(&mut self, approved: &Approved, observed: &Observed) {
        let refused = |change: &Change| {
            let concerns = |refusal: &Refusal| !refusal.is_registration || change.is_registration();
            approved.refusals().iter().any(|refusal| refusal.role == change.role && concerns(refusal))
        };
        // While a vendor does not answer, it is unknown whether it registered the account.
        let unknown = |change: &Change| change.is_registration() && !observed.has_registrations(&change.role);
        let mut revoked = Vec::new();
        for step in self.results.iter_mut().filter(|step| step.status != ChangeStatus::Done) {
            let wanted = approved.changes().iter().any(|change| change.is_same(&step.change));
            if !wanted && !refused(&step.change) && !unknown(&step.change) {
                let made = self.ambiguous.contains(&step.change);
                step.status = if made { ChangeStatus::Done } else { ChangeStatus::Superseded };
                if let (Action::RevokeSessions(revocation), true) = (&step.change.action, made) {
                    revoked.push((step.change.role.clone(), revocation.clone()));
                }
            }
        }
        revoked.iter().for_each(|(role, revocation)| self.note_made(role, revocation));
    }

    /// Blocked, when retrying does not help a role.
    pub(crate) fn blocked(&self) -> Option<Stop> {
        self.blocked.values().next().cloned().map(Stop::Blocked)
    }

    /// Executes changes: roles in parallel, the changes of one role in sequence, since IAM rejects concurrent writes to a
    /// role. Returns what to wait for, if anything failed that may succeed later.
    pub(crate) async fn execute<S: WriteIam, V: VendorApi + Records>(
        &mut self,
        _lease: &WritePermit,
        clock: &impl Clock,
        end: SystemTime,
        executor: &Executor<'_, S, V>,
        changes: Vec<Change>,
    ) -> Option<Stop> {
        let attempts = by_role(changes).into_iter().map(async |(role, changes)| {
            let role_age = if self.has_written(&role) { AccountAge::New } else { executor.age };
            let mut attempt = Attempt { revoked: self.history.revoked_until(&role), ..Attempt::default() };
            let done = timeout_at(clock, end, attempt.execute(clock, executor, changes.clone(), role_age)).await;
            if done.is_none() {
                attempt.abandon(changes);
            }
            (role, attempt)
        });
        let mut wait = None;
        for (role, attempt) in join_all(attempts).await {
            for step in attempt.results {
                self.record(step.change, step.status);
            }
            self.ambiguous.extend(attempt.ambiguous);
            if attempt.created.is_some() {
                // It has no earlier sessions.
                self.history.revoked.remove(&role);
            }
            let registered_at = clock.now();
            let recorded =
                attempt.registered.map(|Registered { id, tenant }| RecordedRegistration { id, registered_at, tenant });
            self.registrations.extend(recorded.map(|recorded| (role.clone(), recorded)));
            self.ids.extend(attempt.created.clone().map(|id| (role.clone(), Some(id))));
            self.history.known.extend(attempt.created.map(|id| (role.clone(), id)));
            match attempt.stop {
                Some(Stop::Blocked(cause)) => {
                    self.blocked.insert(role, cause);
                }
                stop => wait = wait.or(stop),
            }
        }
        wait
    }
}

/// The changes of each role, in the order in which the roles come first.
fn by_role(changes: Vec<Change>) -> Vec<(RoleName, Vec<Change>)> {
    let mut roles: Vec<(RoleName, Vec<Change>)> = Vec::new();
    for change in changes {
        match roles.iter_mut().find(|(role, _)| *role == change.role) {
            Some((_, group)) => group.push(change),
            None => roles.push((change.role.clone(), vec![change])),
        }
    }
    roles
}

/// Why a role must not be deleted, nor its policies: IAM writes to roles by name, and it was created again since it was read.
async fn is_another<S: WriteIam, V: VendorApi>(
    executor: &Executor<'_, S, V>,
    role: &RoleName,
    deleted: &DeletedRole,
) -> Option<Stop> {
    let about = |stop: Stop| stop.about(&format!("role `{role}`"));
    match executor.target.role(role).await {
        Ok(found) if found.as_ref().is_none_or(|role| role.id == deleted.id) => None,
        Ok(_) => Some(about(Stop::wait(Code::NotPropagated, "it was created again during the run"))),
        Err(error) => Some(about(Stop::from_error(&error, executor.age))),
    }
}

/// One attempt at the changes of one role.
#[derive(Default)]
struct Attempt {
    results: Vec<ChangeResult>,
    stop: Option<Stop>,
    ambiguous: Option<Change>,
    /// Until when this run has revoked the sessions of the role, and the role's ID.
    revoked: Option<(SystemTime, Option<RoleId>)>,
    /// The unique ID of the role, if it was created.
    created: Option<RoleId>,
    /// The registration, if it was made.
    registered: Option<Registered>,
}

impl Attempt {
    /// Executes the changes in their order, up to the first that fails.
    async fn execute<S: WriteIam, V: VendorApi + Records>(
        &mut self,
        clock: &impl Clock,
        executor: &Executor<'_, S, V>,
        changes: Vec<Change>,
        role_age: AccountAge,
    ) {
        let removal = changes.iter().find_map(|change| match &change.action {
            Action::DeleteRole(deleted) => Some(deleted.clone()),
            _ => None,
        });
        let first_in_account = changes.iter().position(|change| !change.is_registration());
        for (index, change) in changes.into_iter().enumerate() {
            if let Action::RevokeSessions(revocation) = &change.action
                && revocation.reason != RevocationReason::Lost
            {
                self.revoked = Some((revocation.issued_before, revocation.role_id.clone()));
            }
            if self.stop.is_none() {
                self.stop = self.is_not_covered(clock, executor, &change).await;
            }
            // The first call of a removal is as destructive as the last, at the vendor and in the account.
            let is_first = index == 0 || Some(index) == first_in_account;
            let is_compared = is_first || matches!(change.action, Action::DeleteRole(_));
            if let Some(deleted) = removal.as_ref().filter(|_| self.stop.is_none() && is_compared) {
                self.stop = is_another(executor, &change.role, deleted).await;
            }
            if self.stop.is_none() {
                self.stop = executor.record_before(&change).await;
            }
            let status = match &self.stop {
                Some(_) => ChangeStatus::NotTried,
                None => match executor.execute(&change).await {
                    Ok(created) => {
                        match created {
                            Some(Created::Role(id)) => {
                                self.revoked = None;
                                self.created = Some(id);
                            }
                            Some(Created::Registration(made)) => self.registered = Some(made),
                            None => {}
                        }
                        ChangeStatus::Done
                    }
                    Err(error) => {
                        // The SDK may have sent the call before it lost the connection for good.
                        let is_lost = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Unreachable);
                        self.ambiguous = is_lost.then(|| change.clone());
                        let stop = match change.is_registration() {
                            true => Stop::from_vendor_error(&error, role_age),
                            false => Stop::from_error(&error, executor.age),
                        };
                        self.stop = Some(stop.about(&format!("role `{}`", change.role)));
                        ChangeStatus::Failed(error.to_string())
                    }
                },
            };
            self.results.push(ChangeResult { change, status });
        }
    }

    /// Why a change has to wait, if the sessions of its role were revoked and this no longer covers the change.
    ///
    /// The time may be over before the change takes effect: another session could have been issued since. And IAM writes to
    /// roles by name: whoever may write to the role could have created it again, or changed it, since it was read.
    async fn is_not_covered<S: WriteIam, V: VendorApi + Records>(
        &self,
        clock: &impl Clock,
        executor: &Executor<'_, S, V>,
        change: &Change,
    ) -> Option<Stop> {
        let (until, id) = self.revoked.as_ref().filter(|_| change.needs_revocation())?;
        let role = &change.role;
        if *until <= after(clock.aws_time(), TRUST_TAKES_EFFECT) {
            let message = format!("role `{role}`: AWS took so long that its sessions have to be revoked again");
            return Some(Stop::wait(Code::TimedOut, message));
        }
        if !change.may_widen() {
            return None;
        }
        let checked = executor.is_as_compared(change, id.as_ref(), *until).await;
        match checked {
            Ok(true) => None,
            Ok(false) => Some(Stop::wait(Code::NotPropagated, format!("role `{role}` was changed during the run"))),
            Err(error) => Some(Stop::from_error(&error, executor.age).about(&format!("role `{role}`"))),
        }
    }

    /// Time ran out during a change: its response is lost, and the changes after it were not attempted.
    fn abandon(&mut self, changes: Vec<Change>) {
        for change in changes.into_iter().skip(self.results.len()) {
            let status = match &self.stop {
                Some(_) => ChangeStatus::NotTried,
                None => {
                    let stop = timed_out();
                    let failed = ChangeStatus::Failed(Outcome::from(stop.clone()).to_string());
                    self.ambiguous = Some(change.clone());
                    self.stop = Some(stop);
                    failed
                }
            };
            self.results.push(ChangeResult { change, status });
        }
    }
}
