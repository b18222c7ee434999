//! Promise 9, for accounts that left: if the event about a departure was lost, the audit of the records names the account, and
//! `onboard apply` does what the event would have done.

use std::time::Duration;

use onboarding_core::audit::DepartedAccount;
use onboarding_core::mode::Mode;
use onboarding_core::report::{ChangeStatus, Report};
use onboarding_core::selection::{RequestedId, Scope, Selection};
use onboarding_engine::select_accounts;
use onboarding_simulation::{FakeOrganization, Injection, Script};

use crate::common::{IDENTITY, NEW, SECURITY_ROLE, Scenario, engine, id, job, run, scripted_engine};
use crate::registration::{connectors, edit_tenant, far_future, registration_config, unregistered};

const HOUR: Duration = Duration::from_secs(3600);

/// An account that was onboarded and registered, and that the organization no longer has.
fn lost() -> Scenario {
    let scenario = unregistered().apply().assert_registered().after(2 * HOUR);
    scenario.organization().remove_account(&id(NEW));
    scenario
}

/// The accounts that the audit of the records names as no longer in the organization.
fn audited(organization: &FakeOrganization, selection: &Selection) -> Vec<DepartedAccount> {
    let engine = engine(organization, &registration_config());
    let audit = async {
        let selected = select_accounts(&engine.world, selection, &engine.config.excluded).await.unwrap();
        engine.audit_records(selection, selected, &Default::default()).await.unwrap()
    };
    run(audit).departed
}

fn departed(organization: &FakeOrganization, mode: Mode) -> Option<Report> {
    let departed = run(engine(organization, &registration_config()).departed(&job(organization, NEW), mode))?;
    Some(departed.report)
}

#[test]
fn audit_names_the_account_until_it_was_processed() {
    let scenario = lost();
    let organization = scenario.organization();
    let [account] = audited(organization, &Selection::all()).try_into().unwrap();
    assert_eq!((account.id.as_str(), account.name.as_str(), account.registrations.len()), (NEW, "payments-dev", 1));
    assert!(account.roles.iter().any(|role| role.as_str() == SECURITY_ROLE));
    let accounts = vec![RequestedId { id: id(IDENTITY), place: None }];
    let part = Selection { scope: Scope::Named { units: Vec::new(), accounts }, tags: Vec::new() };
    assert_eq!(audited(organization, &part), [], "only the whole organization is compared");

    let plan = departed(organization, Mode::Plan).unwrap();
    let planned: Vec<_> = plan.changes.iter().map(|result| result.change.to_string()).collect();
    insta::assert_snapshot!(format!("{}\n{}", planned.join("\n"), plan.outcome), @"
    remove the registration 1 of the account with Trend Micro Cloud One Workload Security
    ignored (departed): account 444455556666 is no longer in the organization; run `onboard apply --account ID --records TABLE` to remove the registrations
    ");
    assert_eq!((connectors(organization).len(), audited(organization, &Selection::all()).len()), (1, 1));

    let done = departed(organization, Mode::Apply).unwrap();
    assert!(done.changes.iter().all(|result| result.status == ChangeStatus::Done), "{:?}", done.changes);
    assert_eq!(connectors(organization), []);
    let record = organization.record(NEW);
    assert!(record.registrations.is_empty() && record.expires_at.is_some() && record.lease.is_none(), "{record:?}");
    assert_eq!(audited(organization, &Selection::all()), []);
    let again = departed(organization, Mode::Apply).unwrap();
    assert!(again.changes.is_empty());
}

#[test]
fn live_account_and_account_without_a_record_are_left_alone() {
    let scenario = unregistered().apply().assert_registered().after(2 * HOUR);
    let organization = scenario.organization();
    assert!(departed(organization, Mode::Apply).is_none());
    assert_eq!(audited(organization, &Selection::all()), []);
    assert_eq!(connectors(organization).len(), 1);
    let organization = lost().organization().clone().without_records();
    assert!(departed(&organization, Mode::Apply).is_none());
    assert_eq!(connectors(&organization).len(), 1);
}

/// A registration that was removed in the vendor's console meanwhile is no longer named.
#[test]
fn registration_that_the_vendor_no_longer_shows_is_forgotten() {
    let scenario = lost();
    edit_tenant(scenario.organization(), |tenant| tenant.connectors.clear());
    let done = departed(scenario.organization(), Mode::Apply).unwrap();
    assert!(done.changes.is_empty());
    assert!(scenario.organization().record(NEW).registrations.is_empty());
}

/// No message brings this run back, unlike that of an event.
#[test]
fn vendor_that_does_not_answer_is_asked_again_by_the_same_command() {
    let scenario = lost();
    edit_tenant(scenario.organization(), |tenant| tenant.outage = Some((503, far_future())));
    let plan = departed(scenario.organization(), Mode::Plan).unwrap();
    assert!(plan.retry.is_some());
    assert_eq!(plan.cause.unwrap().remedy, "run the same command again");
}

/// Whichever call fails: the account stays named until the registration is gone, and the next run removes it.
#[test]
fn run_that_fails_at_any_call_is_repeated() {
    for injection in [Injection::Unavailable, Injection::Reset] {
        for index in 0..8 {
            let scenario = lost();
            let organization = scenario.organization();
            let script = Script::during(index, index + 1, injection);
            let engine = scripted_engine(organization, &script, &registration_config());
            run(engine.departed(&job(organization, NEW), Mode::Apply));
            let left = connectors(organization).len();
            assert!(audited(organization, &Selection::all()).len() >= left, "{injection:?} {index}");
            departed(organization, Mode::Apply);
            assert_eq!(connectors(organization), [], "{injection:?} {index}");
        }
    }
}
