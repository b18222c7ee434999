//! IAM writes.
//!
//! Each write is authorized against the session, validated as IAM validates it (formats, principals, quotas), and applied to
//! the last written state, even where reads still return an older one. That is how IAM behaves: writes are strongly ordered
//! while reads are eventually consistent.

use crate::authorize::RequestParameters;
use crate::call::CallInfo;
use crate::document;
use crate::rejection::Rejection;
use crate::role_state::{PolicyText, RoleState};
use crate::session::Session;
use crate::state::State;
use crate::validate;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::plan::{Action, Change, NewRole};
use onboarding_core::policy::{Document, REVOCATION_POLICY};
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use onboarding_engine::ports::WriteIam;

impl WriteIam for Session {
    async fn execute(&self, change: &Change) -> Result<Option<RoleId>, ApiError> {
        let role = &change.role;
        let info = CallInfo { account: &self.account, call: change.call(), role: Some(role), write: true };
        self.organization
            .perform_call(info, |state| {
                let parameters = request_parameters(&change.action);
                self.authorize(state, change.call(), role, &parameters)?;
                match &change.action {
                    Action::CreateRole(new) => {
                        // Tagging a role at creation needs iam:TagRole as well.
                        if !new.settings.tags.is_empty() {
                            self.authorize(state, "iam:TagRole", role, &parameters)?;
                        }
                        create(state, &self.account, role, new)?;
                        Ok(state.account(&self.account)?.role(role).and_then(|role| role.id.parse().ok()))
                    }
                    Action::DeleteRole(_) => delete(state, &self.account, role).map(|()| None),
                    action => update(state, &self.account, role, action).map(|()| None),
                }
            })
            .await
    }
}

/// The request parameters that condition keys refer to.
fn request_parameters(action: &Action) -> RequestParameters<'_> {
    match action {
        Action::CreateRole(new) => RequestParameters {
            path: Some(&new.settings.path),
            boundary: new.settings.boundary.as_deref(),
            tags: Some(&new.settings.tags),
            ..RequestParameters::default()
        },
        Action::Attach(arn) | Action::Detach(arn) => {
            RequestParameters { policy: Some(arn), ..RequestParameters::default() }
        }
        Action::PutBoundary { after, .. } => {
            RequestParameters { boundary: Some(after), ..RequestParameters::default() }
        }
        Action::Tag(tags) => RequestParameters { tags: Some(tags), ..RequestParameters::default() },
        _ => RequestParameters::default(),
    }
}

fn create(state: &mut State, id: &AccountId, name: &RoleName, new: &NewRole) -> Result<Option<RoleId>, Rejection> {
    let settings = &new.settings;
    validate::path(&settings.path)?;
    validate::description(&settings.description)?;
    validate::max_session(settings.max_session)?;
    validate::tags(&settings.tags)?;
    if is_aws_reserved_path(&settings.path) {
        return Err(Rejection::new("InvalidInput", format!("The path {} is reserved.", settings.path)));
    }
    let account = state.account(id)?;
    if account.has_role(name) {
        return Err(Rejection::new("EntityAlreadyExists", format!("Role with name {name} already exists.")));
    }
    account.quotas.check_roles(account.role_count())?;
    if let Some(arn) = &settings.boundary {
        policy_exists(state, id, arn)?;
    }
    let role = RoleState {
        settings: settings.clone(),
        ..RoleState::trusting(&document::check_trust(state, &new.trust.to_json())?)
    };
    account.quotas.check(name.as_str(), &role, None)?;
    let now = state.now;
    let lag = account.lag;
    state.account_mut(id)?.insert(id, name, role, now, lag);
    Ok(state.account(id)?.role(name).and_then(|created| created.id.parse().ok()))
}

/// Deletes a role, unless something still belongs to it.
///
/// See <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html>.
fn delete(state: &mut State, id: &AccountId, name: &RoleName) -> Result<(), Rejection> {
    let account = state.account(id)?;
    let role = &account.role(name).ok_or_else(|| Rejection::no_role(name))?.state;
    if is_aws_reserved_path(&role.settings.path) {
        let message = format!("Cannot perform the operation on the protected role '{name}'");
        return Err(Rejection::new("UnmodifiableEntity", message));
    }
    let conflict =
        |first: &str| Err(Rejection::new("DeleteConflict", format!("Cannot delete entity, must {first} first.")));
    if account.instance_profiles.values().any(|contained| contained == name) {
        return conflict("remove roles from instance profile");
    }
    if !role.attached.is_empty() {
        return conflict("detach all policies");
    }
    if !role.policies.is_empty() {
        return conflict("delete policies");
    }
    let lag = account.lag;
    state.delete_role(id, name, lag);
    Ok(())
}

fn update(state: &mut State, id: &AccountId, name: &RoleName, action: &Action) -> Result<(), Rejection> {
    let account = state.account(id)?;
    let before = &account.role(name).ok_or_else(|| Rejection::no_role(name))?.state;
    let mut role = before.clone();
    if is_aws_reserved_path(&role.settings.path) {
        let message = format!("Cannot perform the operation on the protected role '{name}'");
        return Err(Rejection::new("UnmodifiableEntity", message));
    }
    let not_found = |what: &str| Rejection::new("NoSuchEntity", format!("{what} was not found on role {name}."));
    match action {
        Action::CreateRole(_) | Action::DeleteRole(_) | Action::Register(_) | Action::Deregister(_) => {
            return Err(Rejection::new("InvalidAction", "this action does not change an existing role"));
        }
        Action::UpdateTrust { after, .. } => role.trust = PolicyText(document::check_trust(state, &after.to_text())?),
        Action::UpdateRole { after, .. } => {
            validate::description(&after.description)?;
            validate::max_session(after.max_session)?;
            role.settings.description.clone_from(&after.description);
            role.settings.max_session = after.max_session;
        }
        Action::PutPolicy { name: policy, after, .. } => put_policy(&mut role, policy, after)?,
        Action::RevokeSessions(revocation) => put_policy(&mut role, REVOCATION_POLICY, &revocation.after)?,
        Action::DeletePolicy { name: policy, .. } => {
            role.policies.remove(policy).ok_or_else(|| not_found("The policy"))?;
        }
        Action::Attach(arn) => {
            policy_exists(state, id, arn)?;
            role.attached.insert(arn.clone());
        }
        Action::Detach(arn) => {
            if !role.attached.remove(arn) {
                return Err(not_found("The attached policy"));
            }
        }
        Action::PutBoundary { after, .. } => {
            policy_exists(state, id, after)?;
            role.settings.boundary = Some(after.clone());
        }
        Action::DeleteBoundary(_) => {
            role.settings.boundary.take().ok_or_else(|| not_found("A permissions boundary"))?;
        }
        Action::Tag(tags) => {
            validate::tags(tags)?;
            // Tag keys are case-insensitive: a key in different case replaces the existing one.
            role.settings
                .tags
                .retain(|existing, _| tags.keys().all(|key| key.to_lowercase() != existing.to_lowercase()));
            role.settings.tags.extend(tags.clone());
        }
        Action::Untag(keys) => {
            validate::tag_keys(keys)?;
            role.settings
                .tags
                .retain(|existing, _| keys.iter().all(|key| key.to_lowercase() != existing.to_lowercase()));
        }
    }
    account.quotas.check(name.as_str(), &role, Some(before))?;
    let now = state.now;
    state.account_mut(id)?.update(name, role, now);
    Ok(())
}

fn put_policy(role: &mut RoleState, name: &str, policy: &Document) -> Result<(), Rejection> {
    validate::policy_name(name)?;
    let text = policy.to_json();
    document::check_permissions(&text)?;
    role.policies.insert(name.to_owned(), PolicyText(text));
    Ok(())
}

/// Whether a path belongs to service-linked roles or IAM Identity Center.
fn is_aws_reserved_path(path: &str) -> bool {
    path.starts_with("/aws-service-role/") || path.starts_with("/aws-reserved/")
}

/// Checks that a managed policy exists: an AWS-managed one if its name is valid, a customer-managed one if it was added.
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
