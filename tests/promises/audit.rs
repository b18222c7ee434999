//! The audit says for every account and requirement what is known: from the records of earlier runs, or live. It writes nothing and
//! shows no secret.

use onboarding_core::account::AccountState;
use onboarding_core::audit::{Audit, AuditedAccount, audit_csv, audit_html, audit_json, audit_lines};
use onboarding_core::error::ErrorKind;
use onboarding_core::last_result::Requirement;
use onboarding_core::lines::plain;
use onboarding_core::selection::Selection;
use onboarding_engine::ports::{ManageAccounts, World};
use onboarding_engine::{Engine, SelectedPages, all_records, select_accounts, unit_paths};
use onboarding_simulation::{Faulty, Injection, RoleState, Script};

use crate::common::{
    ACCESS, CONFIG, NEW, OLD, OWN_ROLE, SECURITY_ID, Scenario, TRELICA_ID, TRELICA_ROLE, engine, id, name, run,
    scripted_engine, sweep_config,
};

const FOREIGN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::377450845233:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"0ther-s3cret"}}}]}"#;

async fn audits<W: World + ManageAccounts>(engine: &Engine<W>) -> (Audit, Audit) {
    let world = &engine.world;
    let selected = select_accounts(world, &Selection::all(), &engine.config.excluded).await.unwrap();
    let units = unit_paths(world, &selected.accounts).await.unwrap();
    let selection = Selection::all();
    let pages = SelectedPages::new(world, &selection, &engine.config.excluded);
    let mut live = engine.audit_live(pages, "audit", 4, |_| ()).await.unwrap();
    live.set_units(&units);
    (engine.audit_records(&selection, selected, &units).await.unwrap(), live)
}

fn account<'a>(audit: &'a Audit, account: &str) -> &'a AuditedAccount {
    audit.accounts.iter().find(|one| one.id == id(account)).expect("the account")
}

/// The status of the account and of each requirement, in the order of the configuration.
fn statuses(audit: &Audit, of: &str) -> String {
    let account = account(audit, of);
    let all = account.requirements.iter().map(|one| one.status.as_str());
    format!("{}: {}", account.status.as_str(), all.collect::<Vec<_>>().join(", "))
}

/// An onboarded account, an established one that was never processed, and one that is suspended.
fn scenario() -> Scenario {
    let scenario = Scenario::new().with_onboarded_account().config(&sweep_config());
    let organization = scenario.organization().clone();
    let suspended = organization.with_member(&id("777788889999"), "suspended", AccountState::Active, None);
    suspended.set_state(&id("777788889999"), AccountState::Suspended);
    scenario
}

#[test]
fn records_and_live_agree_and_nothing_is_written() {
    let scenario = scenario();
    let organization = scenario.organization();
    let records = organization.records();
    let (recorded, live) = run(audits(&engine(organization, CONFIG)));
    assert_eq!(statuses(&recorded, NEW), "converged: holds, holds, holds, holds");
    assert_eq!(statuses(&live, NEW), "converged: holds, holds, holds, holds");
    assert_eq!(statuses(&recorded, OLD), "never_seen: not_known, not_known, not_known, not_known");
    assert_eq!(statuses(&live, OLD), "drift: drift, missing, missing, missing");
    assert_eq!(account(&live, NEW).since(), account(&recorded, NEW).since(), "the record says since when");
    for audit in [&recorded, &live] {
        let skipped: Vec<_> = audit.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
        assert!(skipped.contains(&"suspended") && skipped.contains(&"management_account"), "{skipped:?}");
    }
    assert_eq!(organization.writes(), []);
    assert_eq!(organization.records(), records);
}

#[test]
fn live_audit_marks_what_differs_and_the_records_keep_what_they_had() {
    let scenario = scenario();
    let organization = scenario.organization();
    organization.set_trust(&id(NEW), &name(TRELICA_ROLE), FOREIGN);
    organization.delete_role(&id(NEW), &name(OWN_ROLE));
    let (recorded, live) = run(audits(&engine(organization, CONFIG)));
    assert_eq!(statuses(&recorded, NEW), "converged: holds, holds, holds, holds");
    assert_eq!(statuses(&live, NEW), "drift: holds, holds, drift, missing");
    let roles = &account(&live, NEW).roles;
    let role = |role: &str| roles.iter().find(|one| one.role == name(role)).expect("the role");
    assert!(role(ACCESS).exists && role(ACCESS).trust.iter().all(|line| line.starts_with(' ')), "{:?}", role(ACCESS));
    assert!(!role(OWN_ROLE).exists && role(OWN_ROLE).policies.iter().all(|line| line.starts_with(['+', ' '])));
    let trust = role(TRELICA_ROLE).trust.join("\n");
    assert!(trust.contains("\n- ") && trust.contains("\n+ ") && trust.contains("(external ID 1, hidden)"), "{trust}");
    assert!(account(&recorded, NEW).roles.is_empty());
}

#[test]
fn audit_shows_no_secret() {
    let scenario = scenario();
    scenario.organization().set_trust(&id(NEW), &name(TRELICA_ROLE), FOREIGN);
    let (recorded, live) = run(audits(&engine(scenario.organization(), CONFIG)));
    for audit in [recorded, live] {
        let json = audit_json(&audit).to_string();
        for text in [json, audit_csv(&audit), audit_html(&audit), plain(&audit_lines(&audit))] {
            for secret in [SECURITY_ID, TRELICA_ID, "0ther-s3cret"] {
                assert!(!text.contains(secret), "{secret}");
            }
        }
    }
}

#[test]
fn account_that_cannot_be_opened_is_blocked_and_the_others_are_read() {
    let scenario = scenario();
    let organization = scenario.organization();
    organization.put_role(&id(OLD), &name(ACCESS), RoleState::trusting(FOREIGN));
    let (_, live) = run(audits(&engine(organization, CONFIG)));
    assert_eq!(statuses(&live, OLD), "blocked: not_known, not_known, not_known, not_known");
    assert!(account(&live, OLD).cause.is_some() && account(&live, OLD).roles.is_empty());
    assert_eq!(statuses(&live, NEW), "converged: holds, holds, holds, holds");
}

/// A panic ends the look at its account only.
#[test]
fn account_for_which_the_program_fails_is_blocked_and_the_others_are_read() {
    for (panics, failed, other) in [(1, OLD, NEW), (2, NEW, OLD)] {
        let scenario = scenario();
        let mut assumed = 0..;
        let script = Script::intercepting(move |call, _| {
            assert!(call != "sts:AssumeRole" || assumed.next() != Some(panics), "a panic, on purpose");
            None
        });
        let (recorded, live) = run(audits(&scripted_engine(scenario.organization(), &script, CONFIG)));
        assert_eq!(live.accounts.len(), recorded.accounts.len());
        assert_eq!(statuses(&live, failed), "blocked: not_known, not_known, not_known, not_known");
        let cause = account(&live, failed).cause.clone().expect("a cause");
        assert_eq!(cause.code.as_str(), "unexpected_error");
        assert!(cause.message.starts_with("a bug in this program"), "{}", cause.message);
        assert!(!statuses(&live, other).contains("not_known"), "{}", statuses(&live, other));
    }
}

#[test]
fn account_that_cannot_be_read_is_not_known_to_hold_anything() {
    let scenario = scenario();
    let script = Script::during(0, usize::MAX, Injection::AccessDenied).only("sts:GetCallerIdentity");
    let (recorded, live) = run(audits(&scripted_engine(scenario.organization(), &script, CONFIG)));
    assert_eq!(statuses(&recorded, NEW), "converged: holds, holds, holds, holds");
    // In a new account, a denied call may succeed later.
    assert_eq!(statuses(&live, NEW), "waiting: not_known, not_known, not_known, not_known");
}

#[test]
fn account_that_another_configuration_was_applied_to_is_detected() {
    let scenario = scenario();
    let (recorded, _) = run(audits(&engine(scenario.organization(), &format!("{CONFIG}\n"))));
    assert_eq!((recorded.outdated(), account(&recorded, NEW).configuration.as_str()), (1, "different"));
}

#[test]
fn records_are_read_page_by_page_and_an_error_ends_the_audit() {
    let organization = Scenario::new().with_onboarded_account().organization().clone();
    let record = organization.record(NEW);
    for account in 500_000_000_000_u64..500_000_000_020 {
        organization.put_record(&account.to_string(), &record);
    }
    organization.put_record("sweep", &record);
    let records = run(all_records(&organization)).unwrap();
    assert_eq!(records.len(), 21, "and none for the sweep");
    let result = records[&id(NEW)].result.as_ref().unwrap();
    assert!(result.requirements.values().all(|status| *status == Requirement::Holds));

    let script = Script::during(1, usize::MAX, Injection::AccessDenied).only("dynamodb:Scan");
    let error = run(all_records(&Faulty::new(organization, &script))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
}
