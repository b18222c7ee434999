//! A function that runs outside the management account acts through a role of it, and through no other.

use std::time::Duration;

use account_onboarding::lambda::{ConfigLocation, Function};
use lambda_runtime::{Context, LambdaEvent};
use onboarding_core::outcome::Outcome;
use onboarding_core::policy::Caller;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::unix_milliseconds;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{AccountCreation, FakeOrganization, PolicyText, RoleState};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::common::{
    ACCESS, CONFIG, IDENTITY, MANAGEMENT, NEW, OLD, Scenario, assert_onboarded, create_account, engine, id, job, name,
    organization, run,
};
use crate::lambda::{Lambda, account_created};

const HOP: &str = "account-onboarding-management";
const OTHER_HOP: &str = "account-onboarding-other";
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

/// A function that runs for hours, and whose configuration changes meanwhile.
struct Running {
    organization: FakeOrganization,
    function: Function<FakeOrganization>,
}

impl Running {
    const LOCATION: &str = "/onboarding/config";

    /// In an organization with another role of the management account, [`OTHER_HOP`].
    fn new() -> Self {
        let organization = world(Some(hop(FUNCTION, EXTERNAL_ID)));
        organization.put_role(&id(MANAGEMENT), &name(OTHER_HOP), hop(FUNCTION, EXTERNAL_ID));
        let location = ConfigLocation::Parameter(Self::LOCATION.to_owned());
        let function = Function::new(organization.clone(), location, SweepMode::Apply, KnownSecrets::default());
        Self { organization, function }
    }

    /// Invokes the function when it has to read its configuration again. Returns the answer, and whether each `DescribeAccount` was
    /// allowed.
    fn invoke(&self, config: &str, payload: &Value) -> (Value, Vec<bool>) {
        let organization = self.organization.clone().with_parameter(Self::LOCATION, config);
        run(organization.sleep(Duration::from_secs(61)));
        organization.clear_journal();
        let mut context = Context::default();
        context.deadline = unix_milliseconds(organization.now() + Duration::from_secs(120));
        let payload = RawValue::from_string(payload.to_string()).unwrap();
        let answer = run(self.function.handle(LambdaEvent::new(payload, context))).unwrap();
        let described = organization.journal().into_iter().filter(|call| call.call == "organizations:DescribeAccount");
        (answer, described.map(|call| call.ok).collect())
    }

    /// The outcome of a request for the established account.
    fn account(&self, config: &str) -> (String, Vec<bool>) {
        let (report, described) = self.invoke(config, &json!({ "account_id": OLD }));
        (report["outcome"].as_str().unwrap().to_owned(), described)
    }

    /// The same account in the chunk of a sweep, which is always processed.
    fn chunk(&self, config: &str) -> Vec<bool> {
        let listed = json!({"id": OLD, "name": "old", "joined_at": 1_500_000_000, "joined": "CREATED"});
        let body = json!({"sweep": {"version": 1, "accounts": [listed]}}).to_string();
        let (answer, described) = self.invoke(config, &json!({"Records": [{"messageId": "1", "body": body}]}));
        assert_eq!(answer, json!({"batchItemFailures": []}));
        described
    }
}

fn config_of_other_role() -> String {
    config().replace(HOP, OTHER_HOP)
}

/// While a function reads its changed configuration, it reads the account as the old one says. That answer counts only if both say the
/// same.
#[test]
fn answer_to_the_role_of_an_old_configuration_does_not_count() {
    let function = Running::new();
    let converged = |described: &[bool]| ("converged".to_owned(), described.to_vec());
    assert_eq!(function.account(&config()), converged(&[false, true]), "a start, which does not know the role");
    assert_eq!(function.account(&config()), converged(&[true]), "the same role");
    assert_eq!(function.account(&config_of_other_role()), converged(&[true, true]), "another role");
    assert_eq!(function.account(&config_of_other_role()), converged(&[true]), "the same role again");
    assert_eq!(function.account(CONFIG), ("blocked".to_owned(), vec![true, false]), "no role any more");
}

/// The same for a chunk, of which the organization is read early.
#[test]
fn answer_about_a_chunk_to_the_role_of_an_old_configuration_does_not_count() {
    let function = Running::new();
    assert_eq!(function.account(&config()).0, "converged", "the record confirms the chunk");
    assert_eq!(function.chunk(&config()), [true], "the same role");
    assert_eq!(function.chunk(&config_of_other_role()), [true, true], "another role");
    assert_eq!(function.chunk(&config_of_other_role()), [true], "the same role again");
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
