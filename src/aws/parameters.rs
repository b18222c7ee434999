//! SSM Parameter Store: the configuration and secrets (external IDs and API keys), and the parameters in which the function
//! keeps leases and notification records.

use std::collections::BTreeMap;

use aws_sdk_ssm::types::{Parameter, ParameterType};
use secrecy::SecretString;

use super::Aws;
use super::error::{api_error, malformed};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_engine::ports::{ParameterKind, ParameterValue, Secrets, WriteMode};

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

impl Aws {
    /// A parameter of the function; `None` if it does not exist.
    pub(super) async fn stored(&self, name: String) -> Result<Option<Parameter>, ApiError> {
        const CALL: &str = "ssm:GetParameter";
        match self.ssm.get_parameter().name(name).send().await.map_err(api_error(CALL)) {
            Ok(response) => response.parameter.map(Some).ok_or_else(|| malformed(CALL, "parameter")),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Stores a parameter of the function, and returns its new version; `None` if it exists and is not to be replaced.
    pub(super) async fn store(&self, name: String, value: String, write: WriteMode) -> Result<Option<i64>, ApiError> {
        const CALL: &str = "ssm:PutParameter";
        let put = self
            .ssm
            .put_parameter()
            .name(name)
            .value(value)
            .r#type(ParameterType::String)
            .overwrite(write == WriteMode::Replace);
        match put.send().await.map_err(api_error(CALL)) {
            Ok(response) => Ok(Some(response.version)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes a parameter of the function, if it exists.
    pub(super) async fn remove(&self, name: String) -> Result<(), ApiError> {
        match self.ssm.delete_parameter().name(name).send().await.map_err(api_error("ssm:DeleteParameter")) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
