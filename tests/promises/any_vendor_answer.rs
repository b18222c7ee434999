//! Promise 10, for vendors: whatever a vendor's API answers, the account gets its grants and its roles.
//!
//! The real client of the vendor parses the answers; only the HTTP exchange is replaced.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use account_onboarding::vendors;
use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_core::management_role::ManagementRole;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::organizational_unit::UnitId;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::record::{Record, RecordUpdate};
use onboarding_core::vendor::{Api, ApiAccess};
use onboarding_engine::Engine;
use onboarding_engine::ports::{
    AccountPage, AssumeRoleRequest, Clock, Creation, Directory, Http, LeaseAttempt, Paced, ParameterPage,
    ParameterValue, RecordPage, Records, Saved, SavedTogether, Secrets, Sessions, TagPage, ThroughManagement, UnitPage,
    VendorApi, VendorRequest, VendorResponse,
};
use onboarding_simulation::FakeOrganization;
use secrecy::SecretString;

use crate::common::{CONFIG, SECURITY_ROLE, Scenario, config, name, outcome_code, run};
use crate::tenant_external_id::without_external_id;

const KEY_PARAMETER: &str = "/account-onboarding/workload-security/api-key";

/// The simulated organization, with a vendor that gives one answer to every request.
struct WithVendor {
    organization: FakeOrganization,
    answer: VendorResponse,
}

impl Http for WithVendor {
    async fn send(&self, _: VendorRequest<'_>) -> Result<VendorResponse, ApiError> {
        Ok(self.answer.clone())
    }
}

impl VendorApi for WithVendor {
    async fn vendor_registrations(
        &self,
        api: Api,
        access: &ApiAccess,
        account: &AccountId,
    ) -> Result<Vec<ExistingRegistration>, ApiError> {
        vendors::registrations(self, api, access, account).await
    }

    async fn register_with_vendor(
        &self,
        access: &ApiAccess,
        registration: &RegistrationChange,
    ) -> Result<Option<u64>, ApiError> {
        vendors::register(self, access, registration).await
    }

    async fn deregister_from_vendor(&self, api: Api, access: &ApiAccess, registration: u64) -> Result<(), ApiError> {
        vendors::deregister(self, api, access, registration).await
    }

    async fn vendor_external_id(&self, api: Api, access: &ApiAccess) -> Result<Option<SecretString>, ApiError> {
        vendors::external_id(self, api, access).await
    }
}

impl Directory for WithVendor {
    async fn account(&self, id: &AccountId) -> Result<Option<Account>, ApiError> {
        self.organization.account(id).await
    }

    async fn accounts(&self, from: Option<String>) -> Result<AccountPage, ApiError> {
        self.organization.accounts(from).await
    }

    async fn account_tags(&self, id: &AccountId, from: Option<String>) -> Result<TagPage, ApiError> {
        self.organization.account_tags(id, from).await
    }

    async fn account_creation(&self, request: &str) -> Result<Creation, ApiError> {
        self.organization.account_creation(request).await
    }

    async fn units_below(&self, parent: &UnitId, from: Option<String>) -> Result<UnitPage, ApiError> {
        self.organization.units_below(parent, from).await
    }
}

impl ThroughManagement for WithVendor {
    fn through_management(self, role: &ManagementRole) -> Self {
        Self { organization: self.organization.through_management(role), ..self }
    }
}

impl Sessions for WithVendor {
    type Session = <FakeOrganization as Sessions>::Session;

    async fn assume_role(&self, request: &AssumeRoleRequest) -> Result<Self::Session, ApiError> {
        self.organization.assume_role(request).await
    }

    async fn own_arn(&self) -> Result<String, ApiError> {
        self.organization.own_arn().await
    }
}

impl Secrets for WithVendor {
    async fn parameter(&self, name: &str) -> Result<SecretString, ApiError> {
        self.organization.parameter(name).await
    }

    async fn parameters(&self, names: &[&str]) -> Result<BTreeMap<String, ParameterValue>, ApiError> {
        self.organization.parameters(names).await
    }

    async fn parameters_below(&self, path: &str, from: Option<String>) -> Result<ParameterPage, ApiError> {
        self.organization.parameters_below(path, from).await
    }
}

impl Records for WithVendor {
    fn records_enabled(&self) -> bool {
        self.organization.records_enabled()
    }

    async fn load_records(&self, subjects: &[&str]) -> Result<BTreeMap<String, Record>, ApiError> {
        self.organization.load_records(subjects).await
    }

    async fn save_records(&self, updates: &[(String, RecordUpdate)]) -> Result<SavedTogether, ApiError> {
        self.organization.save_records(updates).await
    }

    async fn load_record(&self, subject: &str) -> Result<Record, ApiError> {
        self.organization.load_record(subject).await
    }

    async fn scan_records(&self, from: Option<String>) -> Result<RecordPage, ApiError> {
        self.organization.scan_records(from).await
    }

    async fn acquire_lease(&self, subject: &str, lease: &Lease, now: SystemTime) -> Result<LeaseAttempt, ApiError> {
        self.organization.acquire_lease(subject, lease, now).await
    }

    async fn save_record(&self, subject: &str, update: &RecordUpdate) -> Result<Saved, ApiError> {
        self.organization.save_record(subject, update).await
    }

    async fn save_handoff(&self, subject: &str, vendor: &str, done: Option<&str>) -> Result<(), ApiError> {
        self.organization.save_handoff(subject, vendor, done).await
    }
}

impl Paced for WithVendor {}

impl Clock for WithVendor {
    fn now(&self) -> SystemTime {
        self.organization.now()
    }

    async fn sleep(&self, time: Duration) {
        self.organization.sleep(time).await;
    }
}

/// Bodies that a vendor, or whatever answers in its place, might send.
fn bodies() -> Vec<String> {
    let mut bodies: Vec<String> = [
        "",
        "{}",
        "null",
        "[]",
        "\u{0}\u{fffd}\u{fffd}",
        "<html><body>Sign in</body></html>",
        r#"{"awsConnectors":null}"#,
        r#"{"awsConnectors":{}}"#,
        r#"{"awsConnectors":"none"}"#,
        r#"{"awsConnectors":[null]}"#,
        r#"{"awsConnectors":[{"ID":"seven","accountId":444455556666}]}"#,
        r#"{"awsConnectors":[{"ID":-1,"accountId":"444455556666"}]}"#,
        r#"{"awsConnectors":[{"ID":1,"accountId":"444455556666","crossAccountRoleArn":"\u001b[2J"}]}"#,
        r#"{"awsConnectors":[{"ID":18446744073709551615,"accountId":"444455556666"},{"ID":1,"accountId":"444455556666"}]}"#,
        r#"{"message":{"message":"x"}}"#,
        r#"{"$serde_json::private::RawValue":"{}"}"#,
    ]
    .map(str::to_owned)
    .to_vec();
    bodies.push("[".repeat(100_000));
    bodies.push("{\"awsConnectors\":".repeat(5_000));
    bodies.push(format!("{{\"awsConnectors\":[{}0]}}", "{\"\":0},".repeat(10_000)));
    bodies.push("x".repeat(128 << 10));
    bodies
}

#[test]
fn account_gets_its_grants_and_roles_whatever_a_vendor_answers() {
    let config_text = format!(
        "{CONFIG}\n[vendors.workload-security.registration]\nregion = \"us-1\"\napi-key = {{ ssm-parameter = \"{KEY_PARAMETER}\" }}\n"
    );
    let errors = [204, 302, 400, 401, 404, 429, 500].map(|status| (status, "<html>".to_owned()));
    for (status, body) in bodies().into_iter().map(|body| (200, body)).chain(errors) {
        let scenario = Scenario::new().with_new_account().with_parameter(KEY_PARAMETER, "tmc12:s3cret-key");
        let answer = VendorResponse { status, body };
        let what = format!("{status} {:.60}", answer.body);
        let world = WithVendor { organization: scenario.organization().clone(), answer };
        let report = run(Engine::new(world, config(&config_text)).apply(&scenario.job()));
        let scenario = scenario.assert_roles_onboarded();
        crate::common::assert_onboarded(scenario.organization(), scenario.account());
        let code = outcome_code(&report);
        assert!(report.cause.as_ref().is_none_or(|cause| cause.message.len() < 1000), "{what}: {code}");
        assert!(report.account_id.is_some(), "{what}");
    }
}

/// The same answers to the question for the external ID: the role that requires it is not installed without one that is valid.
#[test]
fn only_the_vendors_role_depends_on_its_external_id() {
    let answers = [
        r#"{"externalId":"s3cret-of-the-tenant"}"#,
        r#"{"externalId":""}"#,
        r#"{"externalId":null}"#,
        r#"{"externalId":["s3cret"]}"#,
        r#"{"externalId":{"externalId":"s3cret"}}"#,
        r#"{"externalId":"s3cret\u0000"}"#,
        r#"{"externalid":"s3cret-of-the-tenant"}"#,
        r#"["externalId"]"#,
    ];
    let answers = answers.map(str::to_owned).into_iter().chain(bodies());
    for answer in answers.map(|body| VendorResponse { status: 200, body }) {
        let scenario = Scenario::new().with_new_account().with_parameter(KEY_PARAMETER, "tmc12:s3cret-key");
        let what = format!("{:.60}", answer.body);
        let is_valid = what.contains(r#""externalId":"s3cret-of-the-tenant""#);
        let world = WithVendor { organization: scenario.organization().clone(), answer };
        let report = run(Engine::new(world, config(&without_external_id())).apply(&scenario.job()));
        let scenario = scenario.assert_roles_onboarded_except(&[SECURITY_ROLE]);
        assert_eq!(scenario.roles().contains_key(&name(SECURITY_ROLE)), is_valid, "{what}");
        let text = format!("{report:?}");
        assert!(!text.contains("s3cret"), "{what}: {text}");
        let code = outcome_code(&report);
        let expected = ["waiting vendor_not_ready", "blocked vendor_refused"];
        assert!(expected.contains(&code.as_str()), "{what}: {code}");
    }
}
