//! Which IAM quota is reached, according to the error message.
//!
//! The quotas: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>. Their codes:
//! <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>. The messages are not documented and are taken from
//! public reports, for example <https://github.com/aws-amplify/amplify-cli/issues/1699>.

/// A quota of IAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// The length of a trust policy.
    TrustPolicyLength,
    /// Roles in an account.
    RolesPerAccount,
    /// Managed policies on a role.
    ManagedPoliciesPerRole,
    /// The total length of the inline policies of a role.
    InlinePolicyLength,
    /// Tags on a role.
    TagsPerRole,
}

impl Quota {
    /// Parses a message.
    #[must_use]
    pub(crate) fn read(message: &str) -> Option<Self> {
        if message.contains("Maximum policy size of") {
            return Some(Self::InlinePolicyLength);
        }
        let (_, rest) = message.split_once("Cannot exceed quota for ")?;
        let name: &str = rest.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        match name {
            "ACLSizePerRole" => Some(Self::TrustPolicyLength),
            "RolesPerAccount" => Some(Self::RolesPerAccount),
            "PoliciesPerRole" | "AttachedPoliciesPerRole" => Some(Self::ManagedPoliciesPerRole),
            "TagsPerRole" => Some(Self::TagsPerRole),
            _ => None,
        }
    }

    /// Its code in Service Quotas; `None` if it cannot be raised.
    #[must_use]
    pub(crate) fn code(self) -> Option<&'static str> {
        match self {
            Self::TrustPolicyLength => Some("L-C07B4B0D"),
            Self::RolesPerAccount => Some("L-FE177D64"),
            Self::ManagedPoliciesPerRole => Some("L-0DA4ABF3"),
            Self::InlinePolicyLength | Self::TagsPerRole => None,
        }
    }

    /// Its name, and what to do instead of raising it.
    #[must_use]
    pub(crate) fn description(self) -> (&'static str, &'static str) {
        match self {
            Self::TrustPolicyLength => ("trust policy length", "grant to fewer principals"),
            Self::RolesPerAccount => ("roles per account", "delete unused roles"),
            Self::ManagedPoliciesPerRole => ("managed policies per role", "attach fewer policies"),
            Self::InlinePolicyLength => (
                "total length of the inline policies of a role",
                "shorten them, attach a managed policy, or delete those that are not configured",
            ),
            Self::TagsPerRole => ("tags per role", "configure fewer tags"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quota_is_recognized_from_its_message() {
        for (message, quota) in [
            ("Cannot exceed quota for ACLSizePerRole: 2048", Some(Quota::TrustPolicyLength)),
            ("Cannot exceed quota for RolesPerAccount: 1000", Some(Quota::RolesPerAccount)),
            ("Cannot exceed quota for PoliciesPerRole:10", Some(Quota::ManagedPoliciesPerRole)),
            ("Cannot exceed quota for AttachedPoliciesPerRole: 10", Some(Quota::ManagedPoliciesPerRole)),
            ("Cannot exceed quota for TagsPerRole: 50", Some(Quota::TagsPerRole)),
            ("Maximum policy size of 10240 bytes exceeded for role x", Some(Quota::InlinePolicyLength)),
            ("Cannot exceed quota for GroupsPerUser: 10", None),
            ("Cannot exceed quota for ", None),
            ("Cannot exceed quota for ACLSizePerRoleé", Some(Quota::TrustPolicyLength)),
            ("", None),
        ] {
            assert_eq!(Quota::read(message), quota, "{message}");
        }
    }
}
