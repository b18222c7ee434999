//! The forms of a principal, and when two of them are the same one.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>.

use std::fmt;

use crate::account::{AccountId, Partition};
use crate::text::Untrusted;

/// One principal of a statement, in the one form in which equal ones are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// `*`: everybody, in every account.
    Anyone,
    /// A whole account: its id, or its root ARN.
    Account(AccountId),
    /// A role, user, session or federated user, by ARN.
    Arn(String),
    /// What remains of a deleted role or user (`AROA…`, `AIDA…`): it matches nobody, and IAM refuses to save it again.
    Orphan(String),
    /// An AWS service, as `lambda.amazonaws.com`.
    Service(String),
    /// An identity provider.
    Federated(String),
    /// An S3 canonical user.
    CanonicalUser(String),
    /// A principal that this release does not understand: its kind and its text.
    Unknown(String, String),
}

/// Why a text cannot be a principal to whom access is granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrincipal {
    /// `*` in any of its forms.
    #[error("a wildcard principal lets everybody in; name an account id or a role or user ARN")]
    Wildcard,
    /// No account id, role ARN or user ARN.
    #[error("`{0}` is no principal; write a twelve-digit account id or the ARN of a role or user")]
    Form(Untrusted),
}

impl Principal {
    /// Reads a principal as it stands in a policy. Every text is one: a policy that exists is not ours to refuse.
    #[must_use]
    pub fn from_policy(kind: &str, text: &str) -> Self {
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

    /// Reads a principal to whom access is to be granted: an account id or root ARN, or the ARN of a role or user.
    ///
    /// # Errors
    /// When it is a wildcard or none of these.
    pub fn to_grant(text: &str) -> Result<Self, InvalidPrincipal> {
        if text.contains(['*', '?']) {
            return Err(InvalidPrincipal::Wildcard);
        }
        match Self::from_aws(text) {
            account @ Self::Account(_) => Ok(account),
            Self::Arn(arn) => match iam_arn(&arn) {
                Some((id, what)) if id.parse::<AccountId>().is_ok() && names_an_identity(what) => Ok(Self::Arn(arn)),
                _ => Err(InvalidPrincipal::Form(text.into())),
            },
            _ => Err(InvalidPrincipal::Form(text.into())),
        }
    }

    /// The text that stands in a policy of that partition; an account is written as its root ARN, as IAM itself does.
    #[must_use]
    pub fn to_policy(&self, partition: &Partition) -> String {
        match self {
            Self::Anyone => "*".to_owned(),
            Self::Account(id) => format!("arn:{partition}:iam::{id}:root"),
            Self::Arn(text)
            | Self::Orphan(text)
            | Self::Service(text)
            | Self::Federated(text)
            | Self::CanonicalUser(text)
            | Self::Unknown(_, text) => text.clone(),
        }
    }

    /// The account that the principal is in, where its text says so.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(id) => Some(id.clone()),
            Self::Arn(arn) => arn.split(':').nth(4)?.parse().ok(),
            _ => None,
        }
    }

    /// Whether it stands under the key `AWS`.
    #[must_use]
    pub(super) fn is_aws(&self) -> bool {
        matches!(self, Self::Anyone | Self::Account(_) | Self::Arn(_) | Self::Orphan(_))
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone (`*`)"),
            Self::Account(id) => write!(f, "account {id}"),
            Self::Arn(text) => f.write_str(text),
            Self::Orphan(text) => write!(f, "a deleted identity ({text})"),
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
    let (arn, partition, service, region) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let named = arn == "arn" && partition.parse::<Partition>().is_ok() && service == "iam" && region.is_empty();
    if named { Some((fields.next()?, fields.next()?)) } else { None }
}

/// `role/…` or `user/…` with a name of allowed characters.
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
    fn an_account_has_two_spellings() {
        let id = Principal::from_policy("AWS", "222233334444");
        assert_eq!(id, Principal::from_policy("AWS", "arn:aws:iam::222233334444:root"));
        assert_eq!(id, Principal::to_grant("arn:aws-us-gov:iam::222233334444:root").unwrap());
        assert_eq!(id.to_policy(&"aws-cn".parse().unwrap()), "arn:aws-cn:iam::222233334444:root");
    }

    #[test]
    fn what_is_left_of_a_deleted_role_is_an_orphan() {
        assert!(matches!(Principal::from_policy("AWS", "AROAIOSFODNN7EXAMPLE"), Principal::Orphan(_)));
        assert!(matches!(Principal::from_policy("AWS", "AROA"), Principal::Arn(_)));
        assert!(matches!(Principal::from_policy("Service", "AROAIOSFODNN7EXAMPLE"), Principal::Service(_)));
    }

    #[test]
    fn only_accounts_roles_and_users_are_granted_access() {
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
    }
}
