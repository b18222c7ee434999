//! Who is at work in which account, in SSM's parameter store. The version of a parameter tells who was first.

use aws_sdk_ssm::types::ParameterType;

use super::error::{api_error, malformed};
use super::parameters::Parameters;
use onboarding_core::account::AccountId;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::lease::Lease;
use onboarding_engine::ports::LeaseStore;

/// SSM's parameter store, with the function's own credentials.
#[derive(Debug, Clone)]
pub struct SsmLeases {
    parameters: aws_sdk_ssm::Client,
    /// Below which parameter accounts are claimed; without it nobody else is thought to be there.
    below: Option<String>,
}

impl SsmLeases {
    /// A shared client of SSM.
    #[must_use]
    pub fn new(parameters: &Parameters, below: Option<String>) -> Self {
        Self { parameters: parameters.0.clone(), below }
    }

    fn parameter(&self, account: &AccountId) -> Option<String> {
        self.below.as_ref().map(|below| format!("{below}/{account}"))
    }
}

impl LeaseStore for SsmLeases {
    async fn claimed(&self, account: &AccountId) -> Result<Option<(Lease, i64)>, ApiError> {
        const CALL: &str = "ssm:GetParameter";
        let Some(name) = self.parameter(account) else { return Ok(None) };
        match self.parameters.get_parameter().name(name).send().await.map_err(api_error(CALL)) {
            Ok(answer) => {
                let parameter = answer.parameter.ok_or_else(|| malformed(CALL, "parameter"))?;
                let claim = Lease::from_text(parameter.value().unwrap_or_default());
                Ok(Some((claim, parameter.version)))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A new version is one more than the last: another number says that somebody wrote in between.
    ///
    /// See <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html>.
    async fn claim(&self, account: &AccountId, claim: &Lease, seen: Option<i64>) -> Result<bool, ApiError> {
        const CALL: &str = "ssm:PutParameter";
        let Some(name) = self.parameter(account) else { return Ok(true) };
        let put = self.parameters.put_parameter().name(name).value(claim.to_text()).r#type(ParameterType::String);
        match put.overwrite(seen.is_some()).send().await.map_err(api_error(CALL)) {
            Ok(answer) => Ok(seen.is_none_or(|seen| answer.version == seen.saturating_add(1))),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A claim that is over, rather than none: a parameter that was deleted may not be made again for half a minute, and
    /// its versions would begin anew.
    ///
    /// See <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html>.
    async fn release(&self, account: &AccountId) -> Result<(), ApiError> {
        const CALL: &str = "ssm:PutParameter";
        let Some(name) = self.parameter(account) else { return Ok(()) };
        let over = self.parameters.put_parameter().name(name).value(Lease::default().to_text());
        over.r#type(ParameterType::String).overwrite(true).send().await.map(drop).map_err(api_error(CALL))
    }
}
