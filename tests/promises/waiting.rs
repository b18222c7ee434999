//! What is not ready yet is waited for, by time and no longer than the deadline; what never will be is told.

use onboarding_core::code::Code;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::outcome::Outcome;
use onboarding_core::report::Report;
use onboarding_engine::ports::{AccountPage, Clock, Creation, Directory, Ports};
use onboarding_engine::{Engine, Job};
use onboarding_simulation::{AccountCreation, Control, FakeOrganization, RoleState};

use crate::common::*;

const HICCUPS: [&str; 5] =
    ["SubscriptionRequiredException", "OptInRequired", "InvalidClientTokenId", "AccessDenied", "UnauthorizedOperation"];

/// Onboards a newborn; gives the report and how many seconds it took.
fn newborn(newborn: AccountCreation) -> (FakeOrganization, Report, f64) {
    let organization = organization();
    born(&organization, newborn);
    let start = organization.now();
    let report = apply(&organization, NEW);
    let took = organization.now() - start;
    assert!(took < 900.0, "the deadline is never passed");
    (organization, report, took)
}

#[test]
fn the_access_role_comes_later() {
    for seconds in [1.0, 30.0, 120.0, 420.0] {
        let (organization, report, took) =
            newborn(AccountCreation { access_role_after: seconds, ..AccountCreation::default() });
        assert_eq!(report.outcome, Outcome::Converged);
        assert!(took >= seconds && took < seconds + 40.0, "{took}");
        assert_connected(&organization, NEW);
        let asked = organization.journal().iter().filter(|call| call.call == "sts:AssumeRole").count();
        assert!(asked as f64 <= 12.0 + took / 3.0, "asked {asked} times in {took} s");
    }
}

#[test]
fn the_access_role_never_comes() {
    let (organization, report, _) = newborn(AccountCreation { access_role_after: 1e6, ..AccountCreation::default() });
    assert_eq!(end(&report), "waiting access_role_not_ready");
    assert_eq!(organization.writes(), []);
    insta::assert_snapshot!(report.outcome, @"waiting (access_role_not_ready): account 444455556666 cannot be entered by `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/OrganizationAccountAccessRole; it passes by itself: the queue tries again, or run it again later");
}

#[test]
fn hiccups_pass() {
    let all = HICCUPS.map(|code| (code.to_owned(), 25.0)).to_vec();
    for hiccups in HICCUPS.map(|code| vec![(code.to_owned(), 90.0)]).into_iter().chain([all]) {
        let seconds: f64 = hiccups.iter().map(|(_, seconds)| seconds).sum();
        let (organization, report, took) =
            newborn(AccountCreation { hiccups: hiccups.clone(), ..AccountCreation::default() });
        assert_eq!(report.outcome, Outcome::Converged, "{hiccups:?}");
        assert!(took >= seconds, "{took}");
        assert_connected(&organization, NEW);
    }
}

#[test]
fn hiccups_that_do_not_pass_end_in_waiting() {
    for (code, expected) in HICCUPS.into_iter().zip([
        "waiting account_not_ready",
        "waiting account_not_ready",
        "waiting credentials_not_accepted",
        "waiting account_not_ready",
        "waiting account_not_ready",
    ]) {
        let (organization, report, _) =
            newborn(AccountCreation { hiccups: vec![(code.to_owned(), 1e6)], ..AccountCreation::default() });
        assert_eq!(end(&report), expected, "{code}");
        assert_eq!(organization.writes(), []);
    }
}

#[test]
fn an_old_account_is_not_waited_for() {
    let organization = organization();
    organization.delete_role(&id(OLD), &name(ACCESS));
    let start = organization.now();
    let report = apply(&organization, OLD);
    assert_eq!(end(&report), "blocked access_role_changed");
    assert_eq!(organization.now().to_bits(), start.to_bits());
    insta::assert_snapshot!(report.outcome, @"blocked (access_role_changed): account 333344445555 was created in this organization with an access role, and cannot be entered by `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole; as an administrator of the account, run `aws iam get-role --role-name OrganizationAccountAccessRole`: if it is there, let `arn:aws:iam::111122223333:root` assume it; if not, it was deleted or has another name: make it again, or configure that name");
}

#[test]
fn a_quarantine_is_waited_for_in_a_young_account_alone() {
    for (account, expected) in [(NEW, "waiting control_policy_denies"), (OLD, "blocked control_policy_denies")] {
        let organization = with_new_account();
        organization.deny(&id(account), Control::Service, "iam:*", "*");
        assert_eq!(end(&apply(&organization, account)), expected);
        organization.lift_denies(&id(account));
        assert_eq!(apply(&organization, account).outcome, Outcome::Converged);
    }
}

#[test]
fn a_principal_that_was_just_made_is_waited_for() {
    let config = CONFIG.replace("role/app-pipeline", "role/new-pipeline");
    let organization = with_new_account();
    organization.set_propagation(40.0);
    organization.put_role(&id(IDENTITY), &name("new-pipeline"), RoleState::trusting("{}"));
    let start = organization.now();
    let report = apply_with(&organization, NEW, &config);
    assert_eq!(report.outcome, Outcome::Converged);
    assert!(organization.now() - start >= 40.0);
    let writes = organization.writes();
    assert!(writes.iter().filter(|call| !call.ok).all(|call| call.call == "iam:CreateRole"));
    assert_eq!(writes.iter().filter(|call| call.ok).count(), report.changes.len(), "and nothing was made twice");
}

#[test]
fn a_wait_longer_than_a_session() {
    let config = CONFIG.replace("role/app-pipeline", "role/new-pipeline");
    let organization = with_new_account();
    organization.set_propagation(1000.0);
    organization.put_role(&id(IDENTITY), &name("new-pipeline"), RoleState::trusting("{}"));
    let deadline = organization.now() + 3600.0;
    let patient = Job { deadline, end: deadline + 120.0, ..errand(&organization, NEW) };
    assert_eq!(run(engine(&organization, &config).apply(&patient)).outcome, Outcome::Converged);
}

#[test]
fn the_second_access_role_is_used_when_the_first_is_not_there() {
    let access_role = Some(name("AWSControlTowerExecution"));
    let (organization, report, took) = newborn(AccountCreation { access_role, ..AccountCreation::default() });
    assert_eq!(report.outcome, Outcome::Converged);
    assert_eq!(report.access_role, Some(name("AWSControlTowerExecution")));
    assert!(took < 1.0 && can(&organization, IDENTITY, NEW, "AWSControlTowerExecution", None));
    assert!(organization.role_state(&id(NEW), &name(ACCESS)).is_none());
}

/// The register of accounts, which writes down when it was asked.
struct Timed(FakeOrganization, Arc<Mutex<Vec<f64>>>);

impl Directory for Timed {
    async fn accounts(&self, from: Option<String>) -> Result<AccountPage, ApiError> {
        self.0.accounts(from).await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Account>, ApiError> {
        self.0.account(id).await
    }

    async fn creation(&self, request: &str) -> Result<Creation, ApiError> {
        self.1.lock().unwrap().push(self.0.now());
        self.0.creation(request).await
    }
}

#[test]
fn a_creation_is_asked_about_once_a_second_at_most() {
    for (seconds, patience) in [(0.0, 900.0), (200.0, 900.0), (1e6, 300.0)] {
        let organization = organization();
        let newborn = AccountCreation { in_progress_seconds: seconds, ..AccountCreation::default() };
        let request = organization.create_account_as("payments-dev", newborn);
        let times = Arc::new(Mutex::new(Vec::new()));
        let directory = Timed(organization.clone(), Arc::clone(&times));
        let [sessions, secrets, claims, registrar, clock] = [(); 5].map(|()| organization.clone());
        let world = Ports { directory, sessions, secrets, claims, registrar, clock };
        let engine = Engine { world, config: config(CONFIG) };
        let deadline = organization.now() + patience;
        match run(engine.created(&request, deadline)) {
            Ok(account) => assert!(account == id(NEW) && seconds < patience),
            Err(Outcome::Waiting(cause)) => assert!(cause.code == Code::CreationInProgress && seconds > patience),
            Err(other) => panic!("{other}"),
        }
        assert!(organization.now() < deadline);
        let times = times.lock().unwrap();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 1.0), "{times:?}");
    }
}

/// Calls that hang are given up in time to answer, and what they may have done is told.
#[test]
fn calls_that_hang_are_given_up_when_the_time_is_over() {
    for latency in [7, 11, 20, 1000] {
        let organization = with_new_account();
        organization.set_latency(Duration::from_secs(latency));
        let start = organization.now();
        let short = Job { deadline: start + 30.0, end: start + 45.0, ..errand(&organization, NEW) };
        let report = run(engine(&organization, CONFIG).apply(&short));
        assert!(organization.now() <= start + 45.5, "{latency}: answered at {}", organization.now() - start);
        let made = organization.writes().len();
        let told = report.changes.iter().filter(|step| step.status.word() != "not_tried").count();
        assert!(made <= told, "{latency}: {made} writes were made and {told} are told");
        assert!(matches!(report.outcome, Outcome::Waiting(_)), "{latency}: {}", report.outcome);
        organization.set_latency(Duration::ZERO);
        assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged, "{latency}");
    }
}
