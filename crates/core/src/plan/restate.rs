//! Puts configured unique IDs (`AROA…`) back in the place of the ARNs that IAM returns for them.
//!
//! IAM does not say for which ID it returns an ARN, so that any other ARN in that place looks the same ([`with_unique_ids`]).
//! Whoever takes a role over can put the own ARN there. So an ARN counts as the configured ID only
//!
//! - after this run has written the trust policy, and again after it has removed or replaced a boundary, or
//! - in a role that is recorded, or in which nothing changes the access, unless it has a permissions boundary that is removed or
//!   replaced: only whoever may write to roles without a boundary, an administrator, could have changed the trust policy.
//!
//! Otherwise the trust policy is not as configured, and is written again.

use super::diff::align;
use super::revocation::{RoleHistory, boundary_differs, changes_access};
use crate::blueprint::Blueprint;
use crate::observed::{Observed, ObservedRole};
use crate::policy::with_unique_ids;

/// The observed state, with configured unique IDs where they may be put back.
#[must_use]
pub fn restated(blueprint: &Blueprint, mut observed: Observed, history: &RoleHistory) -> Observed {
    for spec in &blueprint.roles {
        let Some(role) = observed.roles.get_mut(spec.name()) else { continue };
        let Ok(trust) = &role.trust else { continue };
        let trust = with_unique_ids(trust, &spec.trust);
        if role.trust.as_ref() == Ok(&trust) {
            continue;
        }
        let candidate = ObservedRole { trust: Ok(trust), ..role.clone() };
        let may_be = || match history.known.get(spec.name()) {
            _ if boundary_differs(spec, role) => false,
            Some(recorded) if Some(recorded) == role.id.as_ref() => true,
            Some(_) => false,
            None => !align(spec, &candidate).iter().any(changes_access),
        };
        let is_open = history.trust_open.contains(spec.name());
        if !is_open && (history.trust_written.contains(spec.name()) || may_be()) {
            *role = candidate;
        }
    }
    observed
}
