//! Principals: the forms that a policy may contain, in a representation in which equal principals are equal.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>.

use std::fmt;

use crate::account::{AccountId, Partition, WrongPartition};
use crate::text::Untrusted;

/// One principal of a statement. An account ID and the root ARN of that account are the same principal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// `*`: everyone, in every account.
    Anyone,
    /// An account, by its id or its root ARN.
    Account(AccountId),
    /// A role, user, session or federated user, by ARN.
    Arn(String),
    /// A role or user by its unique ID (`AROA…`, `AIDA…`). IAM replaces the ARN by this ID when the identity is deleted; it
    /// then matches no caller, and IAM rejects a policy that contains it when the policy is saved again. A policy that IAM
    /// has not seen yet may contain the ID of an identity that exists, which IAM replaces by the ARN.
    Orphan(String),
    /// An account, role, user or session of another partition than the policy's, by ARN. It is never the account of the
    /// same number in the policy's partition.
    Foreign(String),
    /// An AWS service, such as `lambda.amazonaws.com`.
    Service(String),
    /// An identity provider.
    Federated(String),
    /// An S3 canonical user.
    CanonicalUser(String),
    /// A principal of a kind that is not known: its kind and its value.
    Unknown(String, String),
}

/// Why a string is not a valid principal for a grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrincipal {
    /// `*` in any of its forms.
    #[error("a wildcard principal grants access to everyone; use an account ID, or the ARN of a role or user")]
    Wildcard,
    /// A wildcard in an ARN. IAM accepts none there.
    #[error(
        "`{0}` has a wildcard, and IAM accepts none in the ARN of a principal; use the account ID, with a condition `ArnLike` for \
         `aws:PrincipalArn`"
    )]
    WildcardInArn(Untrusted),
    /// A wildcard in a principal that is removed from trust policies.
    #[error(
        "`{0}` has a wildcard, and a principal is only removed by its own name; write an account ID, or the ARN of a role, user or \
         session"
    )]
    RevokedWildcard(Untrusted),
    /// The unique ID of a role or user, which IAM replaces by the ARN.
    #[error("`{0}` is a unique ID, and IAM stores the ARN of the role or user in its place; write the ARN")]
    UniqueId(Untrusted),
    /// An ARN with a common wrong name of a partition.
    #[error("`{0}` is not a valid principal: {1}")]
    Partition(Untrusted, WrongPartition),
    /// Not an account ID, role ARN or user ARN.
    #[error("`{0}` is not a valid principal; use a 12-digit account ID, or the ARN of a role or user")]
    Form(Untrusted),
}

impl Principal {
    /// A principal from a policy. Every string is accepted, because the policy exists and IAM has accepted it.
    #[must_use]
    pub(crate) fn from_policy(kind: &str, text: &str) -> Self {
        match kind {
            "AWS" => Self::from_aws(text),
            "Service" => Self::Service(text.to_owned()),
            "Federated" => Self::Federated(text.to_owned()),
            "CanonicalUser" => Self::CanonicalUser(text.to_owned()),
            _ => Self::Unknown(kind.to_owned(), text.to_owned()),
        }
    }

    fn from_aws(text: &str) -> Self {
        if text == "*" {
            return Self::Anyone;
        }
        if let Ok(id) = text.parse() {
            return Self::Account(id);
        }
        if let Some((id, "root")) = iam_arn(text)
            && let Ok(id) = id.parse()
        {
            return Self::Account(id);
        }
        // Unique ids: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
        let unique = text.len() >= 16 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if unique && (text.starts_with("AROA") || text.starts_with("AIDA")) {
            return Self::Orphan(text.to_owned());
        }
        Self::Arn(text.to_owned())
    }

    /// A principal for a grant: an account ID or root ARN, or the ARN of a role or user.
    ///
    /// # Errors
    /// When it contains a wildcard or is none of these.
    pub fn to_grant(text: &str) -> Result<Self, InvalidPrincipal> {
        if text == "*" {
            return Err(InvalidPrincipal::Wildcard);
        }
        if text.starts_with("arn:") && text.contains(['*', '?']) {
            return Err(InvalidPrincipal::WildcardInArn(text.into()));
        }
        if let Ok(partition) = Partition::from_arn(text)
            && let Err(error) = Partition::from_user(partition.as_str())
        {
            return Err(InvalidPrincipal::Partition(text.into(), error));
        }
        match Self::from_aws(text) {
            account @ Self::Account(_) => Ok(account),
            Self::Arn(arn) => match iam_arn(&arn) {
                Some((id, what)) if id.parse::<AccountId>().is_ok() && names_an_identity(what) => Ok(Self::Arn(arn)),
                _ => Err(InvalidPrincipal::Form(text.into())),
            },
            Self::Orphan(_) => Err(InvalidPrincipal::UniqueId(text.into())),
            _ => Err(InvalidPrincipal::Form(text.into())),
        }
    }

    /// A principal to remove from trust policies: an account ID or root ARN, or the ARN of a role, user or session.
    ///
    /// # Errors
    /// When it contains a wildcard or is none of these.
    pub(crate) fn to_revoke(text: &str) -> Result<Self, InvalidPrincipal> {
        match Self::from_aws(text) {
            _ if text.contains(['*', '?']) => Err(InvalidPrincipal::RevokedWildcard(text.into())),
            Self::Arn(arn) if names_a_session(&arn) => Ok(Self::Arn(arn)),
            _ => Self::to_grant(text),
        }
    }

    /// A principal for the trust policy of a role of our own: as [`Principal::to_grant`], or the unique ID of a role or user.
    ///
    /// # Errors
    /// When it contains a wildcard or is none of these.
    pub(crate) fn to_trust(text: &str) -> Result<Self, InvalidPrincipal> {
        match Self::from_aws(text) {
            unique_id @ Self::Orphan(_) => Ok(unique_id),
            _ => Self::to_grant(text),
        }
    }

    /// The value in a policy of that partition. An account is written as its root ARN, as IAM does.
    #[must_use]
    pub fn to_policy(&self, partition: &Partition) -> String {
        match self {
            Self::Anyone => "*".to_owned(),
            Self::Account(id) => format!("arn:{partition}:iam::{id}:root"),
            Self::Arn(text)
            | Self::Orphan(text)
            | Self::Foreign(text)
            | Self::Service(text)
            | Self::Federated(text)
            | Self::CanonicalUser(text)
            | Self::Unknown(_, text) => text.clone(),
        }
    }

    /// The account of the principal, if its value contains one.
    #[must_use]
    pub(crate) fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(id) => Some(id.clone()),
            Self::Arn(arn) => AccountId::from_arn(arn),
            _ => None,
        }
    }

    /// Whether its kind is `AWS`.
    #[must_use]
    pub(super) fn is_aws(&self) -> bool {
        matches!(self, Self::Anyone | Self::Account(_) | Self::Arn(_) | Self::Orphan(_) | Self::Foreign(_))
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone (`*`)"),
            Self::Account(id) => write!(f, "account {id}"),
            Self::Arn(text) if text.trim().is_empty() => write!(f, "`{text}`"),
            Self::Arn(text) | Self::Foreign(text) => f.write_str(text),
            Self::Orphan(text) => write!(f, "the unique ID {text}"),
            Self::Service(text) => write!(f, "the service {text}"),
            Self::Federated(text) => write!(f, "the identity provider {text}"),
            Self::CanonicalUser(text) => write!(f, "the canonical user {text}"),
            Self::Unknown(kind, text) => write!(f, "{kind} {text}"),
        }
    }
}

/// The account and the resource of an IAM ARN.
fn iam_arn(text: &str) -> Option<(&str, &str)> {
    let mut fields = text.splitn(6, ':');
    let arn = fields.next()?;
    let partition = fields.next()?;
    let service = fields.next()?;
    let region = fields.next()?;
    let named = arn == "arn" && partition.parse::<Partition>().is_ok() && service == "iam" && region.is_empty();
    if named { Some((fields.next()?, fields.next()?)) } else { None }
}

/// Whether an ARN is that of a session of a role. The ARN of a session has the name of the role, but not its path.
pub(crate) fn is_session_of(session: &str, role: &str) -> bool {
    let Some((account, resource)) = iam_arn(role) else { return false };
    let Some(name) = resource.strip_prefix("role/").and_then(|path| path.rsplit('/').next()) else { return false };
    role_session(session).is_some_and(|session| {
        session.account == account
            && role.split(':').nth(1) == Some(session.partition)
            && session.role.eq_ignore_ascii_case(name)
    })
}

/// What the ARN of a session of a role says about the role: its name, and not its path.
pub(super) struct RoleSession<'a> {
    pub(super) partition: &'a str,
    pub(super) account: &'a str,
    pub(super) role: &'a str,
}

/// Reads the ARN of a session of a role.
pub(super) fn role_session(arn: &str) -> Option<RoleSession<'_>> {
    let fields: Vec<_> = arn.splitn(6, ':').collect();
    let [_, partition, "sts", "", account, resource] = fields.as_slice() else { return None };
    let (role, session) = resource.strip_prefix("assumed-role/")?.split_once('/')?;
    (!session.is_empty()).then_some(RoleSession { partition, account, role })
}

/// Whether an ARN is that of a session of a role, or of a federated user.
fn names_a_session(arn: &str) -> bool {
    let mut fields = arn.splitn(6, ':').skip(2);
    let is_sts = fields.next() == Some("sts") && fields.next() == Some("");
    let has_account = fields.next().is_some_and(|id| id.parse::<AccountId>().is_ok());
    let resource = fields.next().unwrap_or_default();
    let named = resource.strip_prefix("assumed-role/").or_else(|| resource.strip_prefix("federated-user/"));
    is_sts && has_account && Partition::from_arn(arn).is_ok() && named.is_some_and(|name| !name.is_empty())
}

/// Whether a resource is `role/…` or `user/…` with a name of allowed characters.
fn names_an_identity(resource: &str) -> bool {
    let name = resource.strip_prefix("role/").or_else(|| resource.strip_prefix("user/"));
    name.is_some_and(|name| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b);
        !name.is_empty() && !name.ends_with('/') && name.bytes().all(allowed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_id_and_root_arn_are_equal() {
        let id = Principal::from_policy("AWS", "222233334444");
        assert_eq!(id, Principal::from_policy("AWS", "arn:aws:iam::222233334444:root"));
        assert_eq!(id, Principal::to_grant("arn:aws-us-gov:iam::222233334444:root").unwrap());
        assert_eq!(id.to_policy(&"aws-cn".parse().unwrap()), "arn:aws-cn:iam::222233334444:root");
    }

    #[test]
    fn unique_id_of_a_deleted_role_is_an_orphan() {
        assert!(matches!(Principal::from_policy("AWS", "AROAIOSFODNN7EXAMPLE"), Principal::Orphan(_)));
        assert!(matches!(Principal::from_policy("AWS", "AROA"), Principal::Arn(_)));
        assert!(matches!(Principal::from_policy("Service", "AROAIOSFODNN7EXAMPLE"), Principal::Service(_)));
    }

    #[test]
    fn session_belongs_to_its_role() {
        let role = "arn:aws:iam::222233334444:role/apps/deployer";
        assert!(is_session_of("arn:aws:sts::222233334444:assumed-role/deployer/ci", role));
        for other in [
            role,
            "arn:aws:sts::222233334444:assumed-role/other/ci",
            "arn:aws:sts::333344445555:assumed-role/deployer/ci",
            "arn:aws-cn:sts::222233334444:assumed-role/deployer/ci",
            "arn:aws:sts::222233334444:federated-user/deployer",
        ] {
            assert!(!is_session_of(other, role), "{other}");
        }
    }

    #[test]
    fn only_accounts_roles_and_users_are_valid_for_a_grant() {
        for good in ["222233334444", "arn:aws:iam::222233334444:role/a/b", "arn:aws:iam::222233334444:user/ann"] {
            assert!(Principal::to_grant(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "2222333344445",
            "arn:aws:iam::*:root",
            "arn:aws:iam::222233334444:role/*",
            "arn:aws:iam::222233334444:role/",
            "arn:aws:iam::222233334444:group/admins",
            "arn:aws:sts::222233334444:assumed-role/a/b",
            "AROAIOSFODNN7EXAMPLE",
            "lambda.amazonaws.com",
        ] {
            assert!(Principal::to_grant(bad).is_err(), "{bad}");
        }
        let error = Principal::to_grant("arn:aws-govcloud:iam::222233334444:role/x").unwrap_err();
        insta::assert_snapshot!(error, @"`arn:aws-govcloud:iam::222233334444:role/x` is not a valid principal: `aws-govcloud` is not an AWS partition; did you mean `aws-us-gov`?");
    }

    #[test]
    fn wildcards_are_refused_with_the_reason() {
        let refused = [
            Principal::to_grant("*"),
            Principal::to_grant("arn:aws:iam::857204613908:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_*"),
            Principal::to_grant("arn:aws:iam::*:root"),
            Principal::to_trust("arn:aws:iam::857204613908:user/ann?"),
            Principal::to_grant("lambda.*"),
            Principal::to_revoke("*"),
            Principal::to_revoke("arn:aws:sts::857204613908:assumed-role/old/*"),
        ];
        insta::assert_snapshot!(refused.map(|refused| refused.unwrap_err().to_string()).join("\n"), @"
        a wildcard principal grants access to everyone; use an account ID, or the ARN of a role or user
        `arn:aws:iam::857204613908:role/aws-reserved/sso.amazonaws.co…` has a wildcard, and IAM accepts none in the ARN of a principal; use the account ID, with a condition `ArnLike` for `aws:PrincipalArn`
        `arn:aws:iam::*:root` has a wildcard, and IAM accepts none in the ARN of a principal; use the account ID, with a condition `ArnLike` for `aws:PrincipalArn`
        `arn:aws:iam::857204613908:user/ann?` has a wildcard, and IAM accepts none in the ARN of a principal; use the account ID, with a condition `ArnLike` for `aws:PrincipalArn`
        `lambda.*` is not a valid principal; use a 12-digit account ID, or the ARN of a role or user
        `*` has a wildcard, and a principal is only removed by its own name; write an account ID, or the ARN of a role, user or session
        `arn:aws:sts::857204613908:assumed-role/old/*` has a wildcard, and a principal is only removed by its own name; write an account ID, or the ARN of a role, user or session
        ");
    }
}
