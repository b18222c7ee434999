//! The ports that only the command line uses.

use onboarding_core::account::AccountId;
use onboarding_core::doctor::{FunctionFacts, OrganizationFacts, QueueFacts, RuleFacts, TrailFacts};
use onboarding_core::error::ApiError;
use onboarding_core::new_account::NewAccount;
use onboarding_core::organizational_unit::{Unit, UnitId};
use onboarding_core::rate::LimitedApi;

use super::{Governed, is_throttled};
use crate::ports::{
    Clock, Inspect, ManageAccounts, MemberPage, NewParameter, Paced, ParameterSettings, ParameterStore, Profiles,
    RequestPage, StoredParameter,
};

impl<W: ManageAccounts + Clock + Paced> ManageAccounts for Governed<W> {
    async fn members(&self, from: Option<String>) -> Result<MemberPage, ApiError> {
        self.call(LimitedApi::ListAccounts, self.inner.members(from)).await
    }

    /// The caller has waited: see [`Paced::may_request_account`](crate::ports::Paced::may_request_account).
    async fn request_account(&self, account: &NewAccount) -> Result<String, ApiError> {
        let result = self.inner.request_account(account).await;
        if is_throttled(&result) {
            self.governor.throttled(LimitedApi::CreateAccount, self.inner.now());
        }
        result
    }

    async fn requests_in_progress(&self, from: Option<String>) -> Result<RequestPage, ApiError> {
        self.call(LimitedApi::ReadOrganization, self.inner.requests_in_progress(from)).await
    }

    async fn parent(&self, account: &AccountId) -> Result<UnitId, ApiError> {
        self.call(LimitedApi::ListParents, self.inner.parent(account)).await
    }

    /// Each move follows a `ListParents`, whose rate it thus has.
    async fn move_account(&self, account: &AccountId, from: &UnitId, to: &UnitId) -> Result<(), ApiError> {
        self.inner.move_account(account, from, to).await
    }

    async fn root(&self) -> Result<Unit, ApiError> {
        self.call(LimitedApi::ReadOrganization, self.inner.root()).await
    }

    async fn unit(&self, id: &UnitId) -> Result<Option<Unit>, ApiError> {
        self.call(LimitedApi::ReadOrganization, self.inner.unit(id)).await
    }
}

impl<W: ParameterStore + Clock + Paced> ParameterStore for Governed<W> {
    async fn stored_parameter(&self, name: &str) -> Result<Option<StoredParameter>, ApiError> {
        self.call(LimitedApi::ReadParameters, self.inner.stored_parameter(name)).await
    }

    async fn parameter_settings(&self, name: &str) -> Result<Option<ParameterSettings>, ApiError> {
        self.inner.parameter_settings(name).await
    }

    async fn put_parameter(&self, new: &NewParameter<'_>) -> Result<i64, ApiError> {
        self.inner.put_parameter(new).await
    }

    async fn delete_parameters(&self, names: &[&str]) -> Result<(), ApiError> {
        self.inner.delete_parameters(names).await
    }
}

impl<W: Inspect> Inspect for Governed<W> {
    fn region_name(&self) -> String {
        self.inner.region_name()
    }

    async fn caller_arn(&self) -> Result<String, ApiError> {
        self.inner.caller_arn().await
    }

    async fn organization_facts(&self) -> Result<OrganizationFacts, ApiError> {
        self.inner.organization_facts().await
    }

    async fn trail_facts(&self) -> Result<Vec<TrailFacts>, ApiError> {
        self.inner.trail_facts().await
    }

    async fn function_facts(&self, name: &str) -> Result<Option<FunctionFacts>, ApiError> {
        self.inner.function_facts(name).await
    }

    async fn queue_facts(&self, url: &str) -> Result<QueueFacts, ApiError> {
        self.inner.queue_facts(url).await
    }

    async fn rules_with_target(&self, arn: &str) -> Result<Vec<RuleFacts>, ApiError> {
        self.inner.rules_with_target(arn).await
    }

    async fn table_state(&self, name: &str) -> Result<String, ApiError> {
        self.inner.table_state(name).await
    }

    async fn own_role_policies(&self, role: &str) -> Result<Vec<String>, ApiError> {
        self.inner.own_role_policies(role).await
    }
}

impl<W: Profiles> Profiles for Governed<W> {
    type Profile = W::Profile;
    type ProfileError = W::ProfileError;

    async fn profile(&self, name: &str) -> Result<Self::Profile, Self::ProfileError> {
        self.inner.profile(name).await
    }
}
