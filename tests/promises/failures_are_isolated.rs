//! Promise 10: a failing role or vendor is isolated. Everything else is still installed, and the outcome names the cause.

use onboarding_core::error::ApiError;
use onboarding_core::plan::Change;
use onboarding_core::report::{Report, Status};
use onboarding_simulation::{FakeOrganization, Quotas};

use crate::common::*;

/// Asserts that all roles except one are as in an account that was onboarded without obstacles.
fn assert_roles_onboarded_except(organization: &FakeOrganization, bad: &str) {
    let mut actual = roles(organization, NEW);
    let mut expected = roles(&onboarded(), NEW);
    actual.remove(&name(bad));
    expected.remove(&name(bad));
    assert_eq!(actual, expected);
}

/// Asserts that the report lists every change of the other roles as done and gives a remedy.
fn assert_reported(report: &Report, bad: &str) {
    for step in report.changes.iter().filter(|step| step.change.role != name(bad)) {
        assert_eq!(step.status, Status::Done, "{}", step.change);
    }
    assert!(report.cause.as_ref().is_some_and(|cause| !cause.remedy.is_empty()));
}

#[test]
fn missing_parameter_blocks_only_its_role() {
    let config = CONFIG.replace(PARAMETER, "/nowhere");
    let organization = with_new_account();
    let report = apply_with(&organization, NEW, &config);
    assert_eq!(outcome_code(&report), "blocked configuration");
    insta::assert_snapshot!(report.outcome, @"blocked (configuration): vendor/workload-security: cannot read the external ID from the SSM parameter `/nowhere`: ssm:GetParameter failed: ParameterNotFound; fix the configuration, then run again");
    assert_roles_onboarded_except(&organization, SECURITY_ROLE);
    assert_reported(&report, SECURITY_ROLE);
    assert_eq!(report.refusals.len(), 1);
    assert_eq!(outcome_code(&plan_with(&organization, NEW, &config)), "blocked configuration");
}

#[test]
fn policy_over_the_quota_blocks_only_its_role() {
    let actions: Vec<_> = (0..250).map(|n| format!("\"service{n}:DescribeEverythingThere\"")).collect();
    let policy = format!(
        r#"big = '{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":[{}],"Resource":"*"}}}}', deploy"#,
        actions.join(",")
    );
    let config = CONFIG.replace("{ deploy", &format!("{{ {policy}"));
    let organization = with_new_account();
    organization.set_quotas(&id(NEW), Quotas { inline_length: 5000, ..Quotas::default() });
    let report = apply_with(&organization, NEW, &config);
    assert_eq!(outcome_code(&report), "blocked quota_exceeded", "{}", report.outcome);
    insta::assert_snapshot!(report.outcome, @"blocked (quota_exceeded): role `app-deployer`: iam:PutRolePolicy failed: LimitExceeded: Maximum policy size of 5000 bytes exceeded for role app-deployer; the quota (total length of the inline policies of a role) cannot be raised: shorten them, or attach a managed policy, then run again");
    assert_roles_onboarded_except(&organization, OWN_ROLE);
    assert_reported(&report, OWN_ROLE);
    let words: Vec<_> = report.changes.iter().map(|step| step.status.as_str()).collect();
    assert!(words.contains(&"failed") && words.contains(&"not_tried"));
}

#[test]
fn policy_rejected_by_iam_blocks_only_its_role() {
    fn answer(change: &Change) -> Option<ApiError> {
        let bad = change.role.as_str() == SECURITY_ROLE && change.call() == "iam:PutRolePolicy";
        bad.then(|| ApiError::new(change.call(), "MalformedPolicyDocument", "Syntax errors in policy."))
    }
    let organization = with_new_account();
    let report = apply_with_intercepted_writes(&organization, CONFIG, answer);
    assert_eq!(outcome_code(&report), "blocked policy_not_accepted");
    insta::assert_snapshot!(report.outcome, @"blocked (policy_not_accepted): role `Workload_Security_Role_Cross`: iam:PutRolePolicy failed: MalformedPolicyDocument: Syntax errors in policy; fix the policy in the configuration, then run again");
    assert_roles_onboarded_except(&organization, SECURITY_ROLE);
    assert_reported(&report, SECURITY_ROLE);
    assert_eq!(apply(&organization, NEW).outcome.as_str(), "converged", "after IAM accepts the policy");
    assert_eq!(roles(&organization, NEW), roles(&onboarded(), NEW));
}

#[test]
fn missing_managed_policy_delays_only_its_role() {
    let organization = with_new_account();
    organization.remove_managed_policy("arn:aws:iam::aws:policy/ReadOnlyAccess");
    let report = apply(&organization, NEW);
    assert_eq!(report.outcome.as_str(), "waiting", "it may still propagate: {}", report.outcome);
    assert_roles_onboarded_except(&organization, OWN_ROLE);
    assert_reported(&report, OWN_ROLE);
}

#[test]
fn missing_principal_delays_only_its_role() {
    let config = CONFIG.replace("role/app-pipeline", "role/no-such-role");
    let organization = with_new_account();
    let report = apply_with(&organization, NEW, &config);
    assert_eq!(outcome_code(&report), "waiting principal_not_propagated");
    assert_roles_onboarded_except(&organization, OWN_ROLE);
    assert_reported(&report, OWN_ROLE);
}

#[test]
fn access_role_that_cannot_be_edited_blocks_only_itself() {
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
        assert_eq!(outcome_code(&report), expected);
        assert_eq!(role_state(&organization, NEW, ACCESS).trust.0, trust);
        assert_roles_onboarded_except(&organization, ACCESS);
        assert_reported(&report, ACCESS);
    }
}

#[test]
fn trust_policy_over_the_quota_blocks_only_its_role() {
    let organization = with_new_account();
    let length = role_state(&onboarded(), NEW, SECURITY_ROLE).trust.0.len();
    let trust = role_state(&organization, NEW, ACCESS).trust.0;
    let padded = trust.replace("\"Statement\"", &format!("\"Id\":\"{}\",\"Statement\"", "x".repeat(length)));
    organization.set_trust(&id(NEW), &name(ACCESS), &padded);
    organization.set_quotas(&id(NEW), Quotas { trust_length: length + 5, ..Quotas::default() });
    let report = apply(&organization, NEW);
    assert_eq!(outcome_code(&report), "blocked quota_exceeded");
    assert_eq!(role_state(&organization, NEW, ACCESS).trust.0, padded);
    assert_roles_onboarded_except(&organization, ACCESS);
}

#[test]
fn role_too_long_for_any_session_policy_blocks_only_itself() {
    let long = format!("/{}/", "x".repeat(505));
    let config = CONFIG.replace("path = \"/apps/\"", &format!("path = \"{long}\""));
    let organization = with_new_account();
    let plan = plan_with(&organization, NEW, &config);
    assert_eq!(outcome_code(&plan), "blocked session_policy_too_long");
    assert!(plan.changes.iter().all(|step| step.change.role != name(OWN_ROLE)));
    let report = apply_with(&organization, NEW, &config);
    assert_eq!(outcome_code(&report), "blocked session_policy_too_long");
    assert_roles_onboarded_except(&organization, OWN_ROLE);
    assert_reported(&report, OWN_ROLE);
}
