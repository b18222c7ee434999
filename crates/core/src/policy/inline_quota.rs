//! The IAM quota for the inline policies of a role.
//!
//! A role that is filled up to the quota has no space for the policy that revokes its sessions, so that some changes of it would
//! be blocked. `config check` therefore warns of a configuration that does not leave that space free, and a plan makes it first
//! where another principal has used it.

use std::time::UNIX_EPOCH;

use serde_json::json;

use super::document::{Document, Effect};
use super::error::PolicyError;
use super::revocation::revocation_policy;

/// The total size of a role's inline policies, in characters without white space.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
pub(crate) const INLINE_QUOTA: usize = 10_240;

/// The length of a policy as it counts towards the quota, in characters.
#[must_use]
pub fn inline_length(json: &str) -> usize {
    json.chars().filter(|c| !c.is_ascii_whitespace()).count()
}

/// How many characters the inline policies of a role may have together so that there is space for the policy that revokes
/// sessions, and how many that one needs.
#[must_use]
pub(crate) fn inline_limit() -> (usize, usize) {
    let reserved = revocation_policy(UNIX_EPOCH).map_or(0, |policy| inline_length(&policy.to_json()));
    (INLINE_QUOTA.saturating_sub(reserved), reserved)
}

/// A policy that denies everything, in the place of one that is too long: whatever that one allowed or denied, no principal gets more.
///
/// # Errors
/// Never: it is a constant.
pub(crate) fn deny_everything() -> Result<Document, PolicyError> {
    Document::from_statements(vec![json!({"Effect": "Deny", "Action": ["*"], "Resource": ["*"]})])
}

/// Whether a policy gives permissions and takes none, so that deleting it gives no principal more.
#[must_use]
pub(crate) fn only_allows(policy: &Document) -> bool {
    policy.statements().iter().all(|statement| statement.effect == Effect::Allow)
}
