//! The port to the SSM parameters with the configuration, for the command line. The function only reads: see
//! [`Secrets`](super::Secrets).

use std::future::Future;

use secrecy::SecretString;

use super::ParameterKind;
use onboarding_core::config::deployed::ParameterTier;
use onboarding_core::error::ApiError;

/// Reads and writes SSM parameters.
pub trait ParameterStore: Sync {
    /// `ssm:GetParameter`: the present version, decrypted; `None` if there is no such parameter.
    fn stored_parameter(&self, name: &str) -> impl Future<Output = Result<Option<StoredParameter>, ApiError>> + Send;

    /// `ssm:DescribeParameters`: what a new version must repeat; `None` if there is no such parameter.
    fn parameter_settings(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<ParameterSettings>, ApiError>> + Send;

    /// `ssm:PutParameter`: creates the parameter or, with `overwrite`, a new version. Returns the version.
    fn put_parameter(&self, new: &NewParameter<'_>) -> impl Future<Output = Result<i64, ApiError>> + Send;

    /// `ssm:DeleteParameters`: deletes up to ten parameters. Those that do not exist are left out.
    fn delete_parameters(&self, names: &[&str]) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// The present version of a parameter.
#[derive(Debug, Clone)]
pub struct StoredParameter {
    /// The value, decrypted.
    pub value: SecretString,
    /// How it is stored.
    pub kind: ParameterKind,
    /// Its number, which starts at 1.
    pub version: i64,
}

/// The settings of a parameter. A new version does not inherit them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSettings {
    /// The tier.
    pub tier: ParameterTier,
    /// The KMS key of a `SecureString`.
    pub key: Option<String>,
}

/// A value to store.
#[derive(Debug, Clone)]
pub struct NewParameter<'a> {
    /// The name.
    pub name: &'a str,
    /// The value.
    pub value: &'a str,
    /// How to store it.
    pub kind: ParameterKind,
    /// The KMS key; none for the default key of Systems Manager.
    pub key: Option<&'a str>,
    /// The tier.
    pub tier: ParameterTier,
    /// Whether the parameter exists.
    pub write: ParameterWrite,
}

/// What a write expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterWrite {
    /// There is no parameter of this name.
    Create,
    /// There is one.
    Overwrite,
}
