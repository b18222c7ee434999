//! Whether the policies of a role and the control policies of an account deny a request, with the reason in the wording of
//! AWS.

use crate::account::{ControlPolicy, SimAccount};
use crate::rejection::Rejection;
use crate::role_state::RoleState;
use onboarding_core::policy::{Document, RequestContext, Verdict, permits};

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

/// Whether a managed policy allows an action. Only three AWS-managed policies are simulated; all others allow nothing.
fn managed_policy_allows(arn: &str, action: &str) -> bool {
    let iam = arn.ends_with(":aws:policy/IAMFullAccess") && action.starts_with("iam:");
    let administers = ["iam:", "organizations:", "account:"].iter().any(|service| action.starts_with(service));
    let power_user = arn.ends_with(":aws:policy/PowerUserAccess") && !administers;
    iam || power_user || arn.ends_with(":aws:policy/AdministratorAccess")
}

/// The reason why a kind of policy denies an action that it does not mention.
pub(super) fn no_policy_allows(kind: &str, action: &str) -> String {
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
