//! IAM quotas.
//!
//! A write is checked only in what it changes: a role that already exceeds a quota, because the quota was lowered, can still
//! be tagged.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.

use crate::rejection::Rejection;
use crate::role_state::{PolicyText, RoleState};

/// The quotas of one account. The default values are those of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Roles per account.
    pub roles: usize,
    /// Characters in a trust policy, not counting whitespace.
    pub trust_length: usize,
    /// Characters in all inline policies of a role together, not counting whitespace.
    pub inline_length: usize,
    /// Managed policies per role.
    pub attached: usize,
    /// Tags per role.
    pub tags: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { roles: 1000, trust_length: 2048, inline_length: 10240, attached: 10, tags: 50 }
    }
}

impl Quotas {
    /// Checks the state of a role after a write, limited to what the write changes.
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
        if role.settings.tags.len() > self.tags.max(before.map_or(0, |before| before.settings.tags.len())) {
            return Err(exceeded("TagsPerRole", self.tags));
        }
        Ok(())
    }

    /// Checks that the account can have one more role.
    pub(super) fn check_roles(&self, existing: usize) -> Result<(), Rejection> {
        if existing >= self.roles { Err(exceeded("RolesPerAccount", self.roles)) } else { Ok(()) }
    }
}

fn exceeded(quota: &str, limit: usize) -> Rejection {
    Rejection::new("LimitExceeded", format!("Cannot exceed quota for {quota}: {limit}"))
}

fn length(policy: &PolicyText) -> usize {
    policy.0.chars().filter(|c| !c.is_whitespace()).count()
}
