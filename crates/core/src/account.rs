//! Accounts, account IDs and partitions. Each type is validated when it is created.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::organizational_unit::UnitId;
use crate::text::Untrusted;

/// A twelve-digit AWS account ID.
///
/// See <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html>.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

/// A string is not a valid account ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid account ID; write exactly twelve digits, in quotes")]
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

/// An AWS partition: `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`, `aws-iso…`.
///
/// The value comes from ARNs that AWS returns and not from a list, so that a new partition needs no release.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Partition(String);

/// A string is not a valid partition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid AWS partition; expected a name such as `aws` or `aws-us-gov`")]
pub struct InvalidPartition(Untrusted);

/// What a user wrote is not a valid partition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongPartition {
    /// Not the name of a partition.
    #[error(transparent)]
    Invalid(#[from] InvalidPartition),
    /// A common wrong name.
    #[error("`{wrong}` is not an AWS partition; did you mean `{meant}`?")]
    Misnamed {
        /// The name.
        wrong: Partition,
        /// The name of the partition that is meant.
        meant: &'static str,
    },
}

/// Names that are common for a partition and not its name. They are listed, and not found by similarity, because a future
/// partition may have a name that is similar to one of today.
const MISNOMERS: [(&str, &str); 10] = [
    ("aws-gov", "aws-us-gov"),
    ("aws-govcloud", "aws-us-gov"),
    ("aws-gov-cloud", "aws-us-gov"),
    ("aws-us-govcloud", "aws-us-gov"),
    ("aws-us-gov-cloud", "aws-us-gov"),
    ("aws-usgov", "aws-us-gov"),
    ("aws-gov-us", "aws-us-gov"),
    ("aws-china", "aws-cn"),
    ("aws-eu", "aws-eusc"),
    ("aws-esc", "aws-eusc"),
];

/// The partitions that are known today.
///
/// See <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>.
const KNOWN_PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"];

impl Partition {
    /// The name, as used in ARNs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition of an ARN: its second field.
    ///
    /// # Errors
    /// If the string is not an ARN or its partition is not valid.
    pub fn from_arn(arn: &str) -> Result<Self, InvalidPartition> {
        let mut fields = arn.split(':');
        match (fields.next(), fields.next()) {
            (Some("arn"), Some(partition)) => partition.parse(),
            _ => Err(InvalidPartition(arn.into())),
        }
    }

    /// Parses the name of a partition that a user wrote, and refuses common wrong names, such as `aws-gov`.
    ///
    /// # Errors
    /// If the string is not a name, or a common wrong one.
    pub fn from_user(text: &str) -> Result<Self, WrongPartition> {
        let wrong: Self = text.parse()?;
        match MISNOMERS.into_iter().find(|(name, _)| *name == text) {
            Some((_, meant)) => Err(WrongPartition::Misnamed { wrong, meant }),
            None => Ok(wrong),
        }
    }

    /// Whether it is one of the partitions of today. Others may exist, and work in the same way.
    #[must_use]
    pub fn is_known(&self) -> bool {
        KNOWN_PARTITIONS.contains(&self.as_str())
    }
}

impl AccountId {
    /// The account in the fifth field of an ARN; `None` if there is none.
    #[must_use]
    pub fn from_arn(arn: &str) -> Option<Self> {
        arn.split(':').nth(4)?.parse().ok()
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

/// The state of an account, as reported by Organizations.
///
/// See `State` in <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountState {
    /// Being created. Becomes active automatically.
    PendingActivation,
    /// In use. The only state in which the tool makes changes.
    Active,
    /// Suspended by AWS.
    Suspended,
    /// Being closed.
    PendingClosure,
    /// Closed.
    Closed,
    /// A state that this release does not know, as returned by AWS.
    Unknown(Untrusted),
}

impl AccountState {
    /// Parses the value of `State`, or of the deprecated `Status`, whose values are a subset.
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

/// How an account joined the organization.
///
/// See `JoinedMethod` in <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinMethod {
    /// It was created in the organization, with an access role.
    Created,
    /// It existed before and accepted an invitation. No access role was created.
    Invited,
    /// Organizations returned no value, or one that this release does not know.
    Unknown,
}

impl JoinMethod {
    /// Parses the value of `JoinedMethod`.
    #[must_use]
    pub fn from_wire(text: Option<&str>) -> Self {
        match text {
            Some("CREATED") => Self::Created,
            Some("INVITED") => Self::Invited,
            _ => Self::Unknown,
        }
    }

    /// The value of `JoinedMethod`; `None` if it is not known.
    #[must_use]
    pub(crate) fn as_wire(self) -> Option<&'static str> {
        match self {
            Self::Created => Some("CREATED"),
            Self::Invited => Some("INVITED"),
            Self::Unknown => None,
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
    /// The age of an account that joined at a time: new for `new_for`, and while the time is not known.
    #[must_use]
    pub fn at(now: SystemTime, joined_at: Option<SystemTime>, new_for: Duration) -> Self {
        match joined_at.and_then(|joined| now.duration_since(joined).ok()) {
            Some(member_for) if member_for >= new_for => Self::Established,
            _ => Self::New,
        }
    }

    /// Whether a denial may pass with time.
    #[must_use]
    pub fn is_new(self) -> bool {
        self == Self::New
    }
}

/// An account of the organization, as returned by Organizations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account ID.
    pub id: AccountId,
    /// The account name: free text that the account owner can change.
    pub name: Untrusted,
    /// The state.
    pub state: AccountState,
    /// When it joined the organization, if known.
    pub joined_at: Option<SystemTime>,
    /// How it joined the organization.
    pub joined: JoinMethod,
    /// The organization's management account, from the account's ARN.
    pub management: AccountId,
    /// The partition, from the account's ARN.
    pub partition: Partition,
    /// The path in the organization, such as `o-…/r-…/ou-…/ACCOUNT/`, if Organizations returned one.
    pub ou_path: Option<String>,
}

impl Account {
    /// Whether this is the management account of the organization, in which the tool never makes changes.
    #[must_use]
    pub fn is_management(&self) -> bool {
        self.id == self.management
    }

    /// Whether it is in a unit, or below it, according to its path.
    #[must_use]
    pub fn is_in(&self, unit: &UnitId) -> bool {
        self.ou_path.as_deref().is_some_and(|path| path.split('/').any(|part| part == unit.as_str()))
    }

    /// The ID of the organization, from the account's path.
    ///
    /// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html>.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        let id = self.ou_path.as_deref()?.split('/').next()?;
        let rest = id.strip_prefix("o-")?;
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        ((10..=32).contains(&rest.len()) && rest.bytes().all(allowed)).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_id_has_twelve_digits() {
        assert_eq!("444455556666".parse::<AccountId>().unwrap().as_str(), "444455556666");
        for bad in ["", "44445555666", "4444555566667", "44445555666a", "４44455556666", " 444455556666"] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn partition_is_parsed_from_an_arn() {
        assert_eq!(Partition::from_arn("arn:aws-us-gov:iam::1:root").unwrap().as_str(), "aws-us-gov");
        assert!(Partition::from_arn("arn:azure:iam::1:root").is_err());
        assert!(Partition::from_arn("aws").is_err());
    }

    #[test]
    fn common_wrong_names_of_partitions_are_refused() {
        for good in ["aws", "aws-cn", "aws-us-gov", "aws-iso-g", "aws-eusc", "aws-new"] {
            assert_eq!(Partition::from_user(good).unwrap().as_str(), good);
        }
        assert!(
            Partition::from_user("aws-eusc").unwrap().is_known()
                && !Partition::from_user("aws-new").unwrap().is_known()
        );
        insta::assert_snapshot!(Partition::from_user("aws-usgov").unwrap_err(), @"`aws-usgov` is not an AWS partition; did you mean `aws-us-gov`?");
        insta::assert_snapshot!(Partition::from_user("gov").unwrap_err(), @"`gov` is not a valid AWS partition; expected a name such as `aws` or `aws-us-gov`");
    }

    #[test]
    fn hostile_account_id_is_shortened_in_the_error() {
        insta::assert_snapshot!("x\n".repeat(99).parse::<AccountId>().unwrap_err(), @"`x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x …` is not a valid account ID; write exactly twelve digits, in quotes");
    }
}
