//! Promise 10: a failing role or vendor is isolated. Everything else is still installed, and the outcome names the cause.

use onboarding_core::error::ApiError;
use onboarding_core::plan::Change;
use onboarding_simulation::Quotas;

use crate::common::{
    ACCESS, CONFIG, MANAGEMENT, OWN_ROLE, SECURITY_ROLE, Scenario, missing_parameter, name, trusting_role,
};

#[test]
fn missing_parameter_blocks_only_its_role() {
    let scenario = Scenario::new()
        .with_new_account()
        .config(&missing_parameter())
        .apply()
        .assert_outcome("blocked configuration")
        .assert_roles_onboarded_except(&[SECURITY_ROLE])
        .assert_failure_is_limited_to(SECURITY_ROLE);
    insta::assert_snapshot!(scenario.outcome(), @"blocked (configuration): vendor/workload-security: cannot read the external ID from the SSM parameter `/nowhere`: the parameter does not exist in this region; fix the configuration, then run again");
    assert_eq!(scenario.report().refusals.len(), 1);
    scenario.plan().assert_outcome("blocked configuration");
}

#[test]
fn policy_over_the_quota_blocks_only_its_role() {
    let actions: Vec<_> = (0..250).map(|n| format!("\"service{n}:DescribeEverythingThere\"")).collect();
    let policy = format!(
        r#"big = '{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":[{}],"Resource":"*"}}}}', deploy"#,
        actions.join(",")
    );
    let config = CONFIG.replace("{ deploy", &format!("{{ {policy}"));
    let scenario = Scenario::new()
        .with_new_account()
        .with_quotas(Quotas { inline_length: 5000, ..Quotas::default() })
        .config(&config)
        .apply()
        .assert_outcome("blocked quota_exceeded")
        .assert_roles_onboarded_except(&[OWN_ROLE])
        .assert_failure_is_limited_to(OWN_ROLE);
    insta::assert_snapshot!(scenario.outcome(), @"blocked (quota_exceeded): role `app-deployer`: iam:PutRolePolicy failed: LimitExceeded: Maximum policy size of 5000 bytes exceeded for role app-deployer; the quota (total length of the inline policies of a role) cannot be raised: shorten them, attach a managed policy, or delete those that are not configured, then run again");
    let words: Vec<_> = scenario.report().changes.iter().map(|step| step.status.as_str()).collect();
    assert!(words.contains(&"failed") && words.contains(&"not_tried"));
}

#[test]
fn policy_rejected_by_iam_blocks_only_its_role() {
    fn answer(change: &Change) -> Option<ApiError> {
        let bad = change.role.as_str() == SECURITY_ROLE && change.call() == "iam:PutRolePolicy";
        bad.then(|| ApiError::new(change.call(), "MalformedPolicyDocument", "Syntax errors in policy."))
    }
    let scenario = Scenario::new()
        .with_new_account()
        .apply_with_intercepted_writes(answer)
        .assert_outcome("blocked policy_not_accepted")
        .assert_roles_onboarded_except(&[SECURITY_ROLE])
        .assert_failure_is_limited_to(SECURITY_ROLE);
    insta::assert_snapshot!(scenario.outcome(), @"blocked (policy_not_accepted): role `Workload_Security_Role_Cross`: iam:PutRolePolicy failed: MalformedPolicyDocument: Syntax errors in policy; fix the policy in the configuration, then run again");
    // IAM accepts the policy now.
    scenario.apply().assert_outcome("converged").assert_roles_onboarded();
}

#[test]
fn missing_managed_policy_delays_only_its_role() {
    let scenario = Scenario::new().with_new_account();
    scenario.organization().remove_managed_policy("arn:aws:iam::aws:policy/ReadOnlyAccess");
    let scenario = scenario.apply();
    let outcome = scenario.outcome();
    assert_eq!(outcome.as_str(), "waiting", "it may still propagate: {outcome}");
    scenario.assert_roles_onboarded_except(&[OWN_ROLE]).assert_failure_is_limited_to(OWN_ROLE);
}

#[test]
fn missing_principal_delays_only_its_role() {
    Scenario::new()
        .with_new_account()
        .config(&trusting_role("no-such-role"))
        .apply()
        .assert_outcome("waiting principal_not_propagated")
        .assert_roles_onboarded_except(&[OWN_ROLE])
        .assert_failure_is_limited_to(OWN_ROLE);
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
        let scenario = Scenario::new().with_new_account().with_trust_policy(ACCESS, &trust).apply();
        assert_eq!(scenario.role(ACCESS).trust.0, trust);
        scenario.assert_outcome(expected).assert_roles_onboarded_except(&[ACCESS]).assert_failure_is_limited_to(ACCESS);
    }
}

#[test]
fn trust_policy_over_the_quota_blocks_only_its_role() {
    let scenario = Scenario::new().with_new_account();
    let length = Scenario::new().with_onboarded_account().role(SECURITY_ROLE).trust.0.len();
    let trust = scenario.role(ACCESS).trust.0;
    let padded = trust.replace("\"Statement\"", &format!("\"Id\":\"{}\",\"Statement\"", "x".repeat(length)));
    let scenario = scenario
        .with_trust_policy(ACCESS, &padded)
        .with_quotas(Quotas { trust_length: length + 5, ..Quotas::default() })
        .apply()
        .assert_outcome("blocked quota_exceeded")
        .assert_roles_onboarded_except(&[ACCESS]);
    assert_eq!(scenario.role(ACCESS).trust.0, padded);
}

#[test]
fn role_too_long_for_any_session_policy_blocks_only_itself() {
    let long = format!("/{}/", "x".repeat(505));
    let scenario = Scenario::new()
        .with_new_account()
        .config(&CONFIG.replace("path = \"/apps/\"", &format!("path = \"{long}\"")))
        .plan()
        .assert_outcome("blocked session_policy_too_long");
    assert!(scenario.changes().iter().all(|change| change.role != name(OWN_ROLE)));
    scenario
        .apply()
        .assert_outcome("blocked session_policy_too_long")
        .assert_roles_onboarded_except(&[OWN_ROLE])
        .assert_failure_is_limited_to(OWN_ROLE);
}
