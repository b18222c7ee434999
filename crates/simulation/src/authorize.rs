//! Whether a session may make a call: control policies, the access role's permissions, the session policy.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.

use std::collections::BTreeMap;

use super::account::{Control, Rejection, SimAccount};
use super::organization::State;
use super::role_state::RoleState;
use super::session::Session;
use onboarding_core::policy::{Document, RequestContext, Verdict, permits};
use onboarding_core::role::RoleName;

/// What a call asks for, beside the role's name.
#[derive(Default)]
pub(super) struct Asked<'a> {
    /// The path of a role to be made.
    pub(super) path: Option<&'a str>,
    /// `iam:PolicyARN`.
    pub(super) policy: Option<&'a str>,
    /// `iam:PermissionsBoundary`, where the call names one.
    pub(super) boundary: Option<&'a str>,
    /// `aws:RequestTag/…`.
    pub(super) tags: Option<&'a BTreeMap<String, String>>,
}

impl Session {
    /// Checks the credentials, and then that they let this action be done to this role.
    pub(super) fn authorize(
        &self,
        state: &State,
        action: &'static str,
        name: &RoleName,
        asked: &Asked<'_>,
    ) -> Result<(), Rejection> {
        self.check_credentials(state)?;
        let account = state.account(&self.account)?;
        if let Some(code) = hiccup(account, state.now) {
            return Err(Rejection::new(code, "The account is not ready for this service yet."));
        }
        let existing = account.role(name).map(|role| &role.state);
        // A role that is not there is judged by the name alone.
        let path = asked.path.or(existing.map(|role| role.path.as_str())).unwrap_or("/");
        let resource = name.arn(&state.partition, &self.account, path);
        let mut facts = RequestContext::complete().with("aws:PrincipalAccount", self.account.as_str()).with(
            "aws:PrincipalArn",
            &account
                .role(&self.role)
                .map_or_else(String::new, |r| self.role.arn(&state.partition, &self.account, &r.state.path)),
        );
        if let Some(arn) = asked.policy {
            facts = facts.with("iam:PolicyARN", arn);
        }
        if let Some(arn) = asked.boundary.or(existing.and_then(|role| role.boundary.as_deref())) {
            facts = facts.with("iam:PermissionsBoundary", arn);
        }
        for (key, value) in asked.tags.into_iter().flatten() {
            facts = facts.with(&format!("aws:RequestTag/{key}"), value);
        }
        for (key, value) in existing.into_iter().flat_map(|role| &role.tags) {
            facts = facts.with(&format!("aws:ResourceTag/{key}"), value).with(&format!("iam:ResourceTag/{key}"), value);
        }
        let request = Request { action, resource: &resource, facts: &facts };
        let role = account.role(&self.role).map(|role| &role.state);
        let why = if is_controlled(account, Control::Service, &request) {
            Some("with an explicit deny in a service control policy".to_owned())
        } else {
            role.map_or_else(|| Some(none_allows("identity-based policy", action)), |role| why_not(role, &request))
        };
        let allowed = matches!(permits(&self.policy, action, &resource, &facts), Verdict::Allowed(_));
        match why.or_else(|| (!allowed).then(|| none_allows("session policy", action))) {
            Some(why) => Err(denied(&self.arn, &request, &why)),
            None => Ok(()),
        }
    }

    /// Checks that the session has not ended, and that STS knows it.
    pub(super) fn check_credentials(&self, state: &State) -> Result<(), Rejection> {
        if state.now >= self.expires {
            return Err(Rejection::new("ExpiredToken", "The security token included in the request is expired"));
        }
        match hiccup(state.account(&self.account)?, state.now) {
            Some(code @ "InvalidClientTokenId") => {
                Err(Rejection::new(code, "The security token included in the request is invalid."))
            }
            _ => Ok(()),
        }
    }
}

/// What somebody asks to do.
pub(super) struct Request<'a> {
    pub(super) action: &'static str,
    pub(super) resource: &'a str,
    pub(super) facts: &'a RequestContext,
}

impl Request<'_> {
    fn verdict(&self, policy: &Document) -> Verdict {
        permits(policy, self.action, self.resource, self.facts)
    }
}

/// Whether a control policy of a kind, on an account, denies a request.
pub(super) fn is_controlled(account: &SimAccount, kind: Control, request: &Request<'_>) -> bool {
    let denies = |policy: &Document| matches!(request.verdict(policy), Verdict::Denied(_));
    account.controls.iter().any(|(of, policy)| *of == kind && denies(policy))
}

/// Why a role's own policies and its boundary do not allow a request, if they do not.
pub(super) fn why_not(role: &RoleState, request: &Request<'_>) -> Option<String> {
    let inline: Vec<_> = role.policies.values().filter_map(|policy| Document::parse(&policy.0).ok()).collect();
    let verdicts: Vec<_> = inline.iter().map(|policy| request.verdict(policy)).collect();
    if verdicts.iter().any(|verdict| matches!(verdict, Verdict::Denied(_))) {
        return Some("with an explicit deny in an identity-based policy".to_owned());
    }
    let allowed = verdicts.iter().any(|verdict| matches!(verdict, Verdict::Allowed(_)));
    if !allowed && !role.attached.iter().any(|arn| is_known(arn, request.action)) {
        return Some(none_allows("identity-based policy", request.action));
    }
    let bounded = role.boundary.as_ref().is_some_and(|arn| !is_known(arn, request.action));
    bounded.then(|| none_allows("permissions boundary", request.action))
}

/// Whether a managed policy allows an action. Two of AWS's are known.
fn is_known(arn: &str, action: &str) -> bool {
    let iam = arn.ends_with(":aws:policy/IAMFullAccess") && action.starts_with("iam:");
    iam || arn.ends_with(":aws:policy/AdministratorAccess")
}

fn none_allows(kind: &str, action: &str) -> String {
    format!("because no {kind} allows the {action} action")
}

/// The refusal as AWS words it.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.
pub(super) fn denied(who: &str, request: &Request<'_>, why: &str) -> Rejection {
    let Request { action, resource, .. } = request;
    let message = format!("User: {who} is not authorized to perform: {action} on resource: {resource} {why}");
    Rejection::new("AccessDenied", message.trim_end())
}

fn hiccup(account: &SimAccount, now: f64) -> Option<&str> {
    account.hiccups.iter().find(|(_, until)| now < *until).map(|(code, _)| code.as_str())
}
