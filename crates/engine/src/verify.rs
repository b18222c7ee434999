//! `verify`: the same look into an account as a plan, and the state that was found, which contains more than a
//! report. Nothing is written, in the account or elsewhere: the sessions cannot, and the record is not saved.

use std::collections::BTreeMap;

use onboarding_core::blueprint::Blueprint;
use onboarding_core::last_result::Requirement;
use onboarding_core::mode::Mode;
use onboarding_core::observed::Observed;
use onboarding_core::outcome::Outcome;
use onboarding_core::record::Record;
use onboarding_core::report::Report;

use crate::first_look::FirstLook;
use crate::job::{Engine, Job};
use crate::ports::World;
use crate::run::{Processed, Run};

/// A report, and the state that it is about.
pub struct Verified {
    /// The report of a plan.
    pub report: Report,
    /// The blueprint and the observed state; `None` if the account could not be opened.
    pub state: Option<(Blueprint, Observed)>,
    /// The status of each requirement, by the keys of a [`LastResult`](onboarding_core::last_result::LastResult).
    pub requirements: BTreeMap<String, Requirement>,
    /// The record as earlier runs left it; empty without a table.
    pub record: Record,
}

impl<W: World> Engine<W> {
    /// Compares an account with its blueprint, as a plan does.
    pub async fn verify(&self, job: &Job) -> Verified {
        self.verify_after(job, FirstLook::default()).await
    }

    /// The same. `first_look` is what was read before.
    pub(crate) async fn verify_after(&self, job: &Job, first_look: FirstLook) -> Verified {
        let mut run = Run::new(job, Mode::Plan, &self.world, first_look);
        let (outcome, state) = match self.open_to_compare(&mut run).await {
            Err(stop) => (Err(stop), None),
            Ok(account) => {
                let outcome = self.compare(&mut run, &account).await;
                (outcome, Some((account.blueprint, account.observed)))
            }
        };
        let Processed { report, record } = run.into_processed(outcome.unwrap_or_else(Outcome::from), &self.config);
        Verified { report, state, requirements: record.requirements().clone(), record: record.record() }
    }
}
