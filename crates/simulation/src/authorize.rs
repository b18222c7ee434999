//! Whether a session may make a call.
//!
//! As in AWS, a call is allowed only if no service control policy denies it, the policies of the access role and its
//! permissions boundary allow it, and the session policy allows it as well. The error message names the policy type that
//! denied the call, as AWS does, because the engine derives its diagnosis from it.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::account::{ControlPolicy, SimAccount};
use crate::permissions::{Request, denial_reason, denied, denied_by_control_policy, no_policy_allows};
use crate::rejection::Rejection;
use crate::role_state::Role;
use crate::session::Session;
use crate::state::State;
use onboarding_core::account::AccountId;
use onboarding_core::policy::{RequestContext, Verdict, permits};
use onboarding_core::role::RoleName;
use onboarding_core::time::{since, to_policy_date};

/// The request parameters, in addition to the role name, that condition keys refer to.
#[derive(Default)]
pub(super) struct RequestParameters<'a> {
    /// The path of the role to create.
    pub(super) path: Option<&'a str>,
    /// `iam:PolicyARN`.
    pub(super) policy: Option<&'a str>,
    /// `iam:PermissionsBoundary`, if the call sets one.
    pub(super) boundary: Option<&'a str>,
    /// `aws:RequestTag/…`.
    pub(super) tags: Option<&'a BTreeMap<String, String>>,
}

impl Session {
    /// Checks that the credentials are valid and that they allow this action on this role.
    pub(super) fn authorize(
        &self,
        state: &State,
        action: &'static str,
        name: &RoleName,
        parameters: &RequestParameters<'_>,
    ) -> Result<(), Rejection> {
        self.check_credentials(state)?;
        let account = state.account(&self.account)?;
        if let Some(code) = transient_error(account, state.now) {
            return Err(Rejection::new(code, "The account is not ready for this service yet."));
        }
        let own = account.role(&self.role).filter(|role| role.id == self.role_id);
        let existing = account.role(name).map(|role| &role.state);
        // A role that does not exist is authorized by its name only.
        let path = parameters.path.or(existing.map(|role| role.settings.path.as_str())).unwrap_or("/");
        let resource = name.arn(&state.partition, &self.account, path);
        let mut context = session_context(state, &self.account, own, self.issued_at);
        if let Some(arn) = parameters.policy {
            context = context.with("iam:PolicyARN", arn);
        }
        if let Some(arn) = parameters.boundary.or(existing.and_then(|role| role.settings.boundary.as_deref())) {
            context = context.with("iam:PermissionsBoundary", arn);
        }
        for (key, value) in parameters.tags.into_iter().flatten() {
            context = context.with(&format!("aws:RequestTag/{key}"), value);
        }
        for (key, value) in existing.into_iter().flat_map(|role| &role.settings.tags) {
            context =
                context.with(&format!("aws:ResourceTag/{key}"), value).with(&format!("iam:ResourceTag/{key}"), value);
        }
        self.decide(account, own, &Request { action, resource: &resource, context: &context })
    }

    /// Whether every policy allows a request.
    fn decide(&self, account: &SimAccount, own: Option<&Role>, request: &Request<'_>) -> Result<(), Rejection> {
        let Request { action, resource, context } = *request;
        let reason = if denied_by_control_policy(account, ControlPolicy::Service, request) {
            Some("with an explicit deny in a service control policy".to_owned())
        } else {
            own.map_or_else(
                || Some(no_policy_allows("identity-based policy", action)),
                |role| denial_reason(&role.state, request),
            )
        };
        let allowed = matches!(permits(&self.policy, action, resource, context), Verdict::Allowed(_));
        match reason.or_else(|| (!allowed).then(|| no_policy_allows("session policy", action))) {
            Some(reason) => Err(denied(&self.arn, request, &reason)),
            None => Ok(()),
        }
    }

    /// Checks that the credentials are valid and that they allow an action that is not about one role: its resource is `*`.
    pub(super) fn authorize_for_all_roles(&self, state: &State, action: &'static str) -> Result<(), Rejection> {
        self.check_credentials(state)?;
        let account = state.account(&self.account)?;
        if let Some(code) = transient_error(account, state.now) {
            return Err(Rejection::new(code, "The account is not ready for this service yet."));
        }
        let own = account.role(&self.role).filter(|role| role.id == self.role_id);
        let context = session_context(state, &self.account, own, self.issued_at);
        let request = Request { action, resource: "*", context: &context };
        self.decide(account, own, &request)
    }

    /// Checks that the session has not expired and that STS accepts its credentials.
    pub(super) fn check_credentials(&self, state: &State) -> Result<(), Rejection> {
        if state.now >= self.expires {
            return Err(Rejection::new("ExpiredToken", "The security token included in the request is expired"));
        }
        match transient_error(state.account(&self.account)?, state.now) {
            Some(code @ "InvalidClientTokenId") => {
                Err(Rejection::new(code, "The security token included in the request is invalid."))
            }
            _ => Ok(()),
        }
    }
}

/// The condition keys of every request that a session of a role makes.
pub(super) fn session_context(
    state: &State,
    account: &AccountId,
    role: Option<&Role>,
    issued_at: SystemTime,
) -> RequestContext {
    let arn = role.map(|role| role.name.arn(&state.partition, account, &role.state.settings.path));
    // The time of issue has no fraction of a second.
    let issued_at = UNIX_EPOCH + Duration::from_secs(since(UNIX_EPOCH, issued_at).as_secs());
    RequestContext::complete()
        .with("aws:PrincipalAccount", account.as_str())
        .with("aws:PrincipalArn", &arn.unwrap_or_default())
        .with("aws:TokenIssueTime", &to_policy_date(issued_at).unwrap_or_default())
        .with("aws:CurrentTime", &to_policy_date(state.now).unwrap_or_default())
}

fn transient_error(account: &SimAccount, now: SystemTime) -> Option<&str> {
    account.transient_errors.iter().find(|(_, until)| now < *until).map(|(code, _)| code.as_str())
}
