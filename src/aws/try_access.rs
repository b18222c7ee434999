//! Attempts to assume roles with the credentials of a profile: `onboard verify --as`.

use std::error::Error;

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;
use secrecy::{ExposeSecret, SecretString};

use super::Aws;
use super::clients::{ClientsError, caller_config, with_credentials};
use super::error::{api_error, malformed};
use super::error_chain::chain;
use super::profiles;
use onboarding_core::error::ApiError;
use onboarding_core::limits::SESSION;
use onboarding_core::verify::{ATTEMPT_POLICY, ATTEMPT_SESSION, Attempt, KeyKind};
use onboarding_engine::ports::{Inspect, Profiles, TryAccess};

/// The credentials of a profile.
#[derive(Debug)]
pub struct ProfileAccess {
    /// Its credentials are static: those that were loaded first.
    config: SdkConfig,
    keys: KeyKind,
    mfa_serial: Option<String>,
}

impl Profiles for Aws {
    type Profile = ProfileAccess;
    type ProfileError = ClientsError;

    async fn profile(&self, name: &str) -> Result<ProfileAccess, ClientsError> {
        let config = caller_config(name, Some(&self.region_name())).await?.sdk;
        let provider = config.credentials_provider().ok_or_else(|| ClientsError::Unloaded("it has none".into()))?;
        let loaded = provider.provide_credentials().await;
        let credentials = loaded.map_err(|error| ClientsError::Unloaded(chain(&error).as_str().into()))?;
        let keys = if credentials.session_token().is_none() { KeyKind::LongTerm } else { KeyKind::Temporary };
        let mfa_serial = profiles::mfa_serial(name).await;
        Ok(ProfileAccess { config: with_credentials(&config, credentials), keys, mfa_serial })
    }
}

impl TryAccess for ProfileAccess {
    fn mfa_serial(&self) -> Option<&str> {
        self.mfa_serial.as_deref()
    }

    async fn identity(&self) -> Result<(String, KeyKind), ApiError> {
        Ok((caller_arn(&self.config).await?, self.keys))
    }

    async fn with_mfa(&self, serial: &str, code: &SecretString) -> Result<Self, ApiError> {
        const CALL: &str = "sts:GetSessionToken";
        let sts = aws_sdk_sts::Client::new(&self.config);
        let get = sts.get_session_token().serial_number(serial).token_code(code.expose_secret());
        let issued = get.duration_seconds(seconds()).send().await.map_err(user_error(CALL))?;
        let issued = issued.credentials.ok_or_else(|| malformed(CALL, "credentials"))?;
        let config = with_credentials(&self.config, credentials(issued, "mfa"));
        Ok(Self { config, keys: KeyKind::Temporary, mfa_serial: None })
    }

    async fn assume_and_identify(&self, attempt: &Attempt) -> Result<String, ApiError> {
        const CALL: &str = "sts:AssumeRole";
        let sts = aws_sdk_sts::Client::new(&self.config);
        let assume = sts.assume_role().role_arn(&attempt.role_arn).role_session_name(ATTEMPT_SESSION);
        let assume = assume.policy(ATTEMPT_POLICY).duration_seconds(seconds());
        let external_id = attempt.external_id().map(|id| id.expose_secret().to_owned());
        let issued = assume.set_external_id(external_id).send().await.map_err(user_error(CALL))?;
        let issued = issued.credentials.ok_or_else(|| malformed(CALL, "credentials"))?;
        caller_arn(&with_credentials(&self.config, credentials(issued, "attempt"))).await
    }
}

async fn caller_arn(config: &SdkConfig) -> Result<String, ApiError> {
    const CALL: &str = "sts:GetCallerIdentity";
    let identity = aws_sdk_sts::Client::new(config).get_caller_identity().send().await.map_err(user_error(CALL))?;
    identity.arn.ok_or_else(|| malformed(CALL, "ARN"))
}

/// Converts the SDK error of a call with credentials that only the user can replace.
fn user_error<E>(call: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> ApiError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let convert = api_error(call);
    move |error| convert(error).with_fixed_credentials()
}

fn credentials(issued: aws_sdk_sts::types::Credentials, provider: &'static str) -> Credentials {
    let token = Some(issued.session_token);
    Credentials::new(issued.access_key_id, issued.secret_access_key, token, None, provider)
}

fn seconds() -> i32 {
    i32::try_from(SESSION.as_secs()).unwrap_or(i32::MAX)
}
