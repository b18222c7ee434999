//! Promise 6: no write happens in an account whose id was not confirmed, in the management account, in an account that is not
//! active, or outside the organization.

use onboarding_core::account::AccountState;
use onboarding_core::code::Code;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::Report;
use onboarding_simulation::AccountCreation;

use crate::common::{
    ACCESS, CONFIG, MANAGEMENT, NEW, OLD, Scenario, TRELICA, engine, id, job, many_roles, organization, outcome_code,
    run,
};

impl Scenario {
    /// Plans and applies, and asserts that both have this outcome, that no role was assumed and that nothing was written.
    fn assert_not_accessed(self, expected: &str) -> Self {
        let before = self.organization().state();
        let scenario = self.plan().assert_outcome(expected).apply().assert_outcome(expected);
        assert_eq!(scenario.writes(), []);
        let journal = scenario.organization().journal();
        assert!(journal.iter().all(|call| call.account == id(MANAGEMENT)), "no member account was called");
        assert_eq!(scenario.organization().state(), before);
        assert_eq!(scenario.report().calls.writes, 0);
        scenario
    }
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
        Scenario::new().with_account_state(state).assert_not_accessed(expected);
    }
}

#[test]
fn management_account_is_not_accessed() {
    Scenario::new().for_account(MANAGEMENT).assert_not_accessed("ignored management_account");
}

#[test]
fn account_outside_the_organization_is_not_accessed() {
    for account in ["123456789012", TRELICA, "000000000000"] {
        Scenario::new().for_account(account).assert_not_accessed("blocked not_a_member");
    }
}

#[test]
fn excluded_account_is_not_accessed() {
    let member = organization().with_member(&id("999988887777"), "excluded", AccountState::Active, None);
    let scenario =
        Scenario::in_organization(member).for_account("999988887777").assert_not_accessed("ignored excluded");
    let journal = scenario.organization().journal();
    assert!(journal.iter().all(|call| call.call == "ssm:GetParameters"), "the account is not even described");
}

#[test]
fn account_of_an_excluded_unit_is_not_accessed() {
    let config = CONFIG.replace("999988887777", "ou-ab12-cdef3456");
    for (unit, expected) in [
        (Some("ou-ab12-cdef3456"), "ignored excluded"),
        (Some("ou-ab12-cdef3456/ou-ab12-00000001"), "ignored excluded"),
        // Without the path of the account, it is not known, so that nothing is changed.
        (None, "waiting not_propagated"),
        (Some("ou-ab12-00000001"), "converged converged"),
    ] {
        let scenario = Scenario::new().with_new_account();
        let organization = scenario.organization();
        if let Some(unit) = unit {
            organization.set_ou_path(&id(NEW), &format!("o-exampleorg1/r-ab12/{unit}/{NEW}/"));
        }
        let before = organization.state();
        let report = run(engine(organization, &config).apply(&scenario.job()));
        let is_converged = expected.starts_with("converged");
        assert_eq!(outcome_code(&report), expected.trim_end_matches(" converged"), "{unit:?}");
        let accessed = organization.journal().iter().any(|call| call.account != id(MANAGEMENT));
        assert_eq!((accessed, organization.state() != before), (is_converged, is_converged), "{unit:?}");
    }
}

/// Applies a configuration to the new account. Sessions whose policy names `role` are opened in the established account.
fn apply_with_misdirected_sessions(scenario: &Scenario, role: &str, config_text: &str) -> Report {
    let organization = scenario.organization();
    organization.misdirect_sessions(role, &id(NEW), &id(OLD));
    run(engine(organization, config_text).apply(&scenario.job()))
}

#[test]
fn session_in_another_account_writes_nothing() {
    let scenario = Scenario::new().with_new_account();
    let before = scenario.organization().state();
    let report = apply_with_misdirected_sessions(&scenario, ACCESS, CONFIG);
    assert_eq!(outcome_code(&report), "blocked wrong_account");
    insta::assert_snapshot!(report.outcome, @"blocked (wrong_account): the session for account 444455556666 is in account 333344445555; nothing was changed; check the endpoint and the access role's name");
    assert_eq!(scenario.writes(), []);
    assert_eq!(scenario.organization().state(), before);
}

#[test]
fn one_of_several_sessions_in_another_account_writes_nothing() {
    let scenario = Scenario::new().with_new_account();
    let before = scenario.organization().state();
    let report = apply_with_misdirected_sessions(&scenario, "role-29", &many_roles(30));
    assert!(scenario.organization().assume_role_requests().len() > 2);
    assert_eq!(outcome_code(&report), "blocked wrong_account");
    assert_eq!(scenario.writes(), []);
    assert_eq!(scenario.organization().state(), before);
}

#[test]
fn failed_or_unknown_creation_is_not_onboarded() {
    let organization = organization();
    let failure = Some("EMAIL_ALREADY_EXISTS".to_owned());
    let request =
        organization.create_account_with("payments-dev", AccountCreation { failure, ..AccountCreation::default() });
    let engine = engine(&organization, CONFIG);
    let deadline = job(&organization, NEW).deadline;
    let failed = run(engine.wait_for_creation(&request, deadline)).unwrap_err();
    assert!(matches!(&failed, Outcome::Ignored(cause) if cause.code == Code::CreationFailed));
    assert!(failed.to_string().contains("EMAIL_ALREADY_EXISTS"));
    let unknown = run(engine.wait_for_creation("car-00000000", deadline)).unwrap_err();
    assert!(matches!(&unknown, Outcome::Blocked(cause) if cause.code == Code::UnknownRequest));
    assert_eq!(organization.writes(), []);
}
