//! Sessions in member accounts, from `sts:AssumeRole`.

use std::time::SystemTime;

use aws_credential_types::Credentials;

use super::Aws;
use super::clients::with_credentials;
use super::error::malformed;
use super::iam::IamSession;
use onboarding_core::error::ApiError;
use onboarding_core::limits::SESSION;
use onboarding_engine::ports::{AssumeRoleRequest, Inspect, Sessions};

impl Sessions for Aws {
    type Session = IamSession;

    /// Assumes the role for [`SESSION`]. It sets no source identity and no session tags: those need
    /// `sts:SetSourceIdentity` and `sts:TagSession`, which the trust policy that Organizations creates does not allow.
    async fn assume_role(&self, request: &AssumeRoleRequest) -> Result<IamSession, ApiError> {
        const CALL: &str = "sts:AssumeRole";
        let seconds = i32::try_from(SESSION.as_secs()).unwrap_or(i32::MAX);
        let response = self.send_as_management(CALL, |management| {
            let assume = management.sts.assume_role().role_arn(&request.role_arn);
            let assume = assume.role_session_name(&request.session_name).policy(&request.policy);
            let assume = assume.duration_seconds(seconds);
            async move {
                let asked_at = SystemTime::now();
                assume.send().await.map(|response| (asked_at, response))
            }
        });
        let (asked_at, response) = response.await?;
        let issued = response.credentials.ok_or_else(|| malformed(CALL, "credentials"))?;
        if let Ok(expires_at) = SystemTime::try_from(issued.expiration) {
            self.clock.learn(expires_at, asked_at);
        }
        let token = Some(issued.session_token);
        let credentials = Credentials::new(issued.access_key_id, issued.secret_access_key, token, None, "access-role");
        Ok(IamSession::new(&with_credentials(&self.config, credentials)))
    }

    async fn own_arn(&self) -> Result<String, ApiError> {
        self.caller_arn().await
    }
}
