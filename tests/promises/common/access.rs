//! Who can assume the roles of an account, according to the simulated STS.

use onboarding_core::policy::Caller;
use onboarding_simulation::FakeOrganization;

use super::{
    ACCESS, IDENTITY, MANAGEMENT, OWN_ROLE, PIPELINE, SECURITY_ID, SECURITY_ROLE, TRELICA, TRELICA_ID, TRELICA_ROLE,
    WORKLOAD_SECURITY, id,
};

/// Whether an account can assume a role, according to the simulated STS.
pub(crate) fn can_assume(
    organization: &FakeOrganization,
    caller: &str,
    account: &str,
    role: &str,
    external_id: Option<&str>,
) -> bool {
    let caller = Caller { account: id(caller), arn: None };
    organization.can_assume(&caller, &format!("arn:aws:iam::{account}:role/{role}"), external_id)
}

/// Asserts that every configured principal can assume its role in an account, and only with the right external ID.
pub(crate) fn assert_onboarded(organization: &FakeOrganization, account: &str) {
    let can_assume = |caller, role, external_id| can_assume(organization, caller, account, role, external_id);
    assert!(can_assume(MANAGEMENT, ACCESS, None) && can_assume(IDENTITY, ACCESS, None));
    for (caller, role, external_id) in
        [(WORKLOAD_SECURITY, SECURITY_ROLE, SECURITY_ID), (TRELICA, TRELICA_ROLE, TRELICA_ID)]
    {
        assert!(can_assume(caller, role, Some(external_id)), "{role} with its external ID");
        assert!(!can_assume(caller, role, None), "{role} without an external ID");
        assert!(!can_assume(caller, role, Some("another")), "{role} with another external ID");
    }
    let pipeline = Caller { account: id(IDENTITY), arn: Some(PIPELINE.to_owned()) };
    assert!(organization.can_assume(&pipeline, &format!("arn:aws:iam::{account}:role/apps/{OWN_ROLE}"), None));
}
