//! Writes to an account's IAM: each acts on what was written last, and is checked as IAM checks it.

use super::account::Rejection;
use super::authorize::Asked;
use super::document;
use super::journal::About;
use super::organization::State;
use super::role_state::{PolicyText, RoleState};
use super::session::Session;
use super::validate;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::plan::{Action, Change, NewRole};
use onboarding_core::role::RoleName;
use onboarding_engine::ports::WriteIam;

impl WriteIam for Session {
    async fn perform(&self, change: &Change) -> Result<(), ApiError> {
        let role = &change.role;
        let about = About { account: &self.account, call: change.call(), role: Some(role), write: true };
        self.organization
            .perform_call(about, |state| {
                let asked = asked(&change.action);
                self.authorize(state, change.call(), role, &asked)?;
                match &change.action {
                    Action::CreateRole(new) => {
                        // Tags at creation need their own permission.
                        if !new.tags.is_empty() {
                            self.authorize(state, "iam:TagRole", role, &asked)?;
                        }
                        create(state, &self.account, role, new)
                    }
                    action => update(state, &self.account, role, action),
                }
            })
            .await
    }
}

/// What the condition keys of a call say.
fn asked(action: &Action) -> Asked<'_> {
    match action {
        Action::CreateRole(new) => Asked {
            path: Some(&new.path),
            boundary: new.boundary.as_deref(),
            tags: Some(&new.tags),
            ..Asked::default()
        },
        Action::Attach(arn) | Action::Detach(arn) => Asked { policy: Some(arn), ..Asked::default() },
        Action::PutBoundary { after, .. } => Asked { boundary: Some(after), ..Asked::default() },
        Action::Tag(tags) => Asked { tags: Some(tags), ..Asked::default() },
        _ => Asked::default(),
    }
}

fn create(state: &mut State, id: &AccountId, name: &RoleName, new: &NewRole) -> Result<(), Rejection> {
    validate::path(&new.path)?;
    validate::description(&new.description)?;
    validate::max_session(new.max_session_seconds)?;
    validate::tags(&new.tags)?;
    if is_aws_s_own(&new.path) {
        return Err(Rejection::new("InvalidInput", format!("The path {} is reserved.", new.path)));
    }
    let account = state.account(id)?;
    if account.holds(name) {
        return Err(Rejection::new("EntityAlreadyExists", format!("Role with name {name} already exists.")));
    }
    account.quotas.check_roles(account.count())?;
    if let Some(arn) = &new.boundary {
        policy_exists(state, id, arn)?;
    }
    let role = RoleState {
        path: new.path.clone(),
        description: new.description.clone(),
        max_session_seconds: new.max_session_seconds,
        boundary: new.boundary.clone(),
        tags: new.tags.clone(),
        ..RoleState::trusting(&document::trust(state, &new.trust.to_json())?)
    };
    account.quotas.check(name.as_str(), &role, None)?;
    let (now, lag) = (state.now, account.lag);
    state.account_mut(id)?.insert(id, name, role, now, lag);
    Ok(())
}

fn update(state: &mut State, id: &AccountId, name: &RoleName, action: &Action) -> Result<(), Rejection> {
    let account = state.account(id)?;
    let before = &account.role(name).ok_or_else(|| Rejection::no_role(name))?.state;
    let mut role = before.clone();
    if is_aws_s_own(&role.path) {
        let message = format!("Cannot perform the operation on the protected role '{name}'");
        return Err(Rejection::new("UnmodifiableEntity", message));
    }
    let nothing = |what: &str| Rejection::new("NoSuchEntity", format!("{what} was not found on role {name}."));
    match action {
        Action::CreateRole(_) | Action::Register(_) => {
            return Err(Rejection::new("InvalidAction", "this is no change of a role that is there"));
        }
        Action::UpdateTrust { after, .. } => role.trust = PolicyText(document::trust(state, &after.to_json())?),
        Action::UpdateRole { after: (description, seconds), .. } => {
            validate::description(description)?;
            validate::max_session(*seconds)?;
            role.description.clone_from(description);
            role.max_session_seconds = *seconds;
        }
        Action::PutPolicy { name: policy, after, .. } => {
            validate::policy_name(policy)?;
            let text = after.to_json();
            document::permissions(&text)?;
            role.policies.insert(policy.clone(), PolicyText(text));
        }
        Action::DeletePolicy { name: policy, .. } => {
            role.policies.remove(policy).ok_or_else(|| nothing("The policy"))?;
        }
        Action::Attach(arn) => {
            policy_exists(state, id, arn)?;
            role.attached.insert(arn.clone());
        }
        Action::Detach(arn) => {
            if !role.attached.remove(arn) {
                return Err(nothing("The attached policy"));
            }
        }
        Action::PutBoundary { after, .. } => {
            policy_exists(state, id, after)?;
            role.boundary = Some(after.clone());
        }
        Action::DeleteBoundary(_) => {
            role.boundary.take().ok_or_else(|| nothing("A permissions boundary"))?;
        }
        Action::Tag(tags) => {
            validate::tags(tags)?;
            // Keys know no case: a key in another spelling takes the place of the old one.
            role.tags.retain(|there, _| tags.keys().all(|key| key.to_lowercase() != there.to_lowercase()));
            role.tags.extend(tags.clone());
        }
        Action::Untag(keys) => {
            validate::tag_keys(keys)?;
            role.tags.retain(|there, _| keys.iter().all(|key| key.to_lowercase() != there.to_lowercase()));
        }
    }
    account.quotas.check(name.as_str(), &role, Some(before))?;
    let now = state.now;
    state.account_mut(id)?.update(name, role, now);
    Ok(())
}

/// Service-linked roles and those of the identity centre.
fn is_aws_s_own(path: &str) -> bool {
    path.starts_with("/aws-service-role/") || path.starts_with("/aws-reserved/")
}

/// Checks that a managed policy can be attached: AWS's own by any valid name, the customer's where it was made.
fn policy_exists(state: &State, id: &AccountId, arn: &str) -> Result<(), Rejection> {
    let missing = || Rejection::new("NoSuchEntity", format!("Policy {arn} does not exist or is not attachable."));
    let aws = format!("arn:{}:iam::aws:policy/", state.partition);
    match arn.strip_prefix(&aws) {
        Some(name) => {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b);
            let valid = !name.is_empty() && name.bytes().all(allowed);
            if valid && !state.missing_policies.contains(arn) { Ok(()) } else { Err(missing()) }
        }
        None if !arn.starts_with("arn:") || arn.len() < 20 => {
            Err(validate::invalid(format!("ARN {arn} is not valid.")))
        }
        None if state.account(id)?.policies.contains(arn) => Ok(()),
        None => Err(missing()),
    }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
