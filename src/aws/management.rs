//! Acting through a role of the management account: see [`ThroughManagement`].

use std::error::Error;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::Aws;
use super::clients::with_credentials;
use super::error::{api_error, malformed};
use onboarding_core::account::AccountId;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::management_role::{ManagementExternalId, ManagementRole};
use onboarding_core::session_policy;
use onboarding_engine::ports::{Inspect, Secrets, ThroughManagement};

const ASSUME: &str = "sts:AssumeRole";

/// A chained session lasts one hour at most.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>.
const CHAINED_SESSION: Duration = Duration::from_secs(3600);

/// How long before its end a session is renewed: longer than a run makes calls with it.
const RENEWED_BEFORE: Duration = Duration::from_secs(300);

/// The age from which a session is renewed if a call is denied: the sessions of the role that were issued before may have been
/// revoked. A permission that is missing for good thus costs one more session in this time, not one for each call.
const RENEWED_IF_DENIED_AFTER: Duration = Duration::from_secs(300);

/// The clients of the management account.
#[derive(Debug, Clone)]
pub(super) struct Management {
    pub(super) organizations: aws_sdk_organizations::Client,
    pub(super) sts: aws_sdk_sts::Client,
    /// The session that signs their calls; `None` for the caller's own credentials.
    session: Option<SessionTimes>,
}

/// When a session was issued, and when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SessionTimes {
    issued_at: SystemTime,
    expires_at: SystemTime,
    /// Counts the sessions of a role.
    number: u64,
}

/// A role of the management account, and the clients of its session.
#[derive(Debug)]
pub(super) struct Hop {
    role: ManagementRole,
    /// Locked while the role is assumed, so that concurrent calls assume it once.
    session: Mutex<HopSession>,
}

#[derive(Debug, Default)]
struct HopSession {
    current: Option<Management>,
    /// How many sessions there were.
    count: u64,
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
    /// Sends a request to Organizations, or one that assumes an access role: with the caller's credentials, or with a session of the
    /// role. If AWS no longer accepts the session, because the role was created again or its sessions were revoked, the request is
    /// sent once more with a new one.
    pub(super) async fn send_as_management<T, E, F>(
        &self,
        call: &'static str,
        send: impl Fn(&Management) -> F,
    ) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let management = self.management().await?;
        let Some(session) = management.session else {
            return send(&management).await.map_err(self.caller_error(call));
        };
        let error = match send(&management).await.map_err(api_error(call)) {
            Err(error) if is_refused(session, &error) => error,
            ended => return ended,
        };
        tracing::debug!("the session of the management role is renewed: {}", error.code);
        self.discard(session).await;
        send(&self.management().await?).await.map_err(api_error(call))
    }

    /// The clients that call Organizations and assume access roles: of the caller, or of a session of the role.
    async fn management(&self) -> Result<Management, ApiError> {
        let Some(hop) = &self.hop else { return Ok(self.own_management()) };
        let mut session = hop.session.lock().await;
        let renewed_at = SystemTime::now() + RENEWED_BEFORE;
        let is_usable = |current: &&Management| current.session.is_none_or(|session| session.expires_at > renewed_at);
        if let Some(current) = session.current.as_ref().filter(is_usable) {
            return Ok(current.clone());
        }
        let made = match self.is_in(&hop.role.account).await? {
            true => self.own_management(),
            false => self.assume_management_role(&hop.role, session.count).await?,
        };
        session.count += 1;
        Ok(session.current.insert(made).clone())
    }

    /// Forgets a session, unless another call has done so.
    async fn discard(&self, refused: SessionTimes) {
        let Some(hop) = &self.hop else { return };
        let mut session = hop.session.lock().await;
        session.current.take_if(|current| current.session == Some(refused));
    }

    fn own_management(&self) -> Management {
        Management { organizations: self.organizations.clone(), sts: self.sts.clone(), session: None }
    }

    async fn is_in(&self, account: &AccountId) -> Result<bool, ApiError> {
        Ok(AccountId::from_arn(&self.caller_arn().await?).as_ref() == Some(account))
    }

    async fn assume_management_role(&self, role: &ManagementRole, number: u64) -> Result<Management, ApiError> {
        let external_id = self.management_external_id(&role.external_id).await?;
        let assume = self.sts.assume_role().role_arn(&role.arn).role_session_name("account-onboarding");
        let assume = assume.external_id(external_id.expose_secret()).policy(session_policy::of_management(role));
        let seconds = i32::try_from(CHAINED_SESSION.as_secs()).unwrap_or(i32::MAX);
        let response = assume.duration_seconds(seconds).send().await;
        let response = response.map_err(|error| self.caller_error(ASSUME)(error).of_management_role(&role.arn))?;
        let issued = response.credentials.ok_or_else(|| malformed(ASSUME, "credentials"))?;
        let expires_at = SystemTime::try_from(issued.expiration).map_err(|_| malformed(ASSUME, "expiration"))?;
        let token = Some(issued.session_token);
        let credentials =
            Credentials::new(issued.access_key_id, issued.secret_access_key, token, None, "management-role");
        let config = with_credentials(&self.config, credentials);
        let issued_at = expires_at.checked_sub(CHAINED_SESSION).unwrap_or(expires_at);
        let organizations = aws_sdk_organizations::config::Builder::from(&config).interceptor(self.throttles.clone());
        let sts = aws_sdk_sts::config::Builder::from(&config).interceptor(self.throttles.clone());
        Ok(Management {
            organizations: aws_sdk_organizations::Client::from_conf(organizations.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
            session: Some(SessionTimes { issued_at, expires_at, number }),
        })
    }

    async fn management_external_id(&self, source: &ManagementExternalId) -> Result<SecretString, ApiError> {
        match source {
            ManagementExternalId::Literal(id) => Ok(id.to_secret()),
            ManagementExternalId::Parameter(name) => self.parameter(name).await,
        }
    }
}

/// Whether a new session may help where this one was refused.
///
/// STS also denies access because of the trust policy of an access role, which is about every session. Organizations does not say
/// why it denies access.
fn is_refused(session: SessionTimes, error: &ApiError) -> bool {
    match error.kind() {
        ErrorKind::Credentials => true,
        ErrorKind::AccessDenied => {
            let is_old = SystemTime::now() > session.issued_at + RENEWED_IF_DENIED_AFTER;
            is_old && (error.denial.is_by_the_caller() || error.call.starts_with("organizations:"))
        }
        _ => false,
    }
}
