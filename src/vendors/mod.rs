//! Clients of the vendors' APIs, which register accounts with vendors that need it.

mod workload_security;

use self::workload_security::WorkloadSecurity;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::vendor::{Api, ApiAccess};
use onboarding_engine::ports::Http;
use secrecy::SecretString;

/// The registrations of an account with a vendor.
///
/// # Errors
/// When the vendor does not answer, refuses, or answers something that is not in its documentation.
pub async fn registrations(
    http: &impl Http,
    api: Api,
    access: &ApiAccess,
    account: &AccountId,
) -> Result<Vec<ExistingRegistration>, ApiError> {
    match api {
        Api::WorkloadSecurity => WorkloadSecurity::new(http, access).search(account).await,
    }
}

/// Registers an account with a vendor, or changes its registration. Returns the ID of a registration that was made.
///
/// # Errors
/// When the vendor does not answer, or refuses.
pub async fn register(
    http: &impl Http,
    access: &ApiAccess,
    registration: &RegistrationChange,
) -> Result<Option<u64>, ApiError> {
    match registration.api {
        Api::WorkloadSecurity => WorkloadSecurity::new(http, access).register(registration).await,
    }
}

/// Removes a registration. It is not an error if the vendor has no such registration.
///
/// # Errors
/// When the vendor does not answer, or refuses.
pub async fn deregister(http: &impl Http, api: Api, access: &ApiAccess, registration: u64) -> Result<(), ApiError> {
    match api {
        Api::WorkloadSecurity => WorkloadSecurity::new(http, access).delete(registration).await,
    }
}

/// The external ID of the tenant, as the vendor returns it: not validated. `None` if the response has none.
///
/// # Errors
/// When the vendor does not answer, refuses, or answers something that is not JSON.
pub async fn external_id(http: &impl Http, api: Api, access: &ApiAccess) -> Result<Option<SecretString>, ApiError> {
    match api {
        Api::WorkloadSecurity => WorkloadSecurity::new(http, access).external_id().await,
    }
}
