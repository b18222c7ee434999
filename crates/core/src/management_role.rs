//! The role of the management account through which a tool in another account acts.
//!
//! Organizations answers in the management account only, and the access roles of its member accounts trust the management account
//! alone. A function that runs elsewhere therefore assumes a role of the management account first. That role may read the
//! organization and assume access roles, and nothing else.

use crate::account::{AccountId, Partition};
use crate::role::{ExternalId, RoleName};

/// The role, and what it is assumed for.
#[derive(Debug, Clone)]
pub struct ManagementRole {
    /// The ARN of the role.
    pub arn: String,
    /// Its account: the management account.
    pub account: AccountId,
    /// The external ID that it requires.
    pub external_id: ManagementExternalId,
    /// The partition.
    pub partition: Partition,
    /// The access roles that its sessions may assume in member accounts.
    pub access_roles: Vec<RoleName>,
}

impl ManagementRole {
    /// Whether sessions of the other are sessions of this one: the role, its external ID and what it may do are the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let has_same_id = match (&self.external_id, &other.external_id) {
            (ManagementExternalId::Literal(id), ManagementExternalId::Literal(other)) => id.expose() == other.expose(),
            (ManagementExternalId::Parameter(name), ManagementExternalId::Parameter(other)) => name == other,
            _ => false,
        };
        self.arn == other.arn && has_same_id && self.access_roles == other.access_roles
    }
}

/// Where the external ID of the role is.
#[derive(Debug, Clone)]
pub enum ManagementExternalId {
    /// In the configuration.
    Literal(ExternalId),
    /// In this SSM parameter of the account that the tool runs in.
    Parameter(String),
}

/// A string is not the ARN of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not the ARN of a role; write it like `arn:aws:iam::111122223333:role/account-onboarding-management`")]
pub(crate) struct InvalidRoleArn;

/// The partition and the account of the ARN of a role.
pub(crate) fn parse_role_arn(arn: &str) -> Result<(Partition, AccountId), InvalidRoleArn> {
    let parts: Vec<_> = arn.split(':').collect();
    let [_, _, "iam", "", account, resource] = parts.as_slice() else { return Err(InvalidRoleArn) };
    let partition = Partition::from_arn(arn).map_err(|_| InvalidRoleArn)?;
    let account = account.parse().map_err(|_| InvalidRoleArn)?;
    let rest = resource.strip_prefix("role/").ok_or(InvalidRoleArn)?;
    let (path, name) = rest.rsplit_once('/').unwrap_or(("", rest));
    let is_plain = |path: &str| path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*' && byte != b'?');
    let is_valid = is_plain(path) && path.len() < 512 && name.parse::<RoleName>().is_ok();
    if is_valid { Ok((partition, account)) } else { Err(InvalidRoleArn) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arn_of_a_role_is_read_in_every_partition() {
        for (arn, partition) in [
            ("arn:aws:iam::111122223333:role/hop", "aws"),
            ("arn:aws-us-gov:iam::111122223333:role/a/b/hop", "aws-us-gov"),
            ("arn:aws-cn:iam::111122223333:role/hop", "aws-cn"),
            ("arn:aws-eusc:iam::111122223333:role/hop", "aws-eusc"),
        ] {
            let (found, account) = parse_role_arn(arn).unwrap();
            assert_eq!((found.as_str(), account.as_str()), (partition, "111122223333"));
        }
        for bad in [
            "",
            "hop",
            "arn:aws:iam::111122223333:user/hop",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::111122223333:role/*/hop",
            "arn:aws:iam::11112222333:role/hop",
            "arn:aws:iam:us-east-1:111122223333:role/hop",
            "arn:aws:sts::111122223333:assumed-role/hop/session",
            "arn:azure:iam::111122223333:role/hop",
            "arn:aws:iam::111122223333:role/hop:x",
        ] {
            assert!(parse_role_arn(bad).is_err(), "{bad}");
        }
    }
}
