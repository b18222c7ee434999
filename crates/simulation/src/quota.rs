//! Quotas of IAM.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.

use super::account::Rejection;
use super::role_state::{PolicyText, RoleState};

/// The quotas of one account; those of AWS by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Roles in the account.
    pub roles: usize,
    /// Characters of a trust policy, white space not counted.
    pub trust_length: usize,
    /// Characters of all inline policies of a role together, white space not counted.
    pub inline_length: usize,
    /// Managed policies on a role.
    pub attached: usize,
    /// Tags on a role.
    pub tags: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { roles: 1000, trust_length: 2048, inline_length: 10240, attached: 10, tags: 50 }
    }
}

impl Quotas {
    /// Checks a role as it would be after a write, in what the write changes.
    pub(super) fn check(&self, name: &str, role: &RoleState, before: Option<&RoleState>) -> Result<(), Rejection> {
        if before.is_none_or(|before| before.trust != role.trust) && length(&role.trust) > self.trust_length {
            return Err(exceeded("ACLSizePerRole", self.trust_length));
        }
        let inline = |role: &RoleState| role.policies.values().map(length).sum::<usize>();
        if inline(role) > self.inline_length.max(before.map_or(0, inline)) {
            let limit = self.inline_length;
            return Err(Rejection::new(
                "LimitExceeded",
                format!("Maximum policy size of {limit} bytes exceeded for role {name}"),
            ));
        }
        if role.attached.len() > self.attached.max(before.map_or(0, |before| before.attached.len())) {
            return Err(exceeded("PoliciesPerRole", self.attached));
        }
        if role.tags.len() > self.tags.max(before.map_or(0, |before| before.tags.len())) {
            return Err(exceeded("TagsPerRole", self.tags));
        }
        Ok(())
    }

    /// Checks that there is room for one more role.
    pub(super) fn check_roles(&self, there: usize) -> Result<(), Rejection> {
        if there >= self.roles { Err(exceeded("RolesPerAccount", self.roles)) } else { Ok(()) }
    }
}

fn exceeded(quota: &str, limit: usize) -> Rejection {
    Rejection::new("LimitExceeded", format!("Cannot exceed quota for {quota}: {limit}"))
}

fn length(policy: &PolicyText) -> usize {
    policy.0.chars().filter(|c| !c.is_whitespace()).count()
}
