//! Acting through a role of the management account: see [`ThroughManagement`].

use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::Aws;
use super::clients::with_credentials;
use super::error::malformed;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::management_role::{ManagementExternalId, ManagementRole};
use onboarding_core::session_policy;
use onboarding_engine::ports::{Inspect, Secrets, ThroughManagement};

const ASSUME: &str = "sts:AssumeRole";

/// A chained session lasts one hour at most.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>.
const CHAINED_SESSION_SECONDS: i32 = 3600;

/// How long before its end a session is renewed: longer than a run makes calls with it.
const RENEWED_BEFORE: Duration = Duration::from_secs(300);

/// The clients of the management account.
#[derive(Debug, Clone)]
pub(super) struct Management {
    pub(super) organizations: aws_sdk_organizations::Client,
    pub(super) sts: aws_sdk_sts::Client,
}

/// A role of the management account, and the clients of its session.
#[derive(Debug)]
pub(super) struct Hop {
    role: ManagementRole,
    /// Locked while the role is assumed, so that concurrent calls assume it once.
    session: Mutex<Option<HopSession>>,
}

#[derive(Debug)]
struct HopSession {
    management: Management,
    /// When the session ends; `None` if the caller is in the management account and needs none.
    expires_at: Option<SystemTime>,
}

impl ThroughManagement for Aws {
    fn through_management(self, role: &ManagementRole) -> Self {
        let mut newest = self.newest_hop.lock().unwrap_or_else(PoisonError::into_inner);
        let known = newest.take().filter(|hop| hop.role.is_same(role));
        let hop = known.unwrap_or_else(|| Arc::new(Hop { role: role.clone(), session: Mutex::default() }));
        *newest = Some(Arc::clone(&hop));
        drop(newest);
        Self { hop: Some(hop), ..self }
    }
}

impl Aws {
    /// The clients that call Organizations and assume access roles: of the caller, or of a session of the role.
    pub(super) async fn management(&self) -> Result<Management, ApiError> {
        let Some(hop) = &self.hop else { return Ok(self.own_management()) };
        let mut session = hop.session.lock().await;
        let renewed_at = SystemTime::now() + RENEWED_BEFORE;
        let is_usable = |session: &&HopSession| session.expires_at.is_none_or(|end| end > renewed_at);
        if let Some(current) = session.as_ref().filter(is_usable) {
            return Ok(current.management.clone());
        }
        let made = match self.is_in(&hop.role.account).await? {
            true => HopSession { management: self.own_management(), expires_at: None },
            false => self.assume_management_role(&hop.role).await?,
        };
        Ok(session.insert(made).management.clone())
    }

    fn own_management(&self) -> Management {
        Management { organizations: self.organizations.clone(), sts: self.sts.clone() }
    }

    async fn is_in(&self, account: &AccountId) -> Result<bool, ApiError> {
        Ok(AccountId::from_arn(&self.caller_arn().await?).as_ref() == Some(account))
    }

    async fn assume_management_role(&self, role: &ManagementRole) -> Result<HopSession, ApiError> {
        let external_id = self.management_external_id(&role.external_id).await?;
        let assume = self.sts.assume_role().role_arn(&role.arn).role_session_name("account-onboarding");
        let assume = assume.external_id(external_id.expose_secret()).policy(session_policy::of_management(role));
        let response = assume.duration_seconds(CHAINED_SESSION_SECONDS).send().await;
        let response = response.map_err(|error| self.caller_error(ASSUME)(error).of_management_role(&role.arn))?;
        let issued = response.credentials.ok_or_else(|| malformed(ASSUME, "credentials"))?;
        let expires_at = SystemTime::try_from(issued.expiration).map_err(|_| malformed(ASSUME, "expiration"))?;
        let token = Some(issued.session_token);
        let credentials =
            Credentials::new(issued.access_key_id, issued.secret_access_key, token, None, "management-role");
        let config = with_credentials(&self.config, credentials);
        let management = Management {
            organizations: aws_sdk_organizations::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
        };
        Ok(HopSession { management, expires_at: Some(expires_at) })
    }

    async fn management_external_id(&self, source: &ManagementExternalId) -> Result<SecretString, ApiError> {
        match source {
            ManagementExternalId::Literal(id) => Ok(id.to_secret()),
            ManagementExternalId::Parameter(name) => self.parameter(name).await,
        }
    }
}
