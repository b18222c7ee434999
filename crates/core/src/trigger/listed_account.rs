//! What the list of accounts says about an account, as far as a message of a sweep can say it.

use std::time::SystemTime;

use crate::account::{Account, AccountId, AccountState, JoinMethod, Partition};
use crate::code::{Code, OutcomeKind};
use crate::mode::Mode;
use crate::record::Record;
use crate::text::Untrusted;
use crate::time::{from_unix_seconds, unix_seconds};

/// The longest name, in characters. Organizations accepts 50.
///
/// See `AccountName` in <https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html>.
pub(super) const LONGEST_NAME: usize = 200;

/// The longest path. Organizations allows five levels of units.
///
/// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>.
const LONGEST_PATH: usize = 500;

/// An active account, as a sweep has found it in the list of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAccount {
    /// The account.
    pub id: AccountId,
    /// Its name.
    pub name: Untrusted,
    /// When it joined the organization.
    pub joined_at: Option<SystemTime>,
    /// How it joined.
    pub joined: JoinMethod,
    /// Its path in the organization.
    pub ou_path: Option<String>,
    /// Whether to apply changes or only report them.
    pub mode: Mode,
}

impl ListedAccount {
    /// What a chunk says about an account; `None` if the account is not active, or if a chunk cannot say it.
    #[must_use]
    pub fn new(account: &Account, mode: Mode) -> Option<Self> {
        let is_valid = account.state == AccountState::Active
            && is_name(account.name.raw())
            && account.ou_path.as_deref().is_none_or(|path| is_path(path, &account.id));
        // Fractions of a second and times before 1970 do not fit.
        let joined_at = account.joined_at.map(unix_seconds);
        is_valid.then(|| Self {
            id: account.id.clone(),
            name: account.name.clone(),
            joined_at: joined_at.and_then(seconds),
            joined: account.joined,
            ou_path: account.ou_path.clone(),
            mode,
        })
    }

    /// The account in the organization with this management account.
    #[must_use]
    pub fn account(&self, management: &AccountId, partition: &Partition) -> Account {
        Account {
            id: self.id.clone(),
            name: self.name.clone(),
            state: AccountState::Active,
            joined_at: self.joined_at,
            joined: self.joined,
            management: management.clone(),
            partition: partition.clone(),
            ou_path: self.ou_path.clone(),
        }
    }

    /// Whether the record of the account says the same about it, and that it had converged or was to be changed. Such a record is
    /// written after `DescribeAccount` has confirmed the account, or if an earlier record said the same.
    #[must_use]
    pub fn is_confirmed_by(&self, record: &Record) -> bool {
        record.result.as_ref().is_some_and(|last| {
            (last.outcome == OutcomeKind::Converged || last.code == Some(Code::ChangesPending))
                && last.name.as_deref() == Some(self.name.to_string().as_str())
                && last.ou_path == self.ou_path
        })
    }
}

/// A time in seconds since 1970, if it can be represented.
pub(super) fn seconds(since_1970: u64) -> Option<SystemTime> {
    from_unix_seconds(i64::try_from(since_1970).ok()?)
}

/// SQS refuses a message with one of two characters, and the other accounts of the chunk with it.
///
/// See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
pub(super) fn is_name(name: &str) -> bool {
    name.chars().count() <= LONGEST_NAME && !name.contains(['\u{fffe}', '\u{ffff}'])
}

/// Whether a text has the form of a path, `o-…/r-…/ou-…/ACCOUNT/`, of this account.
pub(super) fn is_path(path: &str, id: &AccountId) -> bool {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '/');
    path.len() <= LONGEST_PATH && path.chars().all(is_allowed) && path.ends_with(&format!("/{id}/"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::plan::sample;

    pub(in crate::trigger) fn listed() -> ListedAccount {
        let account = Account {
            name: "payments \"dev\" é".into(),
            joined_at: from_unix_seconds(1_790_000_000),
            ou_path: Some("o-exampleorg1/r-ab12/ou-ab12-cdef3456/444455556666/".to_owned()),
            ..sample::account()
        };
        ListedAccount::new(&account, Mode::Plan).unwrap()
    }

    #[test]
    fn account_that_a_chunk_cannot_describe_is_not_listed() {
        let valid = Account { ou_path: listed().ou_path, ..sample::account() };
        assert!(ListedAccount::new(&valid, Mode::Apply).is_some());
        for account in [
            Account { state: AccountState::Suspended, ..valid.clone() },
            Account { state: AccountState::PendingActivation, ..valid.clone() },
            Account { ou_path: Some("o-exampleorg1/r-ab12/111122223333/".to_owned()), ..valid.clone() },
            Account { name: "x".repeat(201).into(), ..valid.clone() },
            Account { name: "x\u{ffff}".into(), ..valid.clone() },
        ] {
            assert_eq!(ListedAccount::new(&account, Mode::Apply), None, "{account:?}");
        }
    }

    #[test]
    fn facts_are_confirmed_only_by_a_record_of_a_member_that_says_the_same() {
        use crate::last_result::{LastResult, ResultDetails};
        use crate::outcome::Outcome;
        use crate::report::Report;
        use crate::trigger::TriggerKind;
        let record = |outcome: Outcome, name: &str, ou_path: Option<String>| {
            let report = Report {
                account_name: Some(name.into()),
                ..Report::new(Some(listed().id), TriggerKind::Sweep, Mode::Apply, outcome)
            };
            let details = ResultDetails { ou_path, ..ResultDetails::default() };
            let result = LastResult::new(&report, &details, None, std::time::UNIX_EPOCH);
            Record { result: Some(result), ..Record::default() }
        };
        let account = listed();
        let name = account.name.raw();
        for outcome in [Outcome::Converged, Outcome::waiting(Code::ChangesPending, "x")] {
            assert!(account.is_confirmed_by(&record(outcome, name, account.ou_path.clone())));
        }
        for other in [
            Record::default(),
            record(Outcome::Converged, "payments", account.ou_path.clone()),
            record(Outcome::Converged, name, None),
            record(Outcome::Converged, name, Some("o-exampleorg1/r-ab12/444455556666/".to_owned())),
            record(Outcome::ignored(Code::Departed, "x"), name, account.ou_path.clone()),
        ] {
            assert!(!account.is_confirmed_by(&other), "{other:?}");
        }
    }
}
