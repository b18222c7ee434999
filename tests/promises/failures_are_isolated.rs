//! Promise 10: one bad vendor or role harms no other, and the end names the cause.

use onboarding_core::error::ApiError;
use onboarding_core::plan::Change;
use onboarding_core::report::{Report, Status};
use onboarding_simulation::{FakeOrganization, Quotas};

use crate::common::*;
use crate::intercepting_ports::apply_against;

/// Holds that all roles but those of one name are as they should be.
fn assert_all_but(organization: &FakeOrganization, bad: &str) {
    let (mut is, mut wanted) = (roles(organization, NEW), roles(&onboarded(), NEW));
    for all in [&mut is, &mut wanted] {
        all.remove(&name(bad));
    }
    assert_eq!(is, wanted);
}

/// Holds that every step is told, and that all but the bad role's are done.
fn assert_told(report: &Report, bad: &str) {
    for step in report.changes.iter().filter(|step| step.change.role != name(bad)) {
        assert_eq!(step.status, Status::Done, "{}", step.change);
    }
    assert!(report.cause.as_ref().is_some_and(|cause| !cause.remedy.is_empty()));
}

#[test]
fn a_parameter_that_is_missing() {
    let config = CONFIG.replace(PARAMETER, "/nowhere");
    let organization = with_new_account();
    let report = apply_with(&organization, NEW, &config);
    assert_eq!(end(&report), "blocked configuration");
    insta::assert_snapshot!(report.outcome, @"blocked (configuration): vendor/workload-security: the SSM parameter `/nowhere` gives no external ID: ssm:GetParameter failed: ParameterNotFound; mend the configuration, then run again");
    assert_all_but(&organization, SECURITY_ROLE);
    assert_told(&report, SECURITY_ROLE);
    assert_eq!(report.refusals.len(), 1);
    assert_eq!(end(&plan_with(&organization, NEW, &config)), "blocked configuration");
}

#[test]
fn a_policy_over_the_quota() {
    let actions: Vec<_> = (0..250).map(|n| format!("\"service{n}:DescribeEverythingThere\"")).collect();
    let policy = format!(
        r#"big = '{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":[{}],"Resource":"*"}}}}', deploy"#,
        actions.join(",")
    );
    let config = CONFIG.replace("{ deploy", &format!("{{ {policy}"));
    let organization = with_new_account();
    organization.set_quotas(&id(NEW), Quotas { inline_length: 5000, ..Quotas::default() });
    let report = apply_with(&organization, NEW, &config);
    assert_eq!(end(&report), "blocked quota_exceeded", "{}", report.outcome);
    insta::assert_snapshot!(report.outcome, @"blocked (quota_exceeded): role `app-deployer`: iam:PutRolePolicy failed: LimitExceeded: Maximum policy size of 5000 bytes exceeded for role app-deployer; the quota (inline policies of a role together) cannot be raised: shorten them, or attach a managed policy, then run again");
    assert_all_but(&organization, OWN_ROLE);
    assert_told(&report, OWN_ROLE);
    let words: Vec<_> = report.changes.iter().map(|step| step.status.word()).collect();
    assert!(words.contains(&"failed") && words.contains(&"not_tried"));
}

#[test]
fn a_policy_that_iam_does_not_take() {
    fn answer(change: &Change) -> Option<ApiError> {
        let bad = change.role.as_str() == SECURITY_ROLE && change.call() == "iam:PutRolePolicy";
        bad.then(|| ApiError::new(change.call(), "MalformedPolicyDocument", "Syntax errors in policy."))
    }
    let organization = with_new_account();
    let report = apply_against(&organization, CONFIG, answer);
    assert_eq!(end(&report), "blocked policy_not_accepted");
    insta::assert_snapshot!(report.outcome, @"blocked (policy_not_accepted): role `Workload_Security_Role_Cross`: iam:PutRolePolicy failed: MalformedPolicyDocument: Syntax errors in policy; mend the policy in the configuration");
    assert_all_but(&organization, SECURITY_ROLE);
    assert_told(&report, SECURITY_ROLE);
    assert_eq!(apply(&organization, NEW).outcome.as_str(), "converged", "once it is taken");
    assert_eq!(roles(&organization, NEW), roles(&onboarded(), NEW));
}

#[test]
fn a_managed_policy_that_does_not_exist() {
    let organization = with_new_account();
    organization.forget_managed_policy("arn:aws:iam::aws:policy/ReadOnlyAccess");
    let report = apply(&organization, NEW);
    assert_eq!(report.outcome.as_str(), "waiting", "it may be there yet: {}", report.outcome);
    assert_all_but(&organization, OWN_ROLE);
    assert_told(&report, OWN_ROLE);
}

#[test]
fn a_principal_that_does_not_exist() {
    let config = CONFIG.replace("role/app-pipeline", "role/no-such-role");
    let organization = with_new_account();
    let report = apply_with(&organization, NEW, &config);
    assert_eq!(end(&report), "waiting principal_not_propagated");
    assert_all_but(&organization, OWN_ROLE);
    assert_told(&report, OWN_ROLE);
}

#[test]
fn an_access_role_that_cannot_be_edited() {
    let trusts = [
        (
            "blocked orphaned_principal",
            r#"{"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE1"},"Action":"sts:AssumeRole"}"#,
        ),
        ("blocked explicit_deny", r#"{"Effect":"Deny","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}"#),
    ];
    for (expected, statement) in trusts {
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{MANAGEMENT}"}},"Action":"sts:AssumeRole"}},{statement}]}}"#
        );
        let organization = with_new_account();
        organization.set_trust(&id(NEW), &name(ACCESS), &trust);
        let report = apply(&organization, NEW);
        assert_eq!(end(&report), expected);
        assert_eq!(role_state(&organization, NEW, ACCESS).trust.0, trust);
        assert_all_but(&organization, ACCESS);
        assert_told(&report, ACCESS);
    }
}

#[test]
fn a_trust_policy_over_the_quota() {
    let organization = with_new_account();
    let length = role_state(&onboarded(), NEW, SECURITY_ROLE).trust.0.len();
    let trust = role_state(&organization, NEW, ACCESS).trust.0;
    let padded = trust.replace("\"Statement\"", &format!("\"Id\":\"{}\",\"Statement\"", "x".repeat(length)));
    organization.set_trust(&id(NEW), &name(ACCESS), &padded);
    organization.set_quotas(&id(NEW), Quotas { trust_length: length + 5, ..Quotas::default() });
    let report = apply(&organization, NEW);
    assert_eq!(end(&report), "blocked quota_exceeded");
    assert_eq!(role_state(&organization, NEW, ACCESS).trust.0, padded);
    assert_all_but(&organization, ACCESS);
}

#[test]
fn a_role_too_long_for_any_session_policy() {
    let long = format!("/{}/", "x".repeat(505));
    let config = CONFIG.replace("path = \"/apps/\"", &format!("path = \"{long}\""));
    let organization = with_new_account();
    let plan = plan_with(&organization, NEW, &config);
    assert_eq!(end(&plan), "blocked session_policy_too_long");
    assert!(plan.changes.iter().all(|step| step.change.role != name(OWN_ROLE)));
    let report = apply_with(&organization, NEW, &config);
    assert_eq!(end(&report), "blocked session_policy_too_long");
    assert_all_but(&organization, OWN_ROLE);
    assert_told(&report, OWN_ROLE);
}
