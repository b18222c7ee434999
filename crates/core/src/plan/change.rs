//! A change: exactly one call that writes, as data with a sentence.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::blueprint::AccountRegistration;
use crate::observed::ExistingRegistration;
use crate::policy::Document;
use crate::role::RoleName;
use crate::vendor::Api;

/// One call that writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The role that is written.
    pub role: RoleName,
    /// What is done to it.
    pub action: Action,
}

/// What is done to a role, or told of it. Each variant is one call, and carries what was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `iam:UpdateAssumeRolePolicy`
    UpdateTrust {
        /// The trust policy now; `None` where it is not understood.
        before: Option<Document>,
        /// The trust policy to be.
        after: Document,
    },
    /// `iam:CreateRole`
    CreateRole(Box<NewRole>),
    /// `iam:UpdateRole`
    UpdateRole {
        /// Description and longest session in seconds, now.
        before: (String, i32),
        /// Description and longest session in seconds, to be.
        after: (String, i32),
    },
    /// `iam:PutRolePolicy`
    PutPolicy {
        /// The policy's name.
        name: String,
        /// The policy now; `None` where there is none or it is not understood.
        before: Option<Document>,
        /// The policy to be.
        after: Document,
    },
    /// `iam:DeleteRolePolicy`
    DeletePolicy {
        /// The policy's name.
        name: String,
        /// The policy now; `None` where it is not understood.
        before: Option<Document>,
    },
    /// `iam:AttachRolePolicy`, by ARN.
    Attach(String),
    /// `iam:DetachRolePolicy`, by ARN.
    Detach(String),
    /// `iam:PutRolePermissionsBoundary`
    PutBoundary {
        /// The ARN now.
        before: Option<String>,
        /// The ARN to be.
        after: String,
    },
    /// `iam:DeleteRolePermissionsBoundary`, with the ARN now.
    DeleteBoundary(String),
    /// `iam:TagRole`
    Tag(BTreeMap<String, String>),
    /// `iam:UntagRole`, by key.
    Untag(BTreeSet<String>),
    /// A vendor is told of the account, by its own API.
    Register(Box<RegistrationChange>),
}

/// What a vendor is told of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationChange {
    /// What people call the vendor.
    pub title: String,
    /// Its API.
    pub api: Api,
    /// What it knows now, where it knows the account.
    pub before: Option<ExistingRegistration>,
    /// What it is to know.
    pub after: AccountRegistration,
}

impl RegistrationChange {
    /// The call of the vendor's API.
    #[must_use]
    pub fn call(&self) -> &'static str {
        match (self.api, &self.before) {
            (Api::WorkloadSecurity, None) => "workload-security:CreateAwsConnector",
            (Api::WorkloadSecurity, Some(_)) => "workload-security:ModifyAwsConnector",
        }
    }
}

/// What `iam:CreateRole` sets at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRole {
    /// What people call it.
    pub title: String,
    /// Its path.
    pub path: String,
    /// Its description.
    pub description: String,
    /// The longest session, in seconds.
    pub max_session_seconds: i32,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its trust policy.
    pub trust: Document,
}

/// Whether a change brings something, alters something or takes something away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// `+`
    Add,
    /// `~`
    Alter,
    /// `-`
    Remove,
}

impl Change {
    /// The call: an action of IAM, or one of a vendor's API.
    #[must_use]
    pub fn call(&self) -> &'static str {
        match &self.action {
            Action::UpdateTrust { .. } => "iam:UpdateAssumeRolePolicy",
            Action::CreateRole(_) => "iam:CreateRole",
            Action::UpdateRole { .. } => "iam:UpdateRole",
            Action::PutPolicy { .. } => "iam:PutRolePolicy",
            Action::DeletePolicy { .. } => "iam:DeleteRolePolicy",
            Action::Attach(_) => "iam:AttachRolePolicy",
            Action::Detach(_) => "iam:DetachRolePolicy",
            Action::PutBoundary { .. } => "iam:PutRolePermissionsBoundary",
            Action::DeleteBoundary(_) => "iam:DeleteRolePermissionsBoundary",
            Action::Tag(_) => "iam:TagRole",
            Action::Untag(_) => "iam:UntagRole",
            Action::Register(entry) => entry.call(),
        }
    }

    /// Whether a vendor is told, and nothing is written in the account.
    #[must_use]
    pub fn is_registration(&self) -> bool {
        matches!(self.action, Action::Register(_))
    }

    /// The policies in it, as they are and as they are to be.
    pub(crate) fn documents(&self) -> Vec<&Document> {
        match &self.action {
            Action::CreateRole(new) => vec![&new.trust],
            Action::UpdateTrust { before, after } | Action::PutPolicy { before, after, .. } => {
                before.iter().chain([after]).collect()
            }
            Action::DeletePolicy { before, .. } => before.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// How it is marked in a diff.
    #[must_use]
    pub fn sign(&self) -> Sign {
        match &self.action {
            Action::CreateRole(_)
            | Action::Attach(_)
            | Action::PutPolicy { before: None, .. }
            | Action::PutBoundary { before: None, .. } => Sign::Add,
            Action::Register(entry) if entry.before.is_none() => Sign::Add,
            Action::DeletePolicy { .. } | Action::Detach(_) | Action::DeleteBoundary(_) | Action::Untag(_) => {
                Sign::Remove
            }
            _ => Sign::Alter,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = &self.role;
        match &self.action {
            Action::UpdateTrust { .. } => write!(f, "update the trust policy of role `{role}`"),
            Action::CreateRole(new) if new.title == role.as_str() => write!(f, "create role `{role}`"),
            Action::CreateRole(new) => write!(f, "create role `{role}` for {}", new.title),
            Action::UpdateRole { before, after } => match (before.0 != after.0, before.1 != after.1) {
                (true, true) => {
                    write!(f, "update the description and the longest session ({} s) of role `{role}`", after.1)
                }
                (false, true) => {
                    write!(f, "update the longest session of role `{role}` from {} s to {} s", before.1, after.1)
                }
                _ => write!(f, "update the description of role `{role}`"),
            },
            Action::PutPolicy { name, before: None, .. } => write!(f, "put policy `{name}` on role `{role}`"),
            Action::PutPolicy { name, .. } => write!(f, "replace policy `{name}` of role `{role}`"),
            Action::DeletePolicy { name, .. } => write!(f, "delete policy `{name}` from role `{role}`"),
            Action::Attach(arn) => write!(f, "attach {arn} to role `{role}`"),
            Action::Detach(arn) => write!(f, "detach {arn} from role `{role}`"),
            Action::PutBoundary { after, .. } => write!(f, "set the permissions boundary of role `{role}` to {after}"),
            Action::DeleteBoundary(arn) => write!(f, "remove the permissions boundary {arn} from role `{role}`"),
            Action::Tag(tags) => write!(f, "tag role `{role}` with {}", list(tags.keys())),
            Action::Untag(keys) => write!(f, "remove the tags {} from role `{role}`", list(keys.iter())),
            Action::Register(entry) => match &entry.before {
                None => write!(f, "register the account with {}, to be entered by role `{role}`", entry.title),
                Some(_) => write!(f, "tell {} to enter the account by role `{role}`", entry.title),
            },
        }
    }
}

fn list<'a>(keys: impl Iterator<Item = &'a String>) -> String {
    keys.map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}
