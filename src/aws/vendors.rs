//! The vendors' APIs over [`HttpClient`](super::HttpClient).

use super::Aws;
use crate::vendors;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::vendor::{Api, ApiAccess};
use onboarding_engine::ports::VendorApi;

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
    ) -> Result<(), ApiError> {
        vendors::register(&self.http, access, registration).await
    }
}
