//! Whether a session may make a call: control policies, the access role's permissions, the session policy.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.

use std::collections::BTreeMap;

use super::account::{Failure, SimAccount};
use super::organization::State;
use super::session::Session;
use crate::policy::{Document, Facts, Verdict, permits};
use crate::role::RoleName;

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
    ) -> Result<(), Failure> {
        self.check_credentials(state)?;
        let account = state.account(&self.account)?;
        if let Some(code) = hiccup(account, state.now) {
            return Err(Failure::new(code, "The account is not ready for this service yet."));
        }
        let existing = account.role(name).map(|role| &role.state);
        // A role that is not there is judged by the name alone.
        let path = asked.path.or(existing.map(|role| role.path.as_str())).unwrap_or("/");
        let resource = name.arn(&state.partition, &self.account, path);
        let mut facts = Facts::complete().with("aws:PrincipalAccount", self.account.as_str()).with(
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
        let why = if account.controls.iter().any(|p| denies(p, action, &resource, &facts)) {
            "with an explicit deny in a service control policy".to_owned()
        } else if !self.role_permits(account, action, &resource, &facts) {
            format!("because no identity-based policy allows the {action} action")
        } else if !matches!(permits(&self.policy, action, &resource, &facts), Verdict::Allowed(_)) {
            format!("because no session policy allows the {action} action")
        } else {
            return Ok(());
        };
        let message =
            format!("User: {} is not authorized to perform: {action} on resource: {resource} {why}", self.arn);
        Err(Failure::new("AccessDenied", message))
    }

    /// Checks that the session has not ended, and that STS knows it.
    pub(super) fn check_credentials(&self, state: &State) -> Result<(), Failure> {
        if state.now >= self.expires {
            return Err(Failure::new("ExpiredToken", "The security token included in the request is expired"));
        }
        match hiccup(state.account(&self.account)?, state.now) {
            Some(code @ "InvalidClientTokenId") => {
                Err(Failure::new(code, "The security token included in the request is invalid."))
            }
            _ => Ok(()),
        }
    }

    /// The access role's own permissions. Of AWS-managed policies, the two that grant IAM are known.
    fn role_permits(&self, account: &SimAccount, action: &str, resource: &str, facts: &Facts) -> bool {
        let Some(role) = account.role(&self.role).map(|role| &role.state) else { return false };
        let full = |arn: &String| {
            arn.ends_with(":aws:policy/AdministratorAccess") || arn.ends_with(":aws:policy/IAMFullAccess")
        };
        let inline: Vec<_> = role.policies.values().filter_map(|policy| Document::parse(&policy.0).ok()).collect();
        let allows = |policy: &Document| matches!(permits(policy, action, resource, facts), Verdict::Allowed(_));
        let denied = inline.iter().any(|policy| denies(policy, action, resource, facts));
        !denied && (role.attached.iter().any(full) || inline.iter().any(allows))
    }
}

fn denies(policy: &Document, action: &str, resource: &str, facts: &Facts) -> bool {
    matches!(permits(policy, action, resource, facts), Verdict::Denied(_))
}

fn hiccup(account: &SimAccount, now: f64) -> Option<&str> {
    account.hiccups.iter().find(|(_, until)| now < *until).map(|(code, _)| code.as_str())
}
