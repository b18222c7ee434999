//! Assertions that the fuzz targets share.

pub mod generated;
pub mod lines;

use std::collections::BTreeMap;
use std::time::SystemTime;

use onboarding_core::account::{Account, AccountState};
use onboarding_core::blueprint::{self, Blueprint, SecretValues};
use onboarding_core::caller_identity::Callers;
use onboarding_core::code::Code;
use onboarding_core::config::{Config, ConfigErrors};
use onboarding_core::mode::Mode;
use onboarding_core::observed::Observed;
use onboarding_core::organizational_unit::UnitId;
use onboarding_core::plan::{Approved, RoleHistory, diff, guard};
use onboarding_core::policy::Document;
use onboarding_core::role::RoleName;
use onboarding_core::session_policy::{MAX_LENGTH, scopes};
use onboarding_core::targets::{AccountFacts, Tags, Targets};
use onboarding_core::text::is_printable;

/// The management account of the organization.
pub const MANAGEMENT: &str = "111122223333";

/// The trust policy of the access role that Organizations creates.
const DEFAULT_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#;

/// The name of the access role.
///
/// # Panics
/// Never, because the name is valid.
#[must_use]
pub fn access_role() -> RoleName {
    "OrganizationAccountAccessRole".parse().expect("a valid role name")
}

/// A member account in a partition.
///
/// # Panics
/// If the partition is not valid.
#[must_use]
pub fn account(partition: &str) -> Account {
    Account {
        id: "444455556666".parse().expect("a valid account ID"),
        name: "payments-dev".into(),
        state: AccountState::Active,
        joined_at: None,
        joined: onboarding_core::account::JoinMethod::Unknown,
        management: MANAGEMENT.parse().expect("a valid account ID"),
        partition: partition.parse().expect("a valid partition"),
        ou_path: Some("o-exampleorgid/r-ab12/444455556666/".to_owned()),
    }
}

/// Asserts that a message is one short, non-empty line of printable characters.
///
/// # Panics
/// If it is not.
pub fn assert_sentence(message: &str) {
    assert!(!message.trim().is_empty(), "the message is empty");
    assert!(message.chars().all(is_printable), "the message has unprintable characters: {message:?}");
    assert!(message.chars().count() <= 700, "the message is too long: {message}");
}

/// Asserts that there is at least one problem, and that the location of each exists in its file.
///
/// # Panics
/// If that is not the case.
pub fn assert_problems(problems: &ConfigErrors, files: &[(&str, &str)]) {
    assert!(!problems.is_empty(), "rejected without a problem");
    for problem in problems.list() {
        assert_sentence(&problem.message);
        let location = &problem.location;
        let (_, text) = files.iter().find(|(name, _)| *name == location.file).expect("a file that was read");
        let line = text.split('\n').nth(location.line.wrapping_sub(1));
        let longest = line.expect("a line of the file").chars().count() + 1;
        assert!((1..=longest).contains(&location.column), "{location} is past the end of its line");
    }
}

/// Asserts that a valid configuration can be used: it gives a blueprint in every partition, session policies within the
/// size limit, and a plan that the guard approves.
///
/// # Panics
/// If that is not the case.
pub fn assert_usable(config: &Config) {
    let names = blueprint::parameters(config).into_iter();
    let parameters = names.map(|name| (name.to_owned(), Ok("of-the-parameter".into()))).collect();
    let tenants = blueprint::tenants(config).into_iter();
    let tenants = tenants.map(|tenant| (tenant.clone(), Ok("of-the-tenant".into()))).collect();
    let secrets = SecretValues { parameters, tenants };
    for partition in ["aws", "aws-us-gov"] {
        let account = account(partition);
        let unit: UnitId = "ou-ab12-cdef3456".parse().expect("a valid ID");
        let selectors = config.targets().flat_map(Targets::units);
        let units = selectors.map(|selector| (selector.clone(), Ok(unit.clone()))).collect();
        let tags = Ok(Tags::new());
        let facts = AccountFacts::new(&account, Some(&units), Some(&tags));
        let (blueprint, errors) =
            Blueprint::from_facts(config, &facts, &secrets).expect("the grants of a valid configuration are valid");
        // A role may trust a role of its own name in one account, which is refused only there.
        let trusts_itself = |problem: &str| problem.contains("is the role itself");
        let errors: Vec<_> = errors.into_iter().filter(|error| !trusts_itself(&error.problem)).collect();
        assert_eq!(errors, [], "a valid configuration gives a blueprint without errors");
        for mode in [Mode::Plan, Mode::Apply] {
            for scope in scopes(&blueprint, &access_role(), mode).0 {
                assert!(scope.policy.len() <= MAX_LENGTH || scope.roles.len() == 1, "the session policy is too long");
            }
        }
        assert_safe(&blueprint, Document::parse(DEFAULT_TRUST).expect("a valid policy"));
    }
}

/// Creates the plan for a new account whose access role has this trust policy.
///
/// # Panics
/// If the guard refuses the plan as unsafe, which would be a bug in the diff.
pub fn assert_safe(blueprint: &Blueprint, trust: Document) -> Approved {
    let roles_to_register = || blueprint.roles.iter().filter(|spec| spec.registration.is_some());
    let observed = Observed {
        instance_profiles: Default::default(),
        access_role: access_role(),
        access_trust: Ok(trust),
        access_role_id: None,
        roles: BTreeMap::new(),
        unreadable: BTreeMap::new(),
        registrations: roles_to_register().map(|spec| (spec.name().clone(), Ok(Vec::new()))).collect(),
    };
    let approved = guard(
        diff(blueprint, &observed, &RoleHistory::default(), SystemTime::UNIX_EPOCH),
        blueprint,
        &observed,
        &Callers::default(),
    );
    let registrations = approved.changes().iter().filter(|change| change.is_registration()).count();
    assert!(registrations <= roles_to_register().count(), "an account is registered twice");
    for refusal in approved.refusals() {
        assert_ne!(refusal.code, Code::UnsafeTrust, "{refusal}");
    }
    approved
}
