//! Promise 6: no write in an account whose id was not confirmed; none in the management account, in an account that is
//! not active, or outside of the organization.

use onboarding_core::account::AccountState;
use onboarding_core::code::Code;
use onboarding_core::error::ApiError;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::Report;
use onboarding_engine::Engine;
use onboarding_engine::ports::{AssumeRoleRequest, Sessions};
use onboarding_simulation::{AccountCreation, FakeOrganization, Session};

use crate::common::*;

/// Applies and plans, and holds that nothing was written and no account was entered.
fn refused(organization: &FakeOrganization, account: &str) -> String {
    let before = organization.state();
    let plan = plan(organization, account);
    let report = apply(organization, account);
    assert_eq!(end(&plan), end(&report));
    assert_eq!(organization.writes(), []);
    assert!(organization.journal().iter().all(|call| call.account == id(MANAGEMENT)), "no account was called");
    assert_eq!(organization.state(), before);
    assert_eq!(report.calls.writes, 0);
    end(&report)
}

#[test]
fn an_account_that_is_not_active_is_not_entered() {
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
        assert_eq!(refused(&organization, OLD), expected, "{state}");
    }
}

#[test]
fn the_management_account_is_not_entered() {
    assert_eq!(refused(&organization(), MANAGEMENT), "ignored management_account");
}

#[test]
fn a_stranger_is_not_entered() {
    for stranger in ["123456789012", TRELICA, "000000000000"] {
        assert_eq!(refused(&organization(), stranger), "blocked not_a_member");
    }
}

#[test]
fn an_excluded_account_is_not_entered() {
    let member = organization().with_member(&id("999988887777"), "left alone", AccountState::Active, None);
    assert_eq!(refused(&member, "999988887777"), "ignored excluded");
    assert!(member.journal().iter().all(|call| call.call == "ssm:GetParameter"), "not even asked about");
}

/// A way in that leads to another account, as a wrong endpoint would.
#[derive(Clone)]
struct Astray {
    organization: FakeOrganization,
    to: &'static str,
    /// Only sessions whose policy names this role go astray.
    role: &'static str,
}

impl Sessions for Astray {
    type Session = Session;

    async fn enter(&self, entry: &AssumeRoleRequest) -> Result<Session, ApiError> {
        let mut entry = entry.clone();
        if entry.policy.contains(self.role) {
            entry.role_arn = entry.role_arn.replace(NEW, self.to);
            entry.policy = entry.policy.replace(NEW, self.to);
        }
        self.organization.enter(&entry).await
    }
}

fn astray(organization: &FakeOrganization, role: &'static str, config_text: &str) -> Report {
    let sessions = Astray { organization: organization.clone(), to: OLD, role };
    let engine = Engine { world: with_sessions(organization, sessions), config: config(config_text) };
    run(engine.apply(&errand(organization, NEW)))
}

#[test]
fn a_session_in_another_account_writes_nothing() {
    let organization = with_new_account();
    let before = organization.state();
    let report = astray(&organization, ACCESS, CONFIG);
    assert_eq!(end(&report), "blocked wrong_account");
    insta::assert_snapshot!(report.outcome, @"blocked (wrong_account): the session for account 444455556666 is in account 333344445555; nothing was done; check the endpoint and the access role's name");
    assert_eq!(organization.writes(), []);
    assert_eq!(organization.state(), before);
}

#[test]
fn one_session_of_several_in_another_account_writes_nothing() {
    let organization = with_new_account();
    let before = organization.state();
    let report = astray(&organization, "role-29", &many_roles(30));
    assert!(organization.entries().len() > 2);
    assert_eq!(end(&report), "blocked wrong_account");
    assert_eq!(organization.writes(), []);
    assert_eq!(organization.state(), before);
}

#[test]
fn a_creation_that_failed_is_no_account() {
    let organization = organization();
    let fails = Some("EMAIL_ALREADY_EXISTS".to_owned());
    let request =
        organization.create_account_as("payments-dev", AccountCreation { fails, ..AccountCreation::default() });
    let engine = engine(&organization, CONFIG);
    let deadline = errand(&organization, NEW).deadline;
    let end = run(engine.created(&request, deadline)).unwrap_err();
    assert!(matches!(&end, Outcome::Ignored(cause) if cause.code == Code::CreationFailed));
    assert!(end.to_string().contains("EMAIL_ALREADY_EXISTS"));
    let unknown = run(engine.created("car-00000000", deadline)).unwrap_err();
    assert!(matches!(&unknown, Outcome::Blocked(cause) if cause.code == Code::UnknownRequest));
    assert_eq!(organization.writes(), []);
}
