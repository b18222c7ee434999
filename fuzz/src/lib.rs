//! What the targets share: properties that hold for whatever is read.

pub mod generated;
pub mod lines;

use std::collections::BTreeMap;

use onboarding_core::account::{Account, AccountState};
use onboarding_core::blueprint::{self, Blueprint, SecretValues};
use onboarding_core::config::{Config, ConfigErrors};
use onboarding_core::mode::Mode;
use onboarding_core::observed::Observed;
use onboarding_core::plan::{Approved, diff, guard};
use onboarding_core::policy::Document;
use onboarding_core::role::RoleName;
use onboarding_core::session_policy::{LONGEST, scopes};
use onboarding_core::text::is_printable;

/// The organization's management account.
pub const MANAGEMENT: &str = "111122223333";

/// The trust policy that Organizations makes.
const FRESH: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#;

/// The role by which accounts are entered.
///
/// # Panics
/// Never: it is a name.
#[must_use]
pub fn access_role() -> RoleName {
    "OrganizationAccountAccessRole".parse().expect("a name")
}

/// A member in a partition.
///
/// # Panics
/// When the partition is none.
#[must_use]
pub fn account(partition: &str) -> Account {
    Account {
        id: "444455556666".parse().expect("an id"),
        name: "payments-dev".into(),
        state: AccountState::Active,
        joined_at: None,
        joined: onboarding_core::account::JoinMethod::Unknown,
        management: MANAGEMENT.parse().expect("an id"),
        partition: partition.parse().expect("a partition"),
    }
}

/// Holds that a message is one line, that it says something, and that it floods no log.
///
/// # Panics
/// When it does not.
pub fn assert_sentence(message: &str) {
    assert!(!message.trim().is_empty(), "says nothing");
    assert!(message.chars().all(is_printable), "has characters that cannot be shown: {message:?}");
    assert!(message.chars().count() <= 700, "is long: {message}");
}

/// Holds that mistakes are told, each with a place that is in its file.
///
/// # Panics
/// When they are not.
pub fn assert_problems(problems: &ConfigErrors, files: &[(&str, &str)]) {
    assert!(!problems.is_empty(), "refused without a reason");
    for problem in problems.list() {
        assert_sentence(&problem.message);
        let place = &problem.place;
        let (_, text) = files.iter().find(|(name, _)| *name == place.file).expect("a file that was read");
        let line = text.split('\n').nth(place.line.wrapping_sub(1));
        let longest = line.expect("a line of the file").chars().count() + 1;
        assert!((1..=longest).contains(&place.column), "{place} is beyond its line");
    }
}

/// Holds that what was read can be used: a blueprint in every partition, sessions within their length, and a plan
/// that the guard lets through.
///
/// # Panics
/// When it cannot.
pub fn assert_usable(config: &Config) {
    let names = blueprint::parameters(config).into_iter();
    let secrets: SecretValues = names.map(|name| (name.to_owned(), Ok("of-the-parameter".into()))).collect();
    for partition in ["aws", "aws-us-gov"] {
        let (blueprint, errors) =
            Blueprint::new(config, &account(partition), &secrets).expect("grants that can be made");
        assert_eq!(errors, [], "what was read without an error can be made");
        for mode in [Mode::Plan, Mode::Apply] {
            for scope in scopes(&blueprint, &access_role(), mode).0 {
                assert!(scope.policy.len() <= LONGEST || scope.roles.len() == 1, "a session policy is too long");
            }
        }
        assert_safe(&blueprint, Document::parse(FRESH).expect("a policy"));
    }
}

/// Plans for a new account whose access role has this trust policy.
///
/// # Panics
/// When the guard finds the plan to be unsafe, which would be an error of the plan.
pub fn assert_safe(blueprint: &Blueprint, trust: Document) -> Approved {
    let registering = || blueprint.roles.iter().filter(|spec| spec.registration.is_some());
    let observed = Observed {
        access_role: access_role(),
        access_trust: Ok(trust),
        roles: BTreeMap::new(),
        unreadable: BTreeMap::new(),
        registered: registering().map(|spec| (spec.name.clone(), Ok(Vec::new()))).collect(),
    };
    let approved = guard(diff(blueprint, &observed), blueprint, &observed);
    let told = approved.changes().iter().filter(|change| change.is_registration()).count();
    assert!(told <= registering().count(), "a vendor is told twice");
    for refusal in approved.refusals() {
        assert_ne!(refusal.code, "unsafe_trust", "{refusal}");
    }
    approved
}
