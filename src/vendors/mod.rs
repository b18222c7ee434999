//! Clients of the vendors' APIs, which register accounts with vendors that need it.

mod workload_security;

use self::workload_security::WorkloadSecurity;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::vendor::{Api, ApiAccess};
use onboarding_engine::ports::{Http, VendorApi};

/// The APIs of all vendors over one HTTP client.
#[derive(Debug, Clone)]
pub struct Vendors<H> {
    http: H,
}

impl<H: Http> Vendors<H> {
    /// Creates the clients.
    pub fn new(http: H) -> Self {
        Self { http }
    }
}

impl<H: Http + Send> VendorApi for Vendors<H> {
    async fn registered(
        &self,
        api: Api,
        access: &ApiAccess,
        account: &AccountId,
    ) -> Result<Vec<ExistingRegistration>, ApiError> {
        match api {
            Api::WorkloadSecurity => WorkloadSecurity::new(&self.http, access).search(account).await,
        }
    }

    async fn register(&self, access: &ApiAccess, registration: &RegistrationChange) -> Result<(), ApiError> {
        match registration.api {
            Api::WorkloadSecurity => WorkloadSecurity::new(&self.http, access).register(registration).await,
        }
    }
}
