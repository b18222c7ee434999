//! The way into accounts, by sts:AssumeRole.

use aws_credential_types::Credentials;
use aws_types::SdkConfig;

use super::clients::with_credentials;
use super::error::{api_error, malformed};
use super::iam::IamSession;
use onboarding_core::error::ApiError;
use onboarding_engine::ports::{AssumeRoleRequest, Sessions};

/// STS, with the function's own credentials.
#[derive(Debug, Clone)]
pub struct Sts {
    client: aws_sdk_sts::Client,
    config: SdkConfig,
}

impl Sts {
    /// A client on a configuration.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: aws_sdk_sts::Client::new(config), config: config.clone() }
    }
}

impl Sessions for Sts {
    type Session = IamSession;

    /// No source identity and no session tags: the trust policy that Organizations makes denies a call with either.
    async fn enter(&self, entry: &AssumeRoleRequest) -> Result<IamSession, ApiError> {
        const CALL: &str = "sts:AssumeRole";
        let assume = self.client.assume_role().role_arn(&entry.role_arn).role_session_name(&entry.session_name);
        let answer = assume.policy(&entry.policy).duration_seconds(900).send().await.map_err(api_error(CALL))?;
        let given = answer.credentials.ok_or_else(|| malformed(CALL, "credentials"))?;
        let token = Some(given.session_token);
        let credentials = Credentials::new(given.access_key_id, given.secret_access_key, token, None, "access-role");
        Ok(IamSession::new(&with_credentials(&self.config, credentials)))
    }
}
