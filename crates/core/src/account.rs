//! Accounts: validated once, then trusted.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::text::Untrusted;

/// A twelve-digit AWS account id.
///
/// See <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html>.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

/// Why a text is no account id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no account id; write exactly twelve digits, in quotes")]
pub struct InvalidAccountId(Untrusted);

impl AccountId {
    /// The twelve digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, InvalidAccountId> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidAccountId(text.into()))
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A partition of AWS: `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`, `aws-iso…`.
///
/// Taken from an ARN that AWS gave us, never from a constant, so that a new partition needs no release.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Partition(String);

/// Why a text is no partition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no AWS partition; it looks like `aws` or `aws-us-gov`")]
pub struct InvalidPartition(Untrusted);

impl Partition {
    /// The partition's name as it stands in ARNs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition that an ARN names: its second field.
    ///
    /// # Errors
    /// When the text is no ARN or its partition is none.
    pub fn from_arn(arn: &str) -> Result<Self, InvalidPartition> {
        let mut fields = arn.split(':');
        match (fields.next(), fields.next()) {
            (Some("arn"), Some(partition)) => partition.parse(),
            _ => Err(InvalidPartition(arn.into())),
        }
    }
}

impl FromStr for Partition {
    type Err = InvalidPartition;

    fn from_str(text: &str) -> Result<Self, InvalidPartition> {
        let letters = text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if letters && text.len() <= 20 && (text == "aws" || text.starts_with("aws-")) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPartition(text.into()))
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What Organizations says of an account's life.
///
/// See `State` in <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountState {
    /// Being made; becomes active by itself.
    PendingActivation,
    /// In use: the only state in which anything is written.
    Active,
    /// Suspended by AWS.
    Suspended,
    /// Being closed.
    PendingClosure,
    /// Closed.
    Closed,
    /// A state that this release does not know, as AWS wrote it.
    Unknown(Untrusted),
}

impl AccountState {
    /// Reads the value of `State` (or of the retired `Status`, whose values are a subset).
    #[must_use]
    pub fn from_wire(text: &str) -> Self {
        match text {
            "PENDING_ACTIVATION" => Self::PendingActivation,
            "ACTIVE" => Self::Active,
            "SUSPENDED" => Self::Suspended,
            "PENDING_CLOSURE" => Self::PendingClosure,
            "CLOSED" => Self::Closed,
            other => Self::Unknown(other.into()),
        }
    }
}

impl fmt::Display for AccountState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown(other) => return write!(f, "{other}"),
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
        })
    }
}

/// How an account came into the organization.
///
/// See `JoinedMethod` in <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinMethod {
    /// It was made here, with an access role.
    Created,
    /// It was there before and accepted an invitation; no access role was made.
    Invited,
    /// Organizations does not say, or says it in a way that this release does not know.
    Unknown,
}

impl JoinMethod {
    /// Reads the value of `JoinedMethod`.
    #[must_use]
    pub fn from_wire(text: Option<&str>) -> Self {
        match text {
            Some("CREATED") => Self::Created,
            Some("INVITED") => Self::Invited,
            _ => Self::Unknown,
        }
    }
}

/// Whether an account may still be getting ready: for some minutes after it joined, calls are denied that succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountAge {
    /// Joined recently: a denial is waited for.
    New,
    /// A member for long enough: a denial is a diagnosis.
    Established,
}

impl AccountAge {
    /// Whether a denial may pass with time.
    #[must_use]
    pub fn is_new(self) -> bool {
        self == Self::New
    }
}

/// A member of the organization, as Organizations describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's id.
    pub id: AccountId,
    /// The account's name: free text that its owner may change.
    pub name: Untrusted,
    /// Where it is in its life.
    pub state: AccountState,
    /// When it joined the organization, in seconds since 1970, where known.
    pub joined_at: Option<i64>,
    /// How it joined.
    pub joined: JoinMethod,
    /// The organization's management account, from the account's ARN.
    pub management: AccountId,
    /// The partition, from the account's ARN.
    pub partition: Partition,
}

impl Account {
    /// Whether this is the organization's management account, in which nothing is ever written.
    #[must_use]
    pub fn is_management(&self) -> bool {
        self.id == self.management
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_is_twelve_digits() {
        assert_eq!("444455556666".parse::<AccountId>().unwrap().as_str(), "444455556666");
        for bad in ["", "44445555666", "4444555566667", "44445555666a", "４44455556666", " 444455556666"] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_partition_comes_from_an_arn() {
        assert_eq!(Partition::from_arn("arn:aws-us-gov:iam::1:root").unwrap().as_str(), "aws-us-gov");
        assert!(Partition::from_arn("arn:azure:iam::1:root").is_err());
        assert!(Partition::from_arn("aws").is_err());
    }

    #[test]
    fn hostile_text_is_shortened() {
        insta::assert_snapshot!("x\n".repeat(99).parse::<AccountId>().unwrap_err(), @"`x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x …` is no account id; write exactly twelve digits, in quotes");
    }
}
