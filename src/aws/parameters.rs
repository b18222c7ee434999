//! The configuration and secrets (external IDs and API keys), from SSM Parameter Store.

use aws_types::SdkConfig;
use secrecy::SecretString;

use super::error::{api_error, malformed};
use onboarding_core::error::ApiError;
use onboarding_engine::ports::Secrets;

/// A client of SSM Parameter Store with the caller's own credentials.
#[derive(Debug, Clone)]
pub struct Parameters(pub(super) aws_sdk_ssm::Client);

impl Parameters {
    /// Creates the client.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self(aws_sdk_ssm::Client::new(config))
    }
}

impl Secrets for Parameters {
    async fn parameter(&self, name: &str) -> Result<SecretString, ApiError> {
        const CALL: &str = "ssm:GetParameter";
        let response = self.0.get_parameter().name(name).with_decryption(true).send().await.map_err(api_error(CALL))?;
        let value = response.parameter.and_then(|parameter| parameter.value);
        value.map(SecretString::from).ok_or_else(|| malformed(CALL, "value"))
    }
}
