//! Whether a session may make a call.
//!
//! As in AWS, a call is allowed only if no service control policy denies it, the policies of the access role and its
//! permissions boundary allow it, and the session policy allows it as well. The error message names the policy type that
//! denied the call, as AWS does, because the engine derives its diagnosis from it.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::account::{ControlPolicy, Rejection, SimAccount};
use super::organization::State;
use super::role_state::RoleState;
use super::session::Session;
use onboarding_core::policy::{Document, RequestContext, Verdict, permits};
use onboarding_core::role::RoleName;

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
        let existing = account.role(name).map(|role| &role.state);
        // A role that does not exist is authorized by its name only.
        let path = parameters.path.or(existing.map(|role| role.settings.path.as_str())).unwrap_or("/");
        let resource = name.arn(&state.partition, &self.account, path);
        let mut context = RequestContext::complete().with("aws:PrincipalAccount", self.account.as_str()).with(
            "aws:PrincipalArn",
            &account
                .role(&self.role)
                .map_or_else(String::new, |r| self.role.arn(&state.partition, &self.account, &r.state.settings.path)),
        );
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
        let request = Request { action, resource: &resource, context: &context };
        let role = account.role(&self.role).map(|role| &role.state);
        let reason = if denied_by_control_policy(account, ControlPolicy::Service, &request) {
            Some("with an explicit deny in a service control policy".to_owned())
        } else {
            role.map_or_else(
                || Some(no_policy_allows("identity-based policy", action)),
                |role| denial_reason(role, &request),
            )
        };
        let allowed = matches!(permits(&self.policy, action, &resource, &context), Verdict::Allowed(_));
        match reason.or_else(|| (!allowed).then(|| no_policy_allows("session policy", action))) {
            Some(reason) => Err(denied(&self.arn, &request, &reason)),
            None => Ok(()),
        }
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

/// A request to authorize.
pub(super) struct Request<'a> {
    pub(super) action: &'static str,
    pub(super) resource: &'a str,
    pub(super) context: &'a RequestContext,
}

impl Request<'_> {
    fn verdict(&self, policy: &Document) -> Verdict {
        permits(policy, self.action, self.resource, self.context)
    }
}

/// Whether a control policy of a kind, attached to an account, denies a request.
pub(super) fn denied_by_control_policy(account: &SimAccount, kind: ControlPolicy, request: &Request<'_>) -> bool {
    let denies = |policy: &Document| matches!(request.verdict(policy), Verdict::Denied(_));
    account.controls.iter().any(|(attached, policy)| *attached == kind && denies(policy))
}

/// The reason why the policies of a role and its permissions boundary deny a request, or `None` if they allow it.
pub(super) fn denial_reason(role: &RoleState, request: &Request<'_>) -> Option<String> {
    let inline: Vec<_> = role.policies.values().filter_map(|policy| Document::parse(&policy.0).ok()).collect();
    let verdicts: Vec<_> = inline.iter().map(|policy| request.verdict(policy)).collect();
    if verdicts.iter().any(|verdict| matches!(verdict, Verdict::Denied(_))) {
        return Some("with an explicit deny in an identity-based policy".to_owned());
    }
    let allowed = verdicts.iter().any(|verdict| matches!(verdict, Verdict::Allowed(_)));
    if !allowed && !role.attached.iter().any(|arn| managed_policy_allows(arn, request.action)) {
        return Some(no_policy_allows("identity-based policy", request.action));
    }
    let bounded = role.settings.boundary.as_ref().is_some_and(|arn| !managed_policy_allows(arn, request.action));
    bounded.then(|| no_policy_allows("permissions boundary", request.action))
}

/// Whether a managed policy allows an action. Only two AWS-managed policies are simulated; all others allow nothing.
fn managed_policy_allows(arn: &str, action: &str) -> bool {
    let iam = arn.ends_with(":aws:policy/IAMFullAccess") && action.starts_with("iam:");
    iam || arn.ends_with(":aws:policy/AdministratorAccess")
}

fn no_policy_allows(kind: &str, action: &str) -> String {
    format!("because no {kind} allows the {action} action")
}

/// The access denied error in the wording of AWS.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.
pub(super) fn denied(caller: &str, request: &Request<'_>, reason: &str) -> Rejection {
    let Request { action, resource, .. } = request;
    let message = format!("User: {caller} is not authorized to perform: {action} on resource: {resource} {reason}");
    Rejection::new("AccessDenied", message.trim_end())
}

fn transient_error(account: &SimAccount, now: SystemTime) -> Option<&str> {
    account.transient_errors.iter().find(|(_, until)| now < *until).map(|(code, _)| code.as_str())
}
