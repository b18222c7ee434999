//! Refusals: the roles and registrations that are left unchanged, each with a code, a message and a remedy.

use std::fmt;

use serde::Serialize;

use super::change::RegistrationChange;
use crate::blueprint::{BlueprintError, ConfiguredPart, RemovalReason, RoleRemoval, RoleSpec};
use crate::caller_identity::CallerIdentity;
use crate::code::Code;
use crate::config::RemovedRole;
use crate::observed::ObservedRole;
use crate::outcome::{Cause, Stop};
use crate::owner::OWNER_TAG;
use crate::policy::{PolicyError, PolicyNotice, Principal};
use crate::role::RoleName;
use crate::role_id::RoleId;
use crate::text::{Untrusted, printable};

/// A role, or a registration with a vendor, that is left unchanged, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The stable, machine-readable code.
    pub code: Code,
    /// The role.
    pub role: RoleName,
    /// The problem.
    pub message: String,
    /// What to do next.
    pub remedy: String,
    /// Whether only the registration with the vendor is refused; the role itself is handled as usual.
    #[serde(skip)]
    pub is_registration: bool,
}

/// What takes the access of this tool to the access role away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CauseOfLoss {
    /// `[[access-role.revoke]]`.
    Revoked,
    /// A grant that is not for the account.
    Unselected,
    /// A grant whose last day is over.
    Ended,
    /// Nothing that is configured.
    Edit,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.remedy)
    }
}

impl Refusal {
    /// The message and the remedy are filtered, because they may quote the account.
    fn new(code: Code, role: &RoleName, message: String, remedy: &str) -> Self {
        let message = printable(&message);
        Self { code, role: role.clone(), message, remedy: printable(remedy), is_registration: false }
    }

    /// A registration that failed for a reason that is not retried.
    pub(super) fn registration(spec: &RoleSpec, why: &Cause) -> Self {
        let message = format!("could not register the account with {}: {}", spec.definition.title, why.message);
        Self { is_registration: true, ..Self::new(why.code, spec.name(), message, &why.remedy) }
    }

    pub(super) fn foreign_registration(role: &RoleName, registration: &RegistrationChange) -> Self {
        let current = match registration.before.as_ref().and_then(|before| before.role_arn.as_ref()) {
            Some(arn) => format!("using role `{}`", Untrusted::new(arn)),
            None => "without a role".to_owned(),
        };
        let message = format!(
            "{} already has this account registered, {current}: it was registered manually, or for another role name or path",
            registration.title
        );
        let remedy = "remove that registration at the vendor, or set `adopt = true` to change it to this role";
        Self { is_registration: true, ..Self::new(Code::ForeignRegistration, role, message, remedy) }
    }

    /// A role whose blueprint cannot be built. `None` if the reason passes with time.
    pub fn configuration(error: &BlueprintError) -> Option<Self> {
        let ConfiguredPart::Role { name, .. } = &error.part else { return None };
        match error.stop.as_deref() {
            None => {
                Some(Self::new(Code::Configuration, name, error.to_string(), "fix the configuration, then run again"))
            }
            Some(Stop::Wait(_)) => None,
            Some(stop) => Some(Self::new(stop.cause().code, name, error.to_string(), &stop.cause().remedy)),
        }
    }

    /// Grants on the access role of which it is not known whether they are for the account. `None` if the reason passes with time.
    pub fn undecided_grants(error: &BlueprintError, access_role: &RoleName) -> Option<Self> {
        let stop = error.stop.as_deref().filter(|stop| !matches!(stop, Stop::Wait(_)))?;
        (error.part == ConfiguredPart::AccessRole)
            .then(|| Self::new(stop.cause().code, access_role, error.to_string(), &stop.cause().remedy))
    }

    /// A role whose session policy would be too long.
    pub fn session_policy(role: &RoleName) -> Self {
        let message = format!(
            "the session policy for role `{role}` would exceed the limit of 2,048 characters even in a session of its own"
        );
        Self::new(Code::SessionPolicyTooLong, role, message, "shorten its path, or attach fewer managed policies")
    }

    /// A removal that is never made: in the management account, of the access role, or of a role that is not configured for it.
    pub(super) fn not_removable(role: &RoleName, reason: RemovalReason) -> Self {
        let message = format!("role `{role}` is never deleted by this tool");
        let remedy = match reason {
            RemovalReason::Block => "delete its `[[removed]]` block from the configuration",
            RemovalReason::Unselected => reason.to_keep(),
        };
        Self::new(Code::UnsafeRemoval, role, message, remedy)
    }

    pub(super) fn removal_unreadable(role: &RoleName, why: &Cause) -> Self {
        let message = format!("role `{role}`, which the configuration removes, cannot be read: {}", why.message);
        Self::new(why.code, role, message, &why.remedy)
    }

    /// A registration with a vendor that is removed before its role, and cannot be.
    pub(super) fn deregistration(removed: &RemovedRole, why: &Cause) -> Self {
        let RemovedRole { title, name, .. } = removed;
        let message = format!(
            "could not remove the registration of the account with {title}, so that role `{name}` is kept: {}",
            why.message
        );
        Self::new(why.code, name, message, &why.remedy)
    }

    pub(super) fn service_role(removal: &RoleRemoval, path: &str) -> Self {
        let role = &removal.role.name;
        let message = format!("role `{role}` under the path `{path}` belongs to an AWS service, and is not deleted");
        let to_keep = removal.reason.to_keep();
        let remedy = format!("{to_keep}; a service-linked role is deleted in the console of its service");
        Self::new(Code::UnsafeRemoval, role, message, &remedy)
    }

    /// A role whose owner tag is missing or names something else.
    pub(super) fn not_owned(removal: &RoleRemoval, role: &ObservedRole) -> Self {
        let RemovedRole { owner, name, .. } = &removal.role;
        let found = match role.settings.tags.get(OWNER_TAG) {
            Some(tag) => format!("its tag `{OWNER_TAG}` is `{}`", Untrusted::new(tag)),
            None => format!("no `{OWNER_TAG}` tag"),
        };
        let message = format!("role `{name}` was not made for `{owner}` ({found}), and is not deleted");
        let remedy = match removal.reason {
            RemovalReason::Block => {
                "correct the `[[removed]]` block, or delete the block and the role manually".to_owned()
            }
            RemovalReason::Unselected => format!("delete the role manually, or {}", removal.reason.to_keep()),
        };
        Self::new(Code::ForeignRole, name, message, &remedy)
    }

    /// A role that a record knows under another unique ID.
    pub(super) fn created_again(removal: &RoleRemoval, recorded: &RoleId, found: &RoleId) -> Self {
        let role = &removal.role.name;
        let message = format!(
            "role `{role}` was deleted and created again outside of a recorded run (ID {found} instead of {recorded}), and is not \
             deleted"
        );
        let then = match removal.reason {
            RemovalReason::Block => format!(", and {}", removal.reason.to_keep()),
            RemovalReason::Unselected => String::new(),
        };
        let remedy = format!("find out who created it, then delete it manually{then}");
        Self::new(Code::RoleNotRecorded, role, message, &remedy)
    }

    /// A role that no record knows.
    pub(super) fn not_recorded(removal: &RoleRemoval) -> Self {
        let role = &removal.role.name;
        let message = format!("role `{role}` has the tag of this tool, but no record shows that this tool created it");
        let remedy = match removal.reason {
            RemovalReason::Block => {
                "check that it is the role to remove, then set `adopt = true` in its `[[removed]]` block"
            }
            RemovalReason::Unselected => "check that it is the role to remove, then delete it manually",
        };
        Self::new(Code::RoleNotRecorded, role, message, remedy)
    }

    pub(super) fn in_use(role: &RoleName, profile: &str) -> Self {
        let message = format!(
            "role `{role}` is in the instance profile `{}`, so that EC2 instances may use it, and is not deleted",
            Untrusted::new(profile)
        );
        Self::new(
            Code::RoleInUse,
            role,
            message,
            "remove the role from the instance profile (`aws iam remove-role-from-instance-profile`), then run again",
        )
    }

    /// A revocation after which the management account could no longer assume the access role.
    pub(super) fn management_revoked(role: &RoleName) -> Self {
        let message = format!(
            "`[[access-role.revoke]]` would take the management account's access to role `{role}` away, and this tool could \
             no longer repair the account"
        );
        Self::new(Code::Configuration, role, message, "delete that block from the configuration, then run again")
    }

    /// A grant that ended, without which no principal could repair the account.
    pub(super) fn management_ended(role: &RoleName) -> Self {
        let message = format!(
            "the management account can assume role `{role}` by a grant that has ended, and without it no principal could repair \
             the account"
        );
        let remedy = "remove `until` from that `[[access-role.grant]]`, then run again";
        Self::new(Code::Configuration, role, message, remedy)
    }

    /// A grant that is no longer for the account, without which no principal could repair it.
    pub(super) fn management_unselected(role: &RoleName) -> Self {
        let message = format!(
            "the management account can assume role `{role}` by a grant whose targets no longer select this account, and without it no \
             principal could repair the account"
        );
        let remedy =
            "set `on-unselect` of that `[[access-role.grant]]` to \"keep\", or change its `targets`, then run again";
        Self::new(Code::Configuration, role, message, remedy)
    }

    /// An edit after which this tool could no longer assume the access role.
    pub(super) fn caller_locked_out(role: &RoleName, caller: &CallerIdentity, cause: CauseOfLoss) -> Self {
        let (what, code, remedy) = match cause {
            CauseOfLoss::Revoked => (
                "`[[access-role.revoke]]`",
                Code::Configuration,
                "delete that block from the configuration, or first let this tool act as another principal that the trust policy \
                 allows, then run again",
            ),
            CauseOfLoss::Unselected => (
                "the removal of a grant whose targets no longer select this account",
                Code::Configuration,
                "set `on-unselect` of that `[[access-role.grant]]` to \"keep\", or change its `targets`, then run again",
            ),
            CauseOfLoss::Ended => (
                "the removal of a grant that has ended",
                Code::Configuration,
                "remove `until` from that `[[access-role.grant]]`, then run again",
            ),
            CauseOfLoss::Edit => (
                "the new trust policy",
                Code::UnsafeTrust,
                "report this as a bug in account-onboarding; the trust policy was left unchanged",
            ),
        };
        let message = format!(
            "{what} would take away the access with which this tool, as `{caller}`, assumes role `{role}`, and this tool could no longer \
             repair the account"
        );
        Self::new(code, role, message, remedy)
    }

    /// A trust policy that would have no statement after the configured principals are removed.
    pub(super) fn no_statement_left(role: &RoleName, reason: RemovalReason) -> Self {
        let (removed, to_keep) = match reason {
            RemovalReason::Block => ("the revoked principals", "delete `[[access-role.revoke]]`"),
            RemovalReason::Unselected => {
                ("the grants that are not for this account", "set their `on-unselect` to \"keep\"")
            }
        };
        let message =
            format!("the trust policy of role `{role}` would have no statement left after {removed} are removed");
        Self::new(Code::Configuration, role, message, &format!("grant another principal access, or {to_keep}"))
    }

    pub(super) fn path(spec: &RoleSpec, role: &ObservedRole) -> Self {
        let existing = &role.settings.path;
        let message = format!("role `{}` exists under the path `{existing}`, not `{}`", spec.name(), spec.path());
        Self::new(
            Code::PathDiffers,
            spec.name(),
            message,
            "IAM cannot change the path of a role: configure the existing path, or delete the role",
        )
    }

    pub(super) fn trust_policy_not_supported(role: &RoleName, problem: &str) -> Self {
        let message = format!("the trust policy of role `{role}` is not supported: {problem}");
        Self::new(Code::TrustPolicyNotSupported, role, message, "fix the trust policy manually, then run again")
    }

    pub(super) fn unreadable(spec: &RoleSpec, why: &Cause) -> Self {
        let name = spec.name();
        let path = spec.path();
        let message = format!("role `{name}` cannot be read under the path `{path}`: {}", why.message);
        Self::new(why.code, name, message, &why.remedy)
    }

    /// The time of the revocation cannot be written. Nothing is changed in the role, because its sessions cannot be revoked.
    pub(super) fn revocation(role: &RoleName, error: &PolicyError) -> Self {
        let message = format!("the sessions of role `{role}` cannot be revoked: {error}");
        Self::new(Code::PolicyNotAccepted, role, message, "check the clock of this machine, then run again")
    }

    pub(super) fn foreign(role: &RoleName) -> Self {
        let message = format!("role `{role}` already exists and is not managed by this tool (no `{OWNER_TAG}` tag)");
        Self::new(
            Code::ForeignRole,
            role,
            message,
            "rename one of the two roles, or set `adopt = true` to take it over",
        )
    }

    pub(super) fn orphaned(role: &RoleName, notice: &PolicyNotice) -> Self {
        let message = format!("the trust policy of role `{role}` cannot be saved: {notice}");
        Self::new(
            Code::OrphanedPrincipal,
            role,
            message,
            "set `prune-orphans = true`, or remove the deleted identity manually",
        )
    }

    pub(super) fn denied(role: &RoleName, statement: &str, principal: &Principal) -> Self {
        let message = format!("a grant on role `{role}` would have no effect: {statement} denies {principal}");
        Self::new(Code::ExplicitDeny, role, message, "remove the deny statement, or the grant from the configuration")
    }

    pub(super) fn unsafe_edit(role: &RoleName) -> Self {
        let message = format!("the new trust policy of role `{role}` would change more than the configured grants");
        Self::new(
            Code::UnsafeTrust,
            role,
            message,
            "report this as a bug in account-onboarding; the trust policy was left unchanged",
        )
    }
}
