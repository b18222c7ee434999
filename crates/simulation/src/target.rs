//! The role that an `AssumeRole` request is for.

use onboarding_core::account::{AccountId, Partition};
use onboarding_core::role::RoleName;

/// A role to assume, parsed from its ARN.
pub(super) struct Target {
    pub(super) partition: Partition,
    pub(super) account: AccountId,
    pub(super) path: String,
    pub(super) role: RoleName,
}

impl Target {
    /// Parses the ARN of a role.
    pub(super) fn from_arn(arn: &str) -> Option<Self> {
        let fields: Vec<_> = arn.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, resource] = fields.as_slice() else { return None };
        let (path, role) = resource.strip_prefix("role")?.rsplit_once('/')?;
        let partition = partition.parse().ok()?;
        let account = account.parse().ok()?;
        let role = role.parse().ok()?;
        Some(Self { partition, account, path: format!("{path}/"), role })
    }
}
