//! Acting through a role of the management account, as a caller in another account does.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use crate::call::CallInfo;
use crate::hop::{Hop, HopSession};
use crate::organization::FakeOrganization;
use crate::permissions::{Request, denial_reason, denied, no_policy_allows};
use crate::rejection::Rejection;
use crate::session::{ASSUME, Presented};
use crate::state::State;
use crate::target::Target;
use crate::validate;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::management_role::{ManagementExternalId, ManagementRole};
use onboarding_core::policy::{Caller, Document, RequestContext, Verdict, permits};
use onboarding_core::role::RoleName;
use onboarding_core::session_policy;
use onboarding_core::time::after;
use onboarding_engine::ports::{Clock, ThroughManagement};

/// A chained session lasts one hour at most.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>.
const CHAINED_SESSION: Duration = Duration::from_secs(3600);

/// How long before its end a session is renewed.
const RENEWED_BEFORE: Duration = Duration::from_secs(300);

/// Who calls Organizations and assumes access roles.
pub(super) struct Acting {
    pub(super) caller: Caller,
    /// The role and the session policy, unless the caller acts itself.
    session: Option<(AccountId, RoleName, Arc<Document>)>,
}

impl ThroughManagement for FakeOrganization {
    fn through_management(mut self, role: &ManagementRole) -> Self {
        if self.caller.account == role.account {
            return self;
        }
        let hop = Hop { role: role.clone(), session: Mutex::default() };
        self.hop = Some(Arc::new(hop));
        self
    }
}

impl FakeOrganization {
    /// Who calls: the caller itself, or a session of the role in the management account.
    pub(super) async fn acting(&self) -> Result<Acting, ApiError> {
        let Some(hop) = &self.hop else { return Ok(Acting { caller: self.caller.clone(), session: None }) };
        let role = &hop.role;
        let mut session = hop.session.lock().await;
        let is_usable = |session: &&HopSession| session.expires > after(self.now(), RENEWED_BEFORE);
        let current = match session.as_ref().filter(is_usable) {
            Some(current) => current.clone(),
            None => {
                let made =
                    self.assume_management_role(role).await.map_err(|error| error.of_management_role(&role.arn))?;
                session.insert(made).clone()
            }
        };
        drop(session);
        let caller = Caller { account: role.account.clone(), arn: Some(role.arn.clone()) };
        let name = Target::from_arn(&role.arn).map(|target| target.role);
        let session = name.map(|name| (role.account.clone(), name, current.policy));
        Ok(Acting { caller, session })
    }

    async fn assume_management_role(&self, role: &ManagementRole) -> Result<HopSession, ApiError> {
        let target = Target::from_arn(&role.arn);
        let name = target.as_ref().map(|target| &target.role);
        let info = CallInfo { account: &role.account, call: ASSUME, role: name, write: false };
        self.perform_call(info, |state| {
            let target = target.as_ref().ok_or_else(|| validate::invalid(format!("{} is invalid", role.arn)))?;
            let policy = validate::session_policy(&session_policy::of_management(role))?;
            state.check_caller(&self.caller, target)?;
            let external_id = match &role.external_id {
                ManagementExternalId::Literal(id) => Some(id.to_secret().expose_secret().to_owned()),
                ManagementExternalId::Parameter(name) => state.parameters.get(name).cloned(),
            };
            let now = state.now;
            let seen = state.accounts.get_mut(&target.account).and_then(|account| account.read(&target.role, now));
            let presented = Presented::external_id(external_id.as_deref());
            state.check_trust(&self.caller, target, seen, "account-onboarding", presented)?;
            Ok(HopSession { policy: Arc::new(policy), expires: after(now, CHAINED_SESSION) })
        })
        .await
    }
}

impl Acting {
    /// Checks that the session, if there is one, may make a call.
    pub(super) fn check(&self, state: &State, action: &'static str, resource: &str) -> Result<(), Rejection> {
        let Some((account, name, policy)) = &self.session else { return Ok(()) };
        let context = RequestContext::complete();
        let request = Request { action, resource, context: &context };
        let role = state.accounts.get(account).and_then(|account| account.role(name));
        let reason = role.map_or_else(
            || Some(no_policy_allows("identity-based policy", action)),
            |role| denial_reason(&role.state, &request),
        );
        let is_within = matches!(permits(policy, action, resource, &context), Verdict::Allowed(_));
        match reason.or_else(|| (!is_within).then(|| no_policy_allows("session policy", action))) {
            Some(reason) => Err(denied(self.caller.arn.as_deref().unwrap_or_default(), &request, &reason)),
            None => Ok(()),
        }
    }

    /// Checks that a call to Organizations is made in the management account.
    pub(super) fn check_organization(&self, state: &State, action: &'static str) -> Result<(), Rejection> {
        if self.caller.account != state.management {
            return Err(Rejection::new("AccessDeniedException", "You don't have permissions to access this resource."));
        }
        self.check(state, action, "*")
    }
}
