//! Promise 14, after the run: a revocation that another principal deletes or weakens is made again while it is needed. And a role
//! whose inline policies fill the quota is revoked too.

use std::time::Duration;

use onboarding_core::plan::RevocationReason;
use onboarding_core::policy::{Document, REVOCATION_POLICY, revocation_policy};
use onboarding_simulation::{PolicyText, RoleState};

use crate::common::{OWN_ROLE, PIPELINE};
use crate::sessions_are_revoked::{
    ADMINISTRATOR, LEAD, TWELVE_HOURS, Trust, apply_watched, assume, is_administrator, is_denied_everything, onboarded,
    reasons, revocation, taken_over,
};

/// The developer can still delete inline policies after the run.
#[test]
fn revocation_that_was_deleted_after_the_run_is_made_again_with_its_time() {
    let (scenario, session) = taken_over(onboarded(), Trust::Own);
    let scenario = scenario.apply().assert_outcome("converged");
    let made = revocation(&scenario).unwrap();
    let scenario = scenario.after(LEAD);
    let pipeline = assume(scenario.organization(), PIPELINE);
    let deleted = |role: &mut RoleState| drop(role.policies.remove(REVOCATION_POLICY).unwrap());
    let scenario = scenario.after(Duration::from_secs(3600)).drift(OWN_ROLE, deleted);
    assert!(is_administrator(&session), "until the next run");
    let scenario = scenario.plan();
    assert_eq!(reasons(&scenario), [RevocationReason::Lost], "a plan says so");
    let scenario = scenario.apply().assert_outcome("converged");
    assert_eq!((reasons(&scenario), revocation(&scenario)), (vec![RevocationReason::Lost], Some(made)));
    assert!(is_denied_everything(&session) && is_administrator(&pipeline), "only the revoked sessions are affected");
    let scenario = scenario.apply_again().assert_converged_without_writes();

    let weakened = revocation_policy(made - Duration::from_secs(3600)).unwrap().to_json();
    let weaken = |role: &mut RoleState| _ = role.policies.insert(REVOCATION_POLICY.to_owned(), PolicyText(weakened));
    let scenario = scenario.drift(OWN_ROLE, weaken).apply().assert_outcome("converged");
    assert_eq!(revocation(&scenario), Some(made));

    let scenario = scenario.after(TWELVE_HOURS).drift(OWN_ROLE, deleted);
    assert!(is_denied_everything(&session), "it has expired");
    scenario.apply_again().assert_converged_without_writes();
}

/// The developer fills the inline policies, so that IAM would refuse the revocation.
#[test]
fn role_that_is_filled_up_to_the_quota_is_revoked_too() {
    for trust in [Trust::Own, Trust::Restored] {
        let (scenario, session) = taken_over(onboarded(), trust);
        let statement =
            serde_json::json!({"Sid": "x".repeat(10_100), "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"});
        let full = PolicyText(Document::from_statements(vec![statement]).unwrap().to_json());
        let scenario = scenario.drift(OWN_ROLE, |role| _ = role.policies.insert("x".to_owned(), full));
        let scenario = apply_watched(scenario, &session).assert_outcome("converged");
        assert!(is_denied_everything(&session) && scenario.role(OWN_ROLE).attached.contains(ADMINISTRATOR));
    }
}
