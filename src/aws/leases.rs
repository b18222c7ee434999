//! Account leases in SSM Parameter Store: one parameter per account, with compare-and-swap by version.
//!
//! Parameter Store has no conditional write, so acquiring a lease uses two properties of `PutParameter`:
//!
//! - Without `Overwrite`, only one of several concurrent calls creates the parameter. The others fail with
//!   `ParameterAlreadyExists`.
//! - With `Overwrite`, each call increments the version by one. A run that read version 7 has replaced exactly that
//!   version if its write returns 8. If it returns 9, another run wrote in between and was first. The loser has
//!   overwritten the winner's value, but the winner already knows that it holds the lease, and the loser does not write
//!   to the account.
//!
//! Releasing writes an expired lease instead of deleting the parameter.

use aws_sdk_ssm::types::ParameterType;

use super::error::{api_error, malformed};
use super::parameters::Parameters;
use onboarding_core::account::AccountId;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::lease::Lease;
use onboarding_engine::ports::LeaseStore;

/// A client of SSM Parameter Store with the caller's own credentials.
#[derive(Debug, Clone)]
pub struct SsmLeases {
    parameters: aws_sdk_ssm::Client,
    /// The prefix of the parameters. Without it there are no leases, and every lease is granted.
    prefix: Option<String>,
}

impl SsmLeases {
    /// Leases over the SSM client of `parameters`, in parameters below a prefix.
    #[must_use]
    pub fn new(parameters: &Parameters, prefix: Option<String>) -> Self {
        Self { parameters: parameters.0.clone(), prefix }
    }

    fn parameter(&self, account: &AccountId) -> Option<String> {
        self.prefix.as_ref().map(|prefix| format!("{prefix}/{account}"))
    }
}

impl LeaseStore for SsmLeases {
    async fn current(&self, account: &AccountId) -> Result<Option<(Lease, i64)>, ApiError> {
        const CALL: &str = "ssm:GetParameter";
        let Some(name) = self.parameter(account) else { return Ok(None) };
        match self.parameters.get_parameter().name(name).send().await.map_err(api_error(CALL)) {
            Ok(response) => {
                let parameter = response.parameter.ok_or_else(|| malformed(CALL, "parameter"))?;
                let lease = Lease::from_text(parameter.value().unwrap_or_default());
                Ok(Some((lease, parameter.version)))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The new version is one more than the previous one. Any other number means that another run wrote in between.
    ///
    /// See <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html>.
    async fn try_acquire(&self, account: &AccountId, lease: &Lease, seen: Option<i64>) -> Result<bool, ApiError> {
        const CALL: &str = "ssm:PutParameter";
        let Some(name) = self.parameter(account) else { return Ok(true) };
        let put = self.parameters.put_parameter().name(name).value(lease.to_text()).r#type(ParameterType::String);
        match put.overwrite(seen.is_some()).send().await.map_err(api_error(CALL)) {
            Ok(response) => Ok(seen.is_none_or(|seen| response.version == seen.saturating_add(1))),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes an expired lease. The parameter is not deleted because a deleted parameter cannot be created again for 30
    /// seconds, and its versions would restart at 1.
    ///
    /// See <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html>.
    async fn release(&self, account: &AccountId) -> Result<(), ApiError> {
        const CALL: &str = "ssm:PutParameter";
        let Some(name) = self.parameter(account) else { return Ok(()) };
        let expired = self.parameters.put_parameter().name(name).value(Lease::default().to_text());
        expired.r#type(ParameterType::String).overwrite(true).send().await.map(drop).map_err(api_error(CALL))
    }
}
