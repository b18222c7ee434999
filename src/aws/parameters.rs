//! SSM Parameter Store: the configuration and secrets (external IDs and API keys). Both are only read.

use std::collections::BTreeMap;

use aws_sdk_ssm::types::ParameterType;
use secrecy::SecretString;

use super::Aws;
use super::error::malformed;
use onboarding_core::error::ApiError;
use onboarding_engine::ports::{ParameterKind, ParameterPage, ParameterValue, Secrets};

/// The most parameters of a page.
///
/// See <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html>.
const PAGE: i32 = 10;

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
            let kind = kind(parameter.r#type.as_ref());
            let value = parameter.value.map(SecretString::from);
            Some((parameter.name?, ParameterValue { value: value?, kind }))
        });
        named.map(|parameter| parameter.ok_or_else(|| malformed(CALL, "name and value"))).collect()
    }

    async fn parameters_below(&self, path: &str, from: Option<String>) -> Result<ParameterPage, ApiError> {
        const CALL: &str = "ssm:GetParametersByPath";
        // IAM authorizes the path as it is sent: with a slash at the end it would be another resource.
        let get = self.ssm.get_parameters_by_path().path(path).recursive(true).with_decryption(false);
        let get = get.max_results(PAGE).set_next_token(from);
        let found = get.send().await.map_err(self.caller_error(CALL))?;
        let named = found.parameters.unwrap_or_default().into_iter();
        let named = named.map(|parameter| Some((parameter.name?, parameter.value?)));
        let parameters: Result<_, _> = named.map(|one| one.ok_or_else(|| malformed(CALL, "name and value"))).collect();
        Ok(ParameterPage { parameters: parameters?, next: found.next_token.filter(|token| !token.is_empty()) })
    }
}

/// How a value is stored.
pub(super) fn kind(wire: Option<&ParameterType>) -> ParameterKind {
    match wire {
        Some(ParameterType::SecureString) => ParameterKind::Secure,
        Some(ParameterType::StringList) => ParameterKind::List,
        _ => ParameterKind::Plain,
    }
}
