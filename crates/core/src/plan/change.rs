//! A change: exactly one write call, as data, with a sentence for people.
//!
//! A plan is a list of changes. The same value is shown to the user, checked by the guard and executed, so that what is
//! applied is what was shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::session_revocation::SessionRevocation;
use crate::blueprint::AccountRegistration;
use crate::observed::ExistingRegistration;
use crate::policy::{Besides, Document, RemovedPrincipals, deny_everything, only_allows, removed_principals};
use crate::role::RoleName;
use crate::role_id::RoleId;
use crate::role_settings::RoleSettings;
use crate::suggestion::plain_list_of;
use crate::text::printable;
use crate::vendor::Api;

/// One write call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The role that is changed.
    pub role: RoleName,
    /// The call and its parameters.
    pub action: Action,
}

/// The call and its parameters. Each variant is one call, and includes the state before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `iam:UpdateAssumeRolePolicy`
    UpdateTrust {
        /// The current trust policy; `None` if it is not supported.
        before: Option<Document>,
        /// The desired trust policy.
        after: Document,
    },
    /// `iam:CreateRole`
    CreateRole(Box<NewRole>),
    /// `iam:DeleteRole`
    DeleteRole(Box<DeletedRole>),
    /// `iam:UpdateRole`
    UpdateRole {
        /// The current details.
        before: RoleDetails,
        /// The desired details.
        after: RoleDetails,
    },
    /// `iam:PutRolePolicy`
    PutPolicy {
        /// The name of the policy.
        name: String,
        /// The current policy; `None` if it does not exist or is not supported.
        before: Option<Document>,
        /// The desired policy.
        after: Document,
    },
    /// `iam:DeleteRolePolicy`
    DeletePolicy {
        /// The name of the policy.
        name: String,
        /// The current policy; `None` if it is not supported.
        before: Option<Document>,
    },
    /// `iam:PutRolePolicy` with the policy that revokes sessions.
    RevokeSessions(Box<SessionRevocation>),
    /// `iam:AttachRolePolicy`, by ARN.
    Attach(String),
    /// `iam:DetachRolePolicy`, by ARN.
    Detach(String),
    /// `iam:PutRolePermissionsBoundary`
    PutBoundary {
        /// The current ARN.
        before: Option<String>,
        /// The desired ARN.
        after: String,
    },
    /// `iam:DeleteRolePermissionsBoundary`, with the current ARN.
    DeleteBoundary(String),
    /// `iam:TagRole`
    Tag(BTreeMap<String, String>),
    /// `iam:UntagRole`, by key.
    Untag(BTreeSet<String>),
    /// The account is registered with a vendor, by the vendor's API.
    Register(Box<RegistrationChange>),
    /// A registration with a vendor is removed, by the vendor's API.
    Deregister(Box<Deregistration>),
}

/// The removal of a registration that this tool made, for an account that has left the organization, or whose vendor is
/// removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deregistration {
    /// The display name of the vendor.
    pub title: String,
    /// The API of the vendor.
    pub api: Api,
    /// The vendor's ID of the registration.
    pub id: u64,
}

/// A registration of the account with a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationChange {
    /// The display name of the vendor.
    pub title: String,
    /// The API of the vendor.
    pub api: Api,
    /// The current registration, if there is one.
    pub before: Option<ExistingRegistration>,
    /// The desired registration.
    pub after: AccountRegistration,
}

impl RegistrationChange {
    /// The call of the vendor's API.
    #[must_use]
    pub fn call(&self) -> &'static str {
        match self.before {
            None => self.api.calls().create,
            Some(_) => self.api.calls().update,
        }
    }

    /// What an update changes of a registration that has the role already, in words; `None` if the role changes.
    fn changed(&self) -> Option<String> {
        let before = self.before.as_ref().filter(|before| before.has_role(&self.after.role_arn))?;
        let name = (before.display_name.as_ref() != Some(&self.after.display_name)).then_some("the display name");
        let workspaces = self.after.workspaces.filter(|after| *after != before.workspaces);
        let workspaces =
            workspaces.map(|after| if after { "include Amazon WorkSpaces" } else { "exclude Amazon WorkSpaces" });
        Some(name.into_iter().chain(workspaces).collect::<Vec<_>>().join(", "))
    }
}

/// The parameters of `iam:CreateRole`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRole {
    /// The display name of the role.
    pub title: String,
    /// Its settings.
    pub settings: RoleSettings,
    /// Its trust policy.
    pub trust: Document,
}

/// A role before `iam:DeleteRole`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedRole {
    /// The display name of the role.
    pub title: String,
    /// Its unique ID.
    pub id: Option<RoleId>,
    /// Its trust policy; `None` if it is not supported.
    pub trust: Option<Document>,
}

/// The settings that `iam:UpdateRole` sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleDetails {
    /// The description.
    pub description: String,
    /// The maximum session duration.
    pub max_session: Duration,
}

impl From<&RoleSettings> for RoleDetails {
    fn from(settings: &RoleSettings) -> Self {
        Self { description: settings.description.clone(), max_session: settings.max_session }
    }
}

/// Whether a change adds, changes or removes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// `+`
    Add,
    /// `~`
    Change,
    /// `-`
    Remove,
}

impl Change {
    /// The call: an IAM action, or an operation of a vendor's API.
    #[must_use]
    pub fn call(&self) -> &'static str {
        match &self.action {
            Action::UpdateTrust { .. } => "iam:UpdateAssumeRolePolicy",
            Action::CreateRole(_) => "iam:CreateRole",
            Action::DeleteRole(_) => "iam:DeleteRole",
            Action::UpdateRole { .. } => "iam:UpdateRole",
            Action::PutPolicy { .. } | Action::RevokeSessions(_) => "iam:PutRolePolicy",
            Action::DeletePolicy { .. } => "iam:DeleteRolePolicy",
            Action::Attach(_) => "iam:AttachRolePolicy",
            Action::Detach(_) => "iam:DetachRolePolicy",
            Action::PutBoundary { .. } => "iam:PutRolePermissionsBoundary",
            Action::DeleteBoundary(_) => "iam:DeleteRolePermissionsBoundary",
            Action::Tag(_) => "iam:TagRole",
            Action::Untag(_) => "iam:UntagRole",
            Action::Register(registration) => registration.call(),
            Action::Deregister(registration) => registration.api.calls().delete,
        }
    }

    /// Whether the change may give the sessions of an existing role more than they have: permissions, or a longer duration.
    #[must_use]
    pub fn may_widen(&self) -> bool {
        match &self.action {
            Action::PutPolicy { before, after, .. } => {
                !is_deny_everything(after) && !before.as_ref().is_some_and(|before| before.equivalent(after))
            }
            Action::DeletePolicy { before, .. } => !before.as_ref().is_some_and(only_allows),
            Action::UpdateRole { before, after } => after.max_session > before.max_session,
            Action::Attach(_) | Action::PutBoundary { before: Some(_), .. } | Action::DeleteBoundary(_) => true,
            Action::CreateRole(_)
            | Action::DeleteRole(_)
            | Action::RevokeSessions(_)
            | Action::UpdateTrust { .. }
            | Action::PutBoundary { before: None, .. }
            | Action::Detach(_)
            | Action::Tag(_)
            | Action::Untag(_)
            | Action::Register(_)
            | Action::Deregister(_) => false,
        }
    }

    /// Whether the change may only be made while a revocation covers the sessions that are issued meanwhile: it gives sessions
    /// more, or changes who gets one.
    #[must_use]
    pub fn needs_revocation(&self) -> bool {
        self.may_widen() || matches!(self.action, Action::UpdateTrust { .. })
    }

    /// Whether the change removes a permissions boundary, or replaces it by another one.
    #[must_use]
    pub fn lifts_boundary(&self) -> bool {
        matches!(self.action, Action::DeleteBoundary(_) | Action::PutBoundary { before: Some(_), .. })
    }

    /// Whether a confirmed change includes another one: they are the same, or revoke the sessions of the same role. The reason for
    /// that can change during a run.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        match (&self.action, &other.action) {
            (Action::RevokeSessions(one), Action::RevokeSessions(two)) => {
                self.role == other.role && one.role_id == two.role_id
            }
            _ => self.is_same(other),
        }
    }

    /// Whether the change is a call to a vendor, and writes nothing in the account.
    #[must_use]
    pub fn is_registration(&self) -> bool {
        matches!(self.action, Action::Register(_) | Action::Deregister(_))
    }

    /// Whether both are the same change. The time of a revocation is ignored, because it is the time of the comparison.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.action, &other.action) {
            (Action::RevokeSessions(one), Action::RevokeSessions(two)) => self.role == other.role && one.is_same(two),
            _ => self == other,
        }
    }

    /// Whether this change, which was made, makes another one unnecessary: they are the same, and the time of a revocation is
    /// recent enough.
    #[must_use]
    pub fn covers(&self, later: &Self) -> bool {
        match (&self.action, &later.action) {
            (Action::RevokeSessions(one), Action::RevokeSessions(two)) => self.is_same(later) && one.covers(two),
            _ => self == later,
        }
    }

    /// The current and the desired policies in it.
    pub(crate) fn documents(&self) -> Vec<&Document> {
        match &self.action {
            Action::CreateRole(new) => vec![&new.trust],
            Action::DeleteRole(role) => role.trust.iter().collect(),
            Action::UpdateTrust { before, after } | Action::PutPolicy { before, after, .. } => {
                before.iter().chain([after]).collect()
            }
            Action::DeletePolicy { before, .. } => before.iter().collect(),
            Action::RevokeSessions(revocation) => revocation.before.iter().chain([&revocation.after]).collect(),
            Action::UpdateRole { .. }
            | Action::Attach(_)
            | Action::Detach(_)
            | Action::PutBoundary { .. }
            | Action::DeleteBoundary(_)
            | Action::Tag(_)
            | Action::Untag(_)
            | Action::Register(_)
            | Action::Deregister(_) => Vec::new(),
        }
    }

    /// The principals that it removes from a trust policy.
    pub(crate) fn removed_principals(&self) -> RemovedPrincipals {
        match &self.action {
            Action::UpdateTrust { before: Some(before), after } => removed_principals(before, after),
            _ => RemovedPrincipals::default(),
        }
    }

    /// Its marks in a diff, each of which counts: two for an edit that removes principals from a trust policy and does something
    /// else as well.
    #[must_use]
    pub(crate) fn signs(&self) -> Vec<Sign> {
        let one = match &self.action {
            Action::CreateRole(_)
            | Action::Attach(_)
            | Action::PutPolicy { before: None, .. }
            | Action::PutBoundary { before: None, .. } => Sign::Add,
            Action::Register(registration) if registration.before.is_none() => Sign::Add,
            Action::RevokeSessions(revocation) if revocation.before.is_none() => Sign::Add,
            Action::UpdateTrust { .. } => {
                let RemovedPrincipals { principals, besides } = self.removed_principals();
                return match (principals.is_empty(), besides) {
                    (true, _) => vec![Sign::Change],
                    (false, Besides::Nothing) => vec![Sign::Remove],
                    (false, Besides::Adds | Besides::Changes) => vec![Sign::Remove, Sign::Change],
                };
            }
            Action::DeletePolicy { .. }
            | Action::DeleteRole(_)
            | Action::Detach(_)
            | Action::DeleteBoundary(_)
            | Action::Untag(_)
            | Action::Deregister(_) => Sign::Remove,
            Action::UpdateRole { .. }
            | Action::PutPolicy { .. }
            | Action::RevokeSessions(_)
            | Action::PutBoundary { .. }
            | Action::Tag(_)
            | Action::Register(_) => Sign::Change,
        };
        vec![one]
    }

    /// The sentence next to one of its marks.
    pub(crate) fn sentence(&self, sign: Sign) -> String {
        let role = &self.role;
        match (&self.action, sign) {
            (Action::UpdateTrust { .. }, Sign::Remove) => {
                let principals: Vec<_> = self.removed_principals().principals.iter().map(ToString::to_string).collect();
                let principals = plain_list_of(principals.iter().map(String::as_str));
                format!("remove {} from the trust policy of role `{role}`", printable(&principals))
            }
            (Action::UpdateTrust { .. }, _) => format!("update the trust policy of role `{role}`"),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = &self.role;
        match &self.action {
            Action::UpdateTrust { .. } => match self.signs().as_slice() {
                [Sign::Remove] => f.write_str(&self.sentence(Sign::Remove)),
                [Sign::Remove, ..] => write!(f, "{}, and update it", self.sentence(Sign::Remove)),
                _ => f.write_str(&self.sentence(Sign::Change)),
            },
            Action::CreateRole(new) if new.title == role.as_str() => write!(f, "create role `{role}`"),
            Action::CreateRole(new) => write!(f, "create role `{role}` for {}", new.title),
            Action::DeleteRole(deleted) if deleted.title == role.as_str() => write!(f, "delete role `{role}`"),
            Action::DeleteRole(deleted) => write!(f, "delete role `{role}` of {}", deleted.title),
            Action::UpdateRole { before, after } => update_role(f, role, before, after),
            Action::PutPolicy { name, before: None, .. } => write!(f, "put policy `{name}` on role `{role}`"),
            Action::PutPolicy { name, .. } => write!(f, "replace policy `{name}` of role `{role}`"),
            Action::DeletePolicy { name, .. } => write!(f, "delete policy `{name}` from role `{role}`"),
            Action::RevokeSessions(revocation) => {
                let time = revocation.time_in_words();
                write!(f, "revoke the sessions of role `{role}` that were issued before {time}: {}", revocation.reason)
            }
            Action::Attach(arn) => write!(f, "attach {arn} to role `{role}`"),
            Action::Detach(arn) => write!(f, "detach {arn} from role `{role}`"),
            Action::PutBoundary { after, .. } => write!(f, "set the permissions boundary of role `{role}` to {after}"),
            Action::DeleteBoundary(arn) => write!(f, "remove the permissions boundary {arn} from role `{role}`"),
            Action::Tag(tags) => write!(f, "tag role `{role}` with {}", list(tags.keys())),
            Action::Untag(keys) => write!(f, "remove the tags {} from role `{role}`", list(keys.iter())),
            Action::Register(registration) => match &registration.before {
                None => write!(f, "register the account with {}, using role `{role}`", registration.title),
                Some(_) => match registration.changed() {
                    None => write!(f, "update the registration with {} to use role `{role}`", registration.title),
                    Some(changed) => write!(f, "update the registration with {}: {changed}", registration.title),
                },
            },
            Action::Deregister(registration) => {
                write!(f, "remove the registration {} of the account with {}", registration.id, registration.title)
            }
        }
    }
}

fn is_deny_everything(policy: &Document) -> bool {
    deny_everything().is_ok_and(|deny| policy.equivalent(&deny))
}

fn update_role(f: &mut fmt::Formatter<'_>, role: &RoleName, before: &RoleDetails, after: &RoleDetails) -> fmt::Result {
    let from = before.max_session.as_secs();
    let to = after.max_session.as_secs();
    match (before.description != after.description, from != to) {
        (true, true) => {
            write!(f, "update the description and the maximum session duration ({to} s) of role `{role}`")
        }
        (false, true) => {
            write!(f, "update the maximum session duration of role `{role}` from {from} s to {to} s")
        }
        _ => write!(f, "update the description of role `{role}`"),
    }
}

fn list<'a>(keys: impl Iterator<Item = &'a String>) -> String {
    keys.map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}
