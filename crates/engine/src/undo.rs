//! `undo`: restores what the trust policy of the access role was before a run changed it.
//!
//! The steps are those of `apply`, for one change: look the account up, assume the access role, confirm the account, acquire the
//! lease, and then compare, record, write and read again until IAM shows the restored policy. What may be restored is decided by
//! [`undo_step`], before the write and again after every read. An excluded account can be undone, because excluding it is the way
//! to keep the next sweep from making the change again.

use onboarding_core::account::AccountAge;
use onboarding_core::blueprint::{Blueprint, placeholder_secrets};
use onboarding_core::code::Code;
use onboarding_core::eligibility::{Eligibility, eligibility};
use onboarding_core::mode::Mode;
use onboarding_core::observed::ObservedRole;
use onboarding_core::outcome::{Cause, Outcome, Stop};
use onboarding_core::plan::{Change, recognize_withdrawn};
use onboarding_core::policy::{Document, add_grants, remove_grants, remove_principals};
use onboarding_core::report::{ChangeResult, ChangeStatus, Report, UndoneRun};
use onboarding_core::suggestion::list_of;
use onboarding_core::time::since;
use onboarding_core::undo::{ApprovedRestore, RecordedTrustEdit, UndoStep, UndoSubject, selected, undo_step};

use crate::assume::session_name;
use crate::converge::plan_changed;
use crate::first_look::FirstLook;
use crate::job::{Engine, Job};
use crate::ports::{World, WriteIam};
use crate::prepare::Prepared;
use crate::retry::{Backoff, timed_out, timeout_at, without_session};
use crate::run::{Processed, Run};
use crate::target::TargetAccount;
use crate::vendors::Executor;

/// An account whose access role was assumed.
struct OpenedRole<S> {
    /// Without roles: they are not touched.
    blueprint: Blueprint,
    age: AccountAge,
    is_excluded: bool,
    target: TargetAccount<S>,
}

/// The run that is undone, its change, and the notices for the report.
#[derive(Default)]
struct Undoing {
    undone: Option<UndoneRun>,
    planned: Option<Change>,
    notices: Vec<String>,
}

impl<W: World<Session: WriteIam>> Engine<W> {
    /// Reports what [`Engine::undo`] would do. `undone` is the run, or `None` for the last one that changed the policy.
    pub async fn plan_undo(&self, job: &Job, undone: Option<&str>) -> Report {
        let mut run = Run::new(job, Mode::Plan, &self.world, FirstLook::default());
        let mut undoing = Undoing::default();
        let outcome = self.compare_to_undo(&mut run, undone, &mut undoing).await;
        self.undo_report(run, undoing, outcome.unwrap_or_else(Outcome::from)).report
    }

    /// Restores the trust policy, and verifies that IAM shows it.
    pub async fn undo(&self, job: &Job, undone: Option<&str>) -> Report {
        let mut run = Run::new(job, Mode::Apply, &self.world, FirstLook::default());
        run.record.keep_earlier_result();
        let mut undoing = Undoing::default();
        let outcome = loop {
            match self.undo_in_one_session(&mut run, undone, &mut undoing).await {
                Err(Stop::Reopen(cause)) if run.backoff.again(&self.world, &Stop::Wait(cause.clone())).await => {}
                ended => break ended.unwrap_or_else(Outcome::from),
            }
        };
        self.undo_report(run, undoing, outcome).save(job).await
    }

    async fn compare_to_undo(
        &self,
        run: &mut Run<'_, W>,
        undone: Option<&str>,
        undoing: &mut Undoing,
    ) -> Result<Outcome, Stop> {
        let opened = self.open_to_undo(run).await?;
        let compared = self.step_to_undo(run, &opened, undone, undoing).await;
        run.findings.calls += opened.target.calls();
        Ok(match compared? {
            UndoStep::Restored => Outcome::Converged,
            UndoStep::Restore(_) => Outcome::Waiting(Cause::new(
                Code::ChangesPending,
                "the trust policy has not been restored yet",
                "confirm it, or pass `--yes`",
            )),
        })
    }

    async fn undo_in_one_session(
        &self,
        run: &mut Run<'_, W>,
        undone: Option<&str>,
        undoing: &mut Undoing,
    ) -> Result<Outcome, Stop> {
        let opened = self.open_to_undo(run).await?;
        let ended = self.restore(run, &opened, undone, undoing).await;
        run.findings.calls += opened.target.calls();
        ended
    }

    /// Compare, record, write, read again, until the policy is restored.
    async fn restore(
        &self,
        run: &mut Run<'_, W>,
        opened: &OpenedRole<W::Session>,
        undone: Option<&str>,
        undoing: &mut Undoing,
    ) -> Result<Outcome, Stop> {
        let mut backoff = Backoff::until(&self.world, run.job.deadline);
        loop {
            let step = timeout_at(&self.world, run.job.abandon_at, async {
                // Reads from before the lease was acquired do not count.
                run.record.acquire().await?;
                self.step_to_undo(run, opened, undone, undoing).await
            });
            let stop = match step.await.unwrap_or_else(|| Err(timed_out())) {
                Ok(UndoStep::Restored) => return Ok(Outcome::Converged),
                Ok(UndoStep::Restore(restore)) => self.write_restored(run, opened, undoing, &restore).await?,
                Err(stop) => Some(stop),
            };
            if let Some(stop) = stop
                && !backoff.again(&self.world, &stop).await
            {
                return Err(run.ledger.blocked().unwrap_or(stop));
            }
        }
    }

    /// Writes the policy, unless this run did already and IAM does not show it yet. Returns what to wait for.
    async fn write_restored(
        &self,
        run: &mut Run<'_, W>,
        opened: &OpenedRole<W::Session>,
        undoing: &Undoing,
        restore: &ApprovedRestore,
    ) -> Result<Option<Stop>, Stop> {
        let change = restore.change();
        if run.job.confirmed_plan.as_ref().is_some_and(|confirmed| !confirmed.includes(change)) {
            return Err(plan_changed());
        }
        if let Some(blocked) = run.ledger.blocked() {
            return Err(blocked);
        }
        let due = run.ledger.due(vec![change.clone()]);
        let (false, Some(permit)) = (due.is_empty(), run.record.permit()) else {
            return Ok(Some(Stop::wait(Code::NotPropagated, "IAM does not show the restored trust policy yet")));
        };
        let undone = undoing.undone.as_ref().map(|undone| (undone.run.as_str(), &undone.role_id));
        let (undoes, role_id) = undone.unzip();
        let ahead = run.record.write_ahead(&due, &change.role, role_id, undoes);
        let executor = Executor {
            target: &opened.target,
            vendors: &self.world,
            blueprint: &opened.blueprint,
            age: opened.age,
            ahead: ahead.as_ref(),
        };
        let stop = run.ledger.execute(&permit, &self.world, run.job.abandon_at, &executor, due).await;
        run.record.wrote_ahead(ahead);
        Ok(stop)
    }
}

impl<W: World<Session: WriteIam>> Engine<W> {
    /// Assumes the access role of an active member, and confirms the account.
    async fn open_to_undo(&self, run: &mut Run<'_, W>) -> Result<OpenedRole<W::Session>, Stop> {
        loop {
            let opened = timeout_at(&self.world, run.job.abandon_at, self.open_once_to_undo(run)).await;
            match opened.unwrap_or_else(|| Err(timed_out())).map_err(without_session) {
                Err(stop) if run.backoff.again(&self.world, &stop).await => {}
                ended => return ended,
            }
        }
    }

    async fn open_once_to_undo(&self, run: &mut Run<'_, W>) -> Result<OpenedRole<W::Session>, Stop> {
        if !self.world.records_enabled() {
            return Err(Stop::blocked(
                Code::UndoRefused,
                "undo needs the table of records, and none is given",
                "pass its name as `--records`",
            ));
        }
        let account = self.look_up_even_if_excluded(&run.job.account).await?;
        let is_excluded = eligibility(&account, &self.config.excluded) == Eligibility::Excluded;
        let known = self.known_facts(&account).await?;
        let prepared = self.prepare(&known.about(&account), &placeholder_secrets(&self.config))?;
        let Prepared { mut blueprint, .. } = prepared;
        blueprint.roles.clear();
        blueprint.removed.clear();
        let age = self.age(&account);
        run.findings.account = Some(account);
        run.record.load().await.map_err(|error| Stop::from_error(&error, AccountAge::Established))?;
        if !run.record.is_read() {
            return Err(Stop::blocked(
                Code::UndoRefused,
                "the record of the account could not be read, so what the trust policy was is not known",
                "check the table's name and the permission `dynamodb:GetItem`, then run again",
            ));
        }
        recognize_withdrawn(&mut blueprint, &run.record.record().grants);
        let name = session_name(&run.job.session_suffix);
        let (assumed, _) = self.assume(&blueprint, age, run.mode, &name).await?;
        run.findings.access_role = Some(assumed.access_role.clone());
        let (target, _) = assumed.confirm(&blueprint).await?;
        Ok(OpenedRole { blueprint, age, is_excluded, target })
    }

    /// Reads the role, and decides.
    async fn step_to_undo(
        &self,
        run: &mut Run<'_, W>,
        opened: &OpenedRole<W::Session>,
        undone: Option<&str>,
        undoing: &mut Undoing,
    ) -> Result<UndoStep, Stop> {
        let Some(access_role) = run.findings.access_role.clone() else { return Err(timed_out()) };
        let read = opened.target.role(&access_role).await;
        let found = read.map_err(|error| Stop::from_error(&error, opened.age))?;
        if let Some(Ok(trust)) = found.as_ref().map(|role| &role.trust) {
            run.record.read_trust(trust);
        }
        let edits = run.record.record().trust_edits.without(&run.job.lease_owner);
        // The run that was shown is undone, also if another one has changed the policy meanwhile.
        let chosen = undoing.undone.as_ref().map(|undone| undone.run.clone());
        let edit = selected(&edits, chosen.as_deref().or(undone)).map_err(Stop::Blocked)?;
        let known_ids = &self.config.external_ids();
        let management = &opened.blueprint.account.management;
        let callers = &self.callers().await?;
        let subject = UndoSubject { management, callers, access_role: &access_role, found: found.as_ref(), known_ids };
        let step = undo_step(&edits, edit, &subject);
        undoing.undone = Some(UndoneRun::new(edit));
        if let Ok(UndoStep::Restore(restore)) = &step {
            undoing.planned = Some(restore.change().clone());
            let others = edits.iter().rev().filter(|other| other.run != edit.run);
            let others: Vec<_> = others.map(|other| other.run.as_str()).collect();
            undoing.notices = notices(opened, edit, found.as_ref(), restore.after());
            if undone.is_none() && !others.is_empty() {
                let names = list_of(others);
                undoing.notices.push(format!("the record also has the runs {names}; `--run` selects one"));
            }
        }
        step.map_err(Stop::Blocked)
    }

    fn undo_report<'a>(&self, run: Run<'a, W>, undoing: Undoing, outcome: Outcome) -> Processed<'a, W> {
        let Run { job, mode, started, record, ledger, findings, .. } = run;
        let Undoing { undone, planned, mut notices } = undoing;
        notices.extend(record.notices());
        let made = ledger.into_results().results;
        let planned = planned.filter(|_| mode == Mode::Plan);
        let planned = planned.map(|change| ChangeResult { change, status: ChangeStatus::Planned });
        let took = since(started, self.world.now());
        let mut report = Report {
            account_name: findings.account.map(|account| account.name),
            access_role: findings.access_role,
            changes: planned.into_iter().chain(made).collect(),
            notices,
            undo: undone,
            calls: findings.calls,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            ..Report::new(Some(job.account), job.trigger, mode, outcome)
        };
        report.redact(&findings.secrets, &self.config.external_ids());
        Processed { report, record }
    }
}

/// What a person should know before the policy is restored.
fn notices<S>(
    opened: &OpenedRole<S>,
    edit: &RecordedTrustEdit,
    found: Option<&ObservedRole>,
    restored: &Document,
) -> Vec<String> {
    let mut notices = Vec::new();
    if let Some(role) = found {
        let longest = role.settings.max_session.as_secs().div_ceil(60);
        notices.push(format!(
            "sessions of role `{}` that were issued before are not revoked: they last up to {longest} minutes",
            edit.role
        ));
    }
    if opened.is_excluded {
        return notices;
    }
    let account = &opened.blueprint.account;
    let exclude = format!("or add \"{}\" to `exclude` in `[accounts]`, and push the configuration first", account.id);
    let grants = opened.blueprint.grants_on(&edit.role);
    if add_grants(restored, &grants, &account.partition).is_ok_and(|edit| !edit.is_unchanged()) {
        notices.push(format!(
            "the next sweep or `apply` adds the configured grants again; to prevent that, remove them from \
             `[[access-role.grant]]`, {exclude}"
        ));
    }
    let withdrawn = opened.blueprint.withdrawn_from(&edit.role);
    let removed = remove_principals(restored, &opened.blueprint.revoked, &account.partition);
    let removed = removed.and_then(|left| remove_grants(&left, &withdrawn, &account.partition));
    if removed.is_ok_and(|left| left != *restored) {
        notices.push(format!(
            "the next sweep or `apply` removes the principals again that are revoked or whose grant has ended or is not for this account; to \
             prevent that, take them out of `[[access-role.revoke]]`, or change `until` or `targets`, {exclude}"
        ));
    }
    notices
}
