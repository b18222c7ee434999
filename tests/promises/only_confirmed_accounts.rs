//! Promise 6: no write happens in an account whose id was not confirmed, in the management account, in an account that is not
//! active, or outside the organization.

use onboarding_core::account::AccountState;
use onboarding_core::code::Code;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::Report;
use onboarding_simulation::{AccountCreation, FakeOrganization};

use crate::common::*;

/// Plans and applies, asserts that no role was assumed and nothing was written, and returns the outcome code.
fn outcome_without_access(organization: &FakeOrganization, account: &str) -> String {
    let before = organization.state();
    let plan = plan(organization, account);
    let report = apply(organization, account);
    assert_eq!(outcome_code(&plan), outcome_code(&report));
    assert_eq!(organization.writes(), []);
    assert!(organization.journal().iter().all(|call| call.account == id(MANAGEMENT)), "no member account was called");
    assert_eq!(organization.state(), before);
    assert_eq!(report.calls.writes, 0);
    outcome_code(&report)
}

#[test]
fn inactive_account_is_not_accessed() {
    let unknown = AccountState::Unknown("HIBERNATING".into());
    for (state, expected) in [
        (AccountState::PendingActivation, "waiting pending_activation"),
        (AccountState::Suspended, "blocked account_not_active"),
        (AccountState::PendingClosure, "blocked account_not_active"),
        (AccountState::Closed, "blocked account_not_active"),
        (unknown, "blocked account_not_active"),
    ] {
        let organization = organization();
        organization.set_state(&id(OLD), state.clone());
        assert_eq!(outcome_without_access(&organization, OLD), expected, "{state}");
    }
}

#[test]
fn management_account_is_not_accessed() {
    assert_eq!(outcome_without_access(&organization(), MANAGEMENT), "ignored management_account");
}

#[test]
fn account_outside_the_organization_is_not_accessed() {
    for account in ["123456789012", TRELICA, "000000000000"] {
        assert_eq!(outcome_without_access(&organization(), account), "blocked not_a_member");
    }
}

#[test]
fn excluded_account_is_not_accessed() {
    let member = organization().with_member(&id("999988887777"), "excluded", AccountState::Active, None);
    assert_eq!(outcome_without_access(&member, "999988887777"), "ignored excluded");
    assert!(member.journal().iter().all(|call| call.call == "ssm:GetParameter"), "the account is not even described");
}

/// Applies while the sessions whose policy names a role are opened in another account.
fn apply_with_misdirected_sessions(organization: &FakeOrganization, role: &str, config_text: &str) -> Report {
    organization.misdirect_sessions(role, &id(NEW), &id(OLD));
    apply_with(organization, NEW, config_text)
}

#[test]
fn session_in_another_account_writes_nothing() {
    let organization = with_new_account();
    let before = organization.state();
    let report = apply_with_misdirected_sessions(&organization, ACCESS, CONFIG);
    assert_eq!(outcome_code(&report), "blocked wrong_account");
    insta::assert_snapshot!(report.outcome, @"blocked (wrong_account): the session for account 444455556666 is in account 333344445555; nothing was changed; check the endpoint and the access role's name");
    assert_eq!(organization.writes(), []);
    assert_eq!(organization.state(), before);
}

#[test]
fn one_of_several_sessions_in_another_account_writes_nothing() {
    let organization = with_new_account();
    let before = organization.state();
    let report = apply_with_misdirected_sessions(&organization, "role-29", &many_roles(30));
    assert!(organization.assume_role_requests().len() > 2);
    assert_eq!(outcome_code(&report), "blocked wrong_account");
    assert_eq!(organization.writes(), []);
    assert_eq!(organization.state(), before);
}

#[test]
fn failed_or_unknown_creation_is_not_onboarded() {
    let organization = organization();
    let failure = Some("EMAIL_ALREADY_EXISTS".to_owned());
    let request =
        organization.create_account_with("payments-dev", AccountCreation { failure, ..AccountCreation::default() });
    let engine = engine(&organization, CONFIG);
    let deadline = job(&organization, NEW).deadline;
    let failed = run(engine.created(&request, deadline)).unwrap_err();
    assert!(matches!(&failed, Outcome::Ignored(cause) if cause.code == Code::CreationFailed));
    assert!(failed.to_string().contains("EMAIL_ALREADY_EXISTS"));
    let unknown = run(engine.created("car-00000000", deadline)).unwrap_err();
    assert!(matches!(&unknown, Outcome::Blocked(cause) if cause.code == Code::UnknownRequest));
    assert_eq!(organization.writes(), []);
}
