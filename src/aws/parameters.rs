//! SSM Parameter Store: the configuration and secrets (external IDs and API keys). Both are only read.

use std::collections::BTreeMap;

use aws_sdk_ssm::types::ParameterType;
use secrecy::SecretString;

use super::Aws;
use super::error::malformed;
use onboarding_core::error::ApiError;
use onboarding_engine::ports::{ParameterKind, ParameterValue, Secrets};

impl Secrets for Aws {
    async fn parameter(&self, name: &str) -> Result<SecretString, ApiError> {
        const CALL: &str = "ssm:GetParameter";
        let get = self.ssm.get_parameter().name(name).with_decryption(true);
        let value = get.send().await.map_err(self.caller_error(CALL))?.parameter.and_then(|parameter| parameter.value);
        value.map(SecretString::from).ok_or_else(|| malformed(CALL, "value"))
    }

    async fn parameters(&self, names: &[&str]) -> Result<BTreeMap<String, ParameterValue>, ApiError> {
        const CALL: &str = "ssm:GetParameters";
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let get = self.ssm.get_parameters().set_names(Some(names)).with_decryption(true);
        let found = get.send().await.map_err(self.caller_error(CALL))?.parameters.unwrap_or_default();
        let named = found.into_iter().map(|parameter| {
            let kind = match parameter.r#type {
                Some(ParameterType::SecureString) => ParameterKind::Secure,
                _ => ParameterKind::Plain,
            };
            let value = parameter.value.map(SecretString::from);
            Some((parameter.name?, ParameterValue { value: value?, kind }))
        });
        named.map(|parameter| parameter.ok_or_else(|| malformed(CALL, "name and value"))).collect()
    }
}
