//! The steps of converging, which `Engine::converge` takes in turn: [`next_step`] decides what follows from a comparison and is
//! pure; executing, reading again and verifying carry it out.

use std::collections::BTreeSet;

use futures_util::future::join;
use onboarding_core::blueprint::Blueprint;
use onboarding_core::code::Code;
use onboarding_core::observed::Observed;
use onboarding_core::outcome::{Cause, Outcome, Stop};
use onboarding_core::plan::{Approved, Change, ConfirmedPlan, RecordedGrant, grants_to_record, proofs};

use crate::job::Engine;
use crate::ledger::Ledger;
use crate::open::OpenedAccount;
use crate::open_record::WritePermit;
use crate::ports::{World, WriteIam};
use crate::retry::{Backoff, timed_out, timeout_at};
use crate::run::{Run, refused, verified};
use crate::vendors::{Executor, Registrations};

/// What follows from a comparison.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NextStep {
    /// The changes are no longer those that a person confirmed.
    PlanChanged,
    /// Nothing is left to change.
    Verify,
    /// Everything was done, and is not visible yet.
    AwaitVisibility(Cause),
    /// These changes are next.
    Execute(Vec<Change>),
}

/// Decides what follows from a comparison. `confirmed` is the plan that a person saw, where one did.
pub(crate) fn next_step(
    ledger: &Ledger,
    approved: &Approved,
    observed: &Observed,
    confirmed: Option<&ConfirmedPlan>,
) -> NextStep {
    let open = ledger.remaining(approved);
    if confirmed.is_some_and(|confirmed| ledger.departs_from(confirmed, &open, observed)) {
        return NextStep::PlanChanged;
    }
    if let Some(ConfirmedPlan::Hashed(plan)) = confirmed
        && ledger.is_empty()
        && plan.is_refused_since(&open, approved.refusals())
    {
        return NextStep::PlanChanged;
    }
    if open.is_empty() {
        return NextStep::Verify;
    }
    let only_vendors = open.iter().all(Change::is_registration);
    let due = ledger.due(open);
    match (due.is_empty(), only_vendors) {
        (false, _) => NextStep::Execute(due),
        (true, true) => NextStep::AwaitVisibility(Cause::retried(
            Code::VendorNotReady,
            "the vendor does not show the registration yet",
        )),
        (true, false) => {
            NextStep::AwaitVisibility(Cause::retried(Code::NotPropagated, "IAM does not show the changes yet"))
        }
    }
}

impl<W: World<Session: WriteIam>> Engine<W> {
    /// Executes the changes that are due, or waits for those that are not visible yet.
    pub(crate) async fn execute(
        &self,
        step: NextStep,
        run: &mut Run<'_, W>,
        account: &OpenedAccount<W::Session>,
        observed: &Observed,
        permit: &WritePermit,
    ) -> Option<Stop> {
        match step {
            NextStep::Execute(changes) => {
                let Observed { access_role, access_role_id, .. } = observed;
                let ahead = run.record.write_ahead(&changes, access_role, access_role_id.as_ref(), None);
                let executor = Executor {
                    target: &account.target,
                    vendors: &self.world,
                    blueprint: &account.blueprint,
                    age: account.age,
                    ahead: ahead.as_ref(),
                };
                let stop = run.ledger.execute(permit, &self.world, run.job.abandon_at, &executor, changes).await;
                run.record.wrote_ahead(ahead);
                stop
            }
            NextStep::AwaitVisibility(cause) => Some(Stop::Wait(cause)),
            NextStep::PlanChanged | NextStep::Verify => None,
        }
    }

    /// Reads the account again, and asks the vendors where `known` does not say what they have registered.
    pub(crate) async fn observe_again(
        &self,
        run: &Run<'_, W>,
        account: &OpenedAccount<W::Session>,
        known: Option<Registrations>,
        backoff: &mut Backoff,
    ) -> Result<Observed, Stop> {
        let registrations = async {
            match known {
                Some(known) => known,
                None => self.registrations(&account.blueprint, &run.record.record().registrations).await,
            }
        };
        let observe = async {
            loop {
                let observed = account.target.observe(&account.blueprint).await;
                match observed.map_err(|error| Stop::from_error(&error, account.age)) {
                    Err(stop) if backoff.again(&self.world, &stop).await => {}
                    ended => return ended,
                }
            }
        };
        let both = timeout_at(&self.world, run.job.abandon_at, join(observe, registrations)).await;
        let (observed, registrations) = both.ok_or_else(timed_out)?;
        Ok(Observed { registrations, ..observed? })
    }
}

/// What the vendors have registered, if it need not be asked again. It is asked while a registration is open, because another
/// run may have made it meanwhile, and before the account is verified.
pub(crate) fn known_registrations(ledger: &Ledger, approved: &Approved, observed: &Observed) -> Option<Registrations> {
    let remaining = ledger.remaining(approved);
    let is_settled = !remaining.is_empty() && !remaining.iter().any(Change::is_registration);
    is_settled.then(|| observed.registrations.clone())
}

/// Nothing is left to change: how does the run end? What needs attention comes before what passes with time.
pub(crate) fn verify<W: World>(
    run: &mut Run<'_, W>,
    account: &OpenedAccount<W::Session>,
    approved: &Approved,
    observed: &Observed,
) -> Result<Outcome, Stop> {
    run.findings.proofs = proofs(&account.blueprint, observed);
    run.note_vendor_reads(&account.blueprint, observed);
    run.ledger.settle(approved, observed);
    run.note_removed(&account.blueprint, observed);
    if let Ok(trust) = &observed.access_trust {
        run.record.read_trust(trust);
    }
    if let Some(grants) = grants_found(run, &account.blueprint, observed) {
        run.findings.grants = Some(grants);
    }
    let stop = run.ledger.blocked().or_else(|| account.not_readable_yet(observed));
    let stop = stop.or_else(|| refused(&run.findings.refusals)).or_else(|| account.incomplete(observed));
    stop.map_or_else(|| Ok(verified(&run.findings)), Err)
}

/// The grants on the access role to record; `None` if its trust policy could not be read.
pub(crate) fn grants_found<W: World>(
    run: &Run<'_, W>,
    blueprint: &Blueprint,
    observed: &Observed,
) -> Option<BTreeSet<RecordedGrant>> {
    let trust = observed.access_trust.as_ref().ok()?;
    let configured = blueprint.grants_on(&observed.access_role);
    let recorded = run.record.record().grants;
    Some(grants_to_record(&recorded, &configured, trust, &blueprint.account.partition))
}

pub(crate) fn plan_changed() -> Stop {
    Stop::blocked(
        Code::PlanChanged,
        "the account has changed since the plan was shown",
        "run again and review the new plan before you apply it",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use onboarding_core::blueprint::SecretValues;
    use onboarding_core::caller_identity::Callers;
    use onboarding_core::config::Config;
    use onboarding_core::plan::{RoleHistory, diff, guard};
    use onboarding_core::policy::Document;

    use super::*;

    const FRESH: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#;

    fn blueprint() -> Blueprint {
        let config = Config::parse_without_files("[[access-role.grant]]\nprincipal = \"222233334444\"\n").unwrap();
        let account = onboarding_core::account::Account {
            id: "444455556666".parse().unwrap(),
            name: "payments-dev".into(),
            state: onboarding_core::account::AccountState::Active,
            joined_at: None,
            joined: onboarding_core::account::JoinMethod::Created,
            management: "111122223333".parse().unwrap(),
            partition: "aws".parse().unwrap(),
            ou_path: None,
        };
        Blueprint::new(&config, &account, &SecretValues::default()).unwrap().0
    }

    fn fresh() -> Observed {
        Observed {
            access_role: "OrganizationAccountAccessRole".parse().unwrap(),
            access_trust: Ok(Document::parse(FRESH).unwrap()),
            access_role_id: None,
            roles: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            instance_profiles: BTreeMap::new(),
            registrations: BTreeMap::new(),
        }
    }

    fn approved(observed: &Observed) -> Approved {
        let blueprint = blueprint();
        let plan = diff(&blueprint, observed, &RoleHistory::default(), std::time::UNIX_EPOCH);
        guard(plan, &blueprint, observed, &Callers::default())
    }

    #[test]
    fn open_changes_are_executed() {
        let observed = fresh();
        let approved = approved(&observed);
        let step = next_step(&Ledger::default(), &approved, &observed, None);
        assert_eq!(step, NextStep::Execute(approved.changes().to_vec()));
    }

    #[test]
    fn account_without_open_changes_is_verified() {
        let mut observed = fresh();
        let step = approved(&observed).changes().first().cloned().unwrap();
        let onboarding_core::plan::Action::UpdateTrust { after, .. } = step.action else { panic!("a trust edit") };
        observed.access_trust = Ok(after);
        assert_eq!(next_step(&Ledger::default(), &approved(&observed), &observed, None), NextStep::Verify);
    }

    #[test]
    fn plan_that_was_not_confirmed_is_not_executed() {
        let observed = fresh();
        let step =
            next_step(&Ledger::default(), &approved(&observed), &observed, Some(&ConfirmedPlan::Exact(Vec::new())));
        assert_eq!(step, NextStep::PlanChanged);
    }

    #[test]
    fn executed_change_that_is_not_visible_is_awaited_and_not_repeated() {
        let observed = fresh();
        let approved = approved(&observed);
        let ledger = Ledger::executed(approved.changes());
        let step = next_step(&ledger, &approved, &observed, None);
        assert!(matches!(step, NextStep::AwaitVisibility(cause) if cause.code == Code::NotPropagated));
    }
}
