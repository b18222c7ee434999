//! Registration with vendors, by their own APIs.

mod workload_security;

use self::workload_security::WorkloadSecurity;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::Registered;
use onboarding_core::plan::VendorEntry;
use onboarding_core::vendor::{Access, Api};
use onboarding_engine::ports::{Http, Registrar};

/// The APIs of vendors, over one HTTP client.
#[derive(Debug, Clone)]
pub struct Vendors<H> {
    http: H,
}

impl<H: Http> Vendors<H> {
    /// The APIs on a client.
    pub fn new(http: H) -> Self {
        Self { http }
    }
}

impl<H: Http + Send> Registrar for Vendors<H> {
    async fn registered(&self, api: Api, access: &Access, account: &AccountId) -> Result<Vec<Registered>, ApiError> {
        match api {
            Api::WorkloadSecurity => WorkloadSecurity::new(&self.http, access).search(account).await,
        }
    }

    async fn register(&self, access: &Access, entry: &VendorEntry) -> Result<(), ApiError> {
        match entry.api {
            Api::WorkloadSecurity => WorkloadSecurity::new(&self.http, access).tell(entry).await,
        }
    }
}
