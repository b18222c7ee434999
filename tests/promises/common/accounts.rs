//! The accounts and roles of the tests, and the organization that they start with.

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::role::RoleName;
use onboarding_core::time::from_unix_seconds;
use onboarding_simulation::{AccountCreation, FakeOrganization};

use super::{PARAMETER, PIPELINE, SECURITY_ID};

pub(crate) const MANAGEMENT: &str = "111122223333";
pub(crate) const IDENTITY: &str = "222233334444";
/// The established member account.
pub(crate) const OLD: &str = "333344445555";
/// The newly created account.
pub(crate) const NEW: &str = "444455556666";
/// The vendors' accounts.
pub(crate) const WORKLOAD_SECURITY: &str = "147995105371";
pub(crate) const TRELICA: &str = "377450845233";

pub(crate) const ACCESS: &str = "OrganizationAccountAccessRole";
pub(crate) const SECURITY_ROLE: &str = "Workload_Security_Role_Cross";
pub(crate) const TRELICA_ROLE: &str = "TrelicaIntegration";
pub(crate) const OWN_ROLE: &str = "app-deployer";
pub(crate) const ROLES: [&str; 3] = [SECURITY_ROLE, TRELICA_ROLE, OWN_ROLE];

pub(crate) fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(crate) fn name(text: &str) -> RoleName {
    text.parse().unwrap()
}

/// An organization with an established member, the vendors, and the SSM parameter with an external ID.
pub(crate) fn organization() -> FakeOrganization {
    FakeOrganization::new("aws".parse().unwrap(), id(MANAGEMENT), id(IDENTITY))
        .with_member(&id(OLD), "old", AccountState::Active, from_unix_seconds(1_500_000_000))
        .with_outside_account(&id(WORKLOAD_SECURITY))
        .with_outside_account(&id(TRELICA))
        .with_identity(PIPELINE)
        .with_parameter(PARAMETER, SECURITY_ID)
}

/// Creates the new account, advances time until the creation event is sent, and returns the id of the creation request.
pub(crate) fn create_account(organization: &FakeOrganization, creation: AccountCreation) -> String {
    let request = organization.create_account_with("payments-dev", creation);
    assert_eq!(organization.finish_creation(&request), Some(id(NEW)));
    request
}

/// Creates a number of accounts that are ready to use.
pub(crate) fn create_accounts(organization: &FakeOrganization, count: usize) -> Vec<AccountId> {
    let create = |index| {
        let request = organization.create_account_with(&format!("account-{index}"), AccountCreation::default());
        organization.finish_creation(&request).unwrap()
    };
    (0..count).map(create).collect()
}
