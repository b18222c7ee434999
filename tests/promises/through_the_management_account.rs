//! A function that runs outside the management account acts through a role of it, and through no other.

use std::time::Duration;

use onboarding_core::outcome::Outcome;
use onboarding_core::policy::Caller;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{AccountCreation, FakeOrganization, PolicyText, RoleState};

use crate::common::{
    ACCESS, CONFIG, IDENTITY, MANAGEMENT, NEW, OLD, Scenario, assert_onboarded, create_account, engine, id, job, name,
    organization, run,
};
use crate::lambda::{Lambda, account_created};

const HOP: &str = "account-onboarding-management";
const EXTERNAL_ID: &str = "3e7ac2f0-hop-example";
const EXTERNAL_ID_PARAMETER: &str = "/account-onboarding/management/external-id";
const FUNCTION: &str = "arn:aws:iam::222233334444:role/account-onboarding";

fn config() -> String {
    format!(
        "{CONFIG}\n[management]\nrole-arn = \"arn:aws:iam::{MANAGEMENT}:role/{HOP}\"\n\
         external-id = {{ ssm-parameter = \"{EXTERNAL_ID_PARAMETER}\" }}\n"
    )
}

/// The role of management.yaml, which trusts a role with an external ID.
fn hop(trusted: &str, external_id: &str) -> RoleState {
    let mut role = RoleState::trusting(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{trusted}"}},"Action":"sts:AssumeRole",
        "Condition":{{"StringEquals":{{"sts:ExternalId":"{external_id}"}}}}}}]}}"#
    ));
    let may = format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Effect":"Allow","Action":["organizations:DescribeAccount","organizations:ListAccounts"],"Resource":"*"}},
        {{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/{ACCESS}"}}]}}"#
    );
    role.policies.insert("hop".to_owned(), PolicyText(may));
    role
}

/// The function is in the identity account, and the role of the management account is as given.
fn world(role: Option<RoleState>) -> FakeOrganization {
    let organization = organization().with_parameter(EXTERNAL_ID_PARAMETER, EXTERNAL_ID);
    if let Some(role) = role {
        organization.put_role(&id(MANAGEMENT), &name(HOP), role);
    }
    organization.with_function_in(&id(IDENTITY))
}

fn scenario(role: Option<RoleState>) -> Scenario {
    Scenario::in_organization(world(role)).config(&config())
}

fn assumed(organization: &FakeOrganization) -> usize {
    organization.journal().iter().filter(|call| call.role == Some(name(HOP))).count()
}

#[test]
fn accounts_are_onboarded_through_the_role() {
    let scenario = scenario(Some(hop(FUNCTION, EXTERNAL_ID))).apply();
    assert_eq!(*scenario.outcome(), Outcome::Converged);
    assert_eq!(assumed(scenario.organization()), 1, "one session serves all calls");
}

#[test]
fn without_the_role_nothing_is_called_in_an_account() {
    let strangers = [
        None,
        Some(hop("arn:aws:iam::222233334444:role/another", EXTERNAL_ID)),
        Some(hop(FUNCTION, "another-external-id")),
    ];
    for role in strangers {
        let scenario = scenario(role).apply();
        assert_eq!(scenario.outcome_code(), "blocked management_role_denied");
        assert!(scenario.organization().writes().is_empty());
        assert!(scenario.organization().assume_role_requests().is_empty());
    }
}

#[test]
fn function_outside_the_management_account_needs_the_role() {
    let scenario = Scenario::in_organization(world(None)).apply();
    assert_eq!(scenario.outcome_code(), "blocked own_permission_missing");
}

#[test]
fn role_is_not_assumed_in_the_management_account() {
    let scenario = Scenario::in_organization(organization()).config(&config()).apply();
    assert_eq!(*scenario.outcome(), Outcome::Converged);
    assert_eq!(assumed(scenario.organization()), 0);
}

/// A chained session lasts one hour, and an engine may be used for longer.
#[test]
fn session_is_renewed_before_it_ends() {
    let organization = world(Some(hop(FUNCTION, EXTERNAL_ID)));
    let engine = engine(&organization, &config());
    let mut sessions = Vec::new();
    for _ in 0..4 {
        let report = run(engine.apply(&job(&organization, OLD)));
        assert_eq!(report.outcome, Outcome::Converged);
        sessions.push(assumed(&organization));
        run(organization.sleep(Duration::from_secs(1_700)));
    }
    assert_eq!(sessions, [1, 1, 2, 2]);
}

#[test]
fn event_of_a_new_account_is_processed_by_a_fresh_function() {
    let organization = world(Some(hop(FUNCTION, EXTERNAL_ID)));
    create_account(&organization, AccountCreation::default());
    let function = Lambda::new(&organization, &config());
    function.deliver(&account_created(&id(NEW)), Duration::from_secs(3_600));
    function.assert_all_processed("the event");
    assert_onboarded(&organization, NEW);
    let denied =
        organization.journal().iter().filter(|call| !call.ok && call.call.starts_with("organizations:")).count();
    assert!(denied <= 1, "only the first look, which does not know the role yet, is denied");
}

/// The role keeps its access to the access roles, also if a person applies the configuration who needs it not.
#[test]
fn management_role_is_not_revoked() {
    let (own, admin) =
        (format!("arn:aws:iam::{MANAGEMENT}:role/{HOP}"), format!("arn:aws:iam::{MANAGEMENT}:role/admin"));
    let both = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":["{own}","{admin}"]}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let revoking = |principal: &str| format!("{}\n[[access-role.revoke]]\nprincipal = \"{principal}\"\n", config());
    let world = || world(Some(hop(FUNCTION, EXTERNAL_ID))).with_identity(&admin);
    let by_admin = Caller { account: id(MANAGEMENT), arn: Some(admin.clone()) };
    for organization in [world(), world().as_caller(by_admin.clone())] {
        let scenario = Scenario::in_organization(organization).with_trust_policy(ACCESS, &both).config(&revoking(&own));
        let before = scenario.role(ACCESS);
        let scenario = scenario.apply().assert_outcome("blocked configuration").assert_role_untouched(ACCESS, &before);
        let message = &scenario.report().cause.as_ref().expect("a cause").message;
        assert!(message.contains(&format!("as `{own}`, assumes role")), "{message}");
    }
    let trusted = |organization| Scenario::in_organization(organization).with_trust_policy(ACCESS, &both);
    let scenario = trusted(world()).config(&revoking(&admin)).apply().assert_outcome("converged");
    assert!(!scenario.role(ACCESS).trust.0.contains(&admin));
    // The person would lose the access, and could repair nothing afterwards.
    let scenario = trusted(world().as_caller(by_admin)).config(&revoking(&admin)).apply();
    scenario.assert_outcome("blocked configuration");
}
