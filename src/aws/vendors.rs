//! The vendors' APIs over [`HttpClient`](super::HttpClient).

use super::Aws;
use crate::vendors;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::vendor::{Api, ApiAccess};
use onboarding_engine::ports::VendorApi;
use secrecy::SecretString;

impl VendorApi for Aws {
    async fn vendor_registrations(
        &self,
        api: Api,
        access: &ApiAccess,
        account: &AccountId,
    ) -> Result<Vec<ExistingRegistration>, ApiError> {
        vendors::registrations(&self.http, api, access, account).await
    }

    async fn register_with_vendor(
        &self,
        access: &ApiAccess,
        registration: &RegistrationChange,
    ) -> Result<Option<u64>, ApiError> {
        vendors::register(&self.http, access, registration).await
    }

    async fn deregister_from_vendor(&self, api: Api, access: &ApiAccess, registration: u64) -> Result<(), ApiError> {
        vendors::deregister(&self.http, api, access, registration).await
    }

    async fn vendor_external_id(&self, api: Api, access: &ApiAccess) -> Result<Option<SecretString>, ApiError> {
        vendors::external_id(&self.http, api, access).await
    }
}
