//! The ledger of one run: every change, and what became of it.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::hands::Executor;
use super::within::{timed_out, within};
use crate::ports::{Clock, VendorApi, WriteIam};
use onboarding_core::error::ErrorKind;
use onboarding_core::observed::Observed;
use onboarding_core::outcome::{Cause, Outcome};
use onboarding_core::plan::{Approved, Change, Refusal};
use onboarding_core::report::{Status, Step};
use onboarding_core::role::RoleName;

/// Every change of a run in the order in which it was first tried.
#[derive(Default)]
pub(super) struct Ledger {
    steps: Vec<Step>,
    stuck: BTreeMap<RoleName, Cause>,
    /// Changes whose answer was lost.
    lost: Vec<Change>,
}

impl Ledger {
    /// Whether what is to be made is not what a person was shown: at first all of it, later nothing beyond it.
    ///
    /// A registration may be shown and not be open while its vendor is silent.
    pub(super) fn departs_from(&self, shown: &[Change], open: &[Change], observed: &Observed) -> bool {
        let known = shown.iter().filter(|change| !change.is_registration() || observed.knows(&change.role));
        if self.steps.is_empty() { !known.eq(open) } else { open.iter().any(|change| !shown.contains(change)) }
    }

    /// Whether anything was done, or tried.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Writes down what became of a change.
    fn record(&mut self, change: Change, status: Status) {
        match self.steps.iter_mut().find(|step| step.change == change) {
            Some(step) => step.status = status,
            None => self.steps.push(Step { change, status }),
        }
    }

    /// The changes that are still wanted, without those of roles that need a person.
    pub(super) fn open(&self, approved: &Approved) -> Vec<Change> {
        let open = approved.changes().iter().filter(|change| !self.stuck.contains_key(&change.role));
        open.cloned().collect()
    }

    /// What of the open changes has its turn: a vendor is told of a role when that role is as it should be.
    pub(super) fn in_turn(&self, open: Vec<Change>) -> Vec<Change> {
        let written = |role: &RoleName| open.iter().any(|change| change.role == *role && !change.is_registration());
        let waits = |change: &&Change| change.is_registration() && written(&change.role);
        let turn: Vec<_> = open.iter().filter(|change| !waits(change)).cloned().collect();
        self.not_done(turn)
    }

    /// Whether a role was written in this run.
    fn has_written(&self, role: &RoleName) -> bool {
        let wrote = |step: &Step| step.change.role == *role && !step.change.is_registration();
        self.steps.iter().any(|step| wrote(step) && step.status == Status::Done)
    }

    /// The changes that were not made in this run yet. One that was made and is wanted again is not read back yet.
    fn not_done(&self, changes: Vec<Change>) -> Vec<Change> {
        let done = |change: &Change| self.steps.iter().any(|s| s.status == Status::Done && s.change == *change);
        changes.into_iter().filter(|change| !done(change)).collect()
    }

    /// Says of the changes that failed or were not tried, and are wanted no longer, what became of them: one whose answer
    /// was lost was made after all; another was made by somebody else, or something else was made in its place.
    pub(super) fn settle(&mut self, approved: &Approved, observed: &Observed) {
        let refused = |change: &Change| {
            let about = |refusal: &Refusal| !refusal.of_registration || change.is_registration();
            approved.refusals().iter().any(|refusal| refusal.role == change.role && about(refusal))
        };
        // Of a vendor that is silent it is not known whether it was told.
        let silent = |change: &Change| change.is_registration() && !observed.knows(&change.role);
        for step in self.steps.iter_mut().filter(|step| step.status != Status::Done) {
            if !approved.changes().contains(&step.change) && !refused(&step.change) && !silent(&step.change) {
                let lost = self.lost.contains(&step.change);
                step.status = if lost { Status::Done } else { Status::Superseded };
            }
        }
    }

    /// Blocked, when a role needs a person.
    pub(super) fn stuck(&self) -> Option<Outcome> {
        self.stuck.values().next().cloned().map(Outcome::Blocked)
    }

    /// Makes changes: roles side by side, the changes of one role one after the other, since IAM refuses two writers of
    /// one role. Gives back what to wait for, if anything failed that may succeed later.
    pub(super) async fn perform<S: WriteIam, R: VendorApi>(
        &mut self,
        clock: &impl Clock,
        end: f64,
        hands: &Executor<'_, S, R>,
        changes: Vec<Change>,
        young: bool,
    ) -> Option<Outcome> {
        let mut roles: Vec<Vec<Change>> = Vec::new();
        for change in changes {
            match roles.iter_mut().find(|group| group.first().is_some_and(|first| first.role == change.role)) {
                Some(group) => group.push(change),
                None => roles.push(vec![change]),
            }
        }
        let mut wait = None;
        let groups = roles.into_iter().map(async |group| {
            let fresh = young || group.first().is_some_and(|first| self.has_written(&first.role));
            let mut tried = Tried::default();
            let done = within(clock, end, tried.perform_in_order(hands, group.clone(), young, fresh)).await;
            if done.is_none() {
                tried.cut_short(group);
            }
            tried
        });
        for Tried { steps, end, lost } in join_all(groups).await {
            let role = steps.first().map(|step| step.change.role.clone());
            for step in steps {
                self.record(step.change, step.status);
            }
            self.lost.extend(lost);
            match (end, role) {
                (Some(Outcome::Blocked(cause)), Some(role)) => {
                    self.stuck.insert(role, cause);
                }
                (Some(end), _) => wait = wait.or(Some(end)),
                (None, _) => {}
            }
        }
        wait
    }
}

/// What became of the changes of one role.
#[derive(Default)]
struct Tried {
    steps: Vec<Step>,
    end: Option<Outcome>,
    lost: Option<Change>,
}

impl Tried {
    async fn perform_in_order<S: WriteIam, R: VendorApi>(
        &mut self,
        hands: &Executor<'_, S, R>,
        changes: Vec<Change>,
        young: bool,
        fresh: bool,
    ) {
        for change in changes {
            let status = match &self.end {
                Some(_) => Status::NotTried,
                None => match hands.perform(&change).await {
                    Ok(()) => Status::Done,
                    Err(error) => {
                        let role = format!("role `{}`", change.role);
                        self.lost = (error.fault() == ErrorKind::Unavailable).then(|| change.clone());
                        let end = match change.is_registration() {
                            true => Outcome::from_vendor_error(&error, fresh),
                            false => Outcome::from_error(&error, young),
                        };
                        self.end = Some(end.about(&role));
                        Status::Failed(error.to_string())
                    }
                },
            };
            self.steps.push(Step { change, status });
        }
    }

    /// Time was over while one change was under way: its answer is lost, and those behind it were not tried.
    fn cut_short(&mut self, changes: Vec<Change>) {
        for change in changes.into_iter().skip(self.steps.len()) {
            let status = match &self.end {
                Some(_) => Status::NotTried,
                None => {
                    let end = timed_out();
                    let failed = Status::Failed(end.to_string());
                    (self.lost, self.end) = (Some(change.clone()), Some(end));
                    failed
                }
            };
            self.steps.push(Step { change, status });
        }
    }
}
