//! Sessions in member accounts, from `sts:AssumeRole`.

use std::time::SystemTime;

use aws_credential_types::Credentials;

use super::Aws;
use super::clients::with_credentials;
use super::error::malformed;
use super::iam::IamSession;
use onboarding_core::error::ApiError;
use onboarding_core::limits::SESSION;
use onboarding_engine::ports::{AssumeRoleRequest, Sessions};

impl Sessions for Aws {
    type Session = IamSession;

    /// Assumes the role for [`SESSION`]. It sets no source identity and no session tags: those need
    /// `sts:SetSourceIdentity` and `sts:TagSession`, which the trust policy that Organizations creates does not allow.
    async fn assume_role(&self, request: &AssumeRoleRequest) -> Result<IamSession, ApiError> {
        const CALL: &str = "sts:AssumeRole";
        let management = self.management().await?;
        let assume = management.sts.assume_role().role_arn(&request.role_arn).role_session_name(&request.session_name);
        let asked_at = SystemTime::now();
        let seconds = i32::try_from(SESSION.as_secs()).unwrap_or(i32::MAX);
        let response =
            assume.policy(&request.policy).duration_seconds(seconds).send().await.map_err(self.caller_error(CALL))?;
        let issued = response.credentials.ok_or_else(|| malformed(CALL, "credentials"))?;
        if let Ok(expires_at) = SystemTime::try_from(issued.expiration) {
            self.clock.learn(expires_at, asked_at);
        }
        let token = Some(issued.session_token);
        let credentials = Credentials::new(issued.access_key_id, issued.secret_access_key, token, None, "access-role");
        Ok(IamSession::new(&with_credentials(&self.config, credentials)))
    }
}
