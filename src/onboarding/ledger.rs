//! The ledger of one run: every change, and what became of it.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::target::TargetAccount;
use crate::outcome::{Cause, Outcome};
use crate::plan::{Approved, Change};
use crate::ports::WriteIam;
use crate::report::{Status, Step};
use crate::role::RoleName;

/// Every change of a run in the order in which it was first tried.
#[derive(Default)]
pub(super) struct Ledger {
    steps: Vec<Step>,
    stuck: BTreeMap<RoleName, Cause>,
}

impl Ledger {
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Writes down what became of a change.
    pub(super) fn record(&mut self, change: Change, status: Status) {
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

    /// The changes that were not made in this run yet. One that was made and is wanted again is not read back yet.
    pub(super) fn not_done(&self, changes: Vec<Change>) -> Vec<Change> {
        let done = |change: &Change| self.steps.iter().any(|s| s.status == Status::Done && s.change == *change);
        changes.into_iter().filter(|change| !done(change)).collect()
    }

    /// A change that failed and is wanted no longer was made after all: its answer was lost.
    pub(super) fn settle(&mut self, approved: &Approved) {
        let refused = |role: &RoleName| approved.refusals().iter().any(|refusal| refusal.role == *role);
        for step in self.steps.iter_mut().filter(|step| step.status != Status::Done) {
            if !approved.changes().contains(&step.change) && !refused(&step.change.role) {
                step.status = Status::Done;
            }
        }
    }

    /// Blocked, when a role needs a person.
    pub(super) fn stuck(&self) -> Option<Outcome> {
        self.stuck.values().next().cloned().map(Outcome::Blocked)
    }

    /// Makes changes: roles side by side, the changes of one role one after the other, since IAM refuses two writers of
    /// one role. Gives back what to wait for, if anything failed that may succeed later.
    pub(super) async fn perform<S: WriteIam>(
        &mut self,
        target: &TargetAccount<S>,
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
        for (steps, end) in join_all(roles.into_iter().map(|group| perform_in_order(target, group, young))).await {
            let role = steps.first().map(|step| step.change.role.clone());
            for step in steps {
                self.record(step.change, step.status);
            }
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

async fn perform_in_order<S: WriteIam>(
    target: &TargetAccount<S>,
    changes: Vec<Change>,
    young: bool,
) -> (Vec<Step>, Option<Outcome>) {
    let mut steps = Vec::new();
    let mut end = None;
    for change in changes {
        let status = match &end {
            Some(_) => Status::NotTried,
            None => match target.perform(&change).await {
                Ok(()) => Status::Done,
                Err(error) => {
                    let role = format!("role `{}`", change.role);
                    end = Some(Outcome::of_error(&error, young).about(&role));
                    Status::Failed(error.to_string())
                }
            },
        };
        steps.push(Step { change, status });
    }
    (steps, end)
}
