//! Which accounts are processed: active member accounts that the configuration does not exclude.
//!
//! A sweep asks this before it queues an account, and the engine before it assumes a role in one, so that the two agree.

use std::collections::BTreeSet;

use crate::account::{Account, AccountId, AccountState};
use crate::code::Code;
use crate::exclude::{Exclude, is_in_excluded_unit};
use crate::outcome::Stop;
use crate::text::Untrusted;

/// Whether an account is processed, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eligibility<'a> {
    /// It is an active member account.
    Eligible,
    /// It is being created and becomes active automatically.
    NotYet,
    /// The configuration excludes it.
    Excluded,
    /// It is the management account, which is never changed.
    Management,
    /// AWS suspended it.
    Suspended,
    /// It is being closed.
    Closing,
    /// It was closed.
    Closed,
    /// Whether the configuration excludes its unit is not known, because Organizations did not return its path.
    UnitUnknown,
    /// It is in a state that this release does not know.
    UnknownState(&'a Untrusted),
}

/// Whether an account is processed, by its ID alone, so that an excluded account costs no call. `excluded` is what the
/// configuration excludes.
#[must_use]
pub fn eligibility_by_id(id: &AccountId, excluded: &BTreeSet<Exclude>) -> Eligibility<'static> {
    if excluded.contains(&Exclude::Account(id.clone())) { Eligibility::Excluded } else { Eligibility::Eligible }
}

/// Whether an account is processed. `excluded` is what the configuration excludes.
#[must_use]
pub fn eligibility<'a>(account: &'a Account, excluded: &BTreeSet<Exclude>) -> Eligibility<'a> {
    let is_in_excluded_unit = is_in_excluded_unit(account, excluded);
    match &account.state {
        _ if eligibility_by_id(&account.id, excluded) == Eligibility::Excluded => Eligibility::Excluded,
        _ if account.is_management() => Eligibility::Management,
        _ if is_in_excluded_unit == Some(true) => Eligibility::Excluded,
        AccountState::Active if is_in_excluded_unit.is_none() => Eligibility::UnitUnknown,
        AccountState::Active => Eligibility::Eligible,
        AccountState::PendingActivation => Eligibility::NotYet,
        AccountState::Suspended => Eligibility::Suspended,
        AccountState::PendingClosure => Eligibility::Closing,
        AccountState::Closed => Eligibility::Closed,
        AccountState::Unknown(state) => Eligibility::UnknownState(state),
    }
}

const SUSPENDED: &str = "was suspended by AWS (SUSPENDED)";
const CLOSING: &str = "is being closed (PENDING_CLOSURE)";
const CLOSED: &str = "was closed (CLOSED)";

/// What happened to an account that AWS suspended or that is being or was closed, as the end of a sentence; `None` for an
/// account in any other state.
#[must_use]
pub fn inactive(state: &AccountState) -> Option<&'static str> {
    match state {
        AccountState::Suspended => Some(SUSPENDED),
        AccountState::PendingClosure => Some(CLOSING),
        AccountState::Closed => Some(CLOSED),
        AccountState::Active | AccountState::PendingActivation | AccountState::Unknown(_) => None,
    }
}

impl Eligibility<'_> {
    /// Continues with an eligible account.
    ///
    /// # Errors
    /// How a run for any other account ends.
    ///
    /// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html>.
    pub fn check(self, id: &AccountId) -> Result<(), Stop> {
        let not_active =
            |is: &str, remedy: &str| Stop::blocked(Code::AccountNotActive, format!("account {id} {is}"), remedy);
        Err(match self {
            Self::Eligible => return Ok(()),
            Self::NotYet => Stop::wait(Code::PendingActivation, format!("account {id} is PENDING_ACTIVATION")),
            Self::Excluded => Stop::ignored(Code::Excluded, format!("account {id} is excluded by the configuration")),
            Self::UnitUnknown => Stop::wait(
                Code::NotPropagated,
                format!("Organizations did not return the units of account {id}, and the configuration excludes units"),
            ),
            Self::Management => {
                let message = format!("account {id} is the management account, which is never changed");
                Stop::ignored(Code::ManagementAccount, message)
            }
            Self::Suspended => not_active(
                SUSPENDED,
                "ask AWS Support for the reason, from the account itself; once the account is active, run again, or exclude \
                 it in the configuration",
            ),
            Self::Closing => {
                not_active(CLOSING, "no action needed; exclude it in the configuration if you are notified again")
            }
            Self::Closed => not_active(
                CLOSED,
                "to keep it, ask AWS Support to reopen it within 90 days of its closure, then run again; otherwise exclude \
                 it in the configuration",
            ),
            Self::UnknownState(state) => not_active(
                &format!("is in a state that this version does not know ({state})"),
                "check the account in Organizations, then run again",
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::plan::sample;

    fn account(id: &str, state: AccountState) -> Account {
        Account { id: id.parse().unwrap(), state, ..sample::account() }
    }

    fn outcome(account: &Account, excluded: &[&str]) -> String {
        let excluded = excluded.iter().map(|id| id.parse().unwrap()).collect();
        match eligibility(account, &excluded).check(&account.id) {
            Ok(()) => "eligible".to_owned(),
            Err(stop) => Outcome::from(stop).to_string(),
        }
    }

    #[test]
    fn only_active_member_accounts_are_eligible() {
        let states = ["ACTIVE", "PENDING_ACTIVATION", "SUSPENDED", "PENDING_CLOSURE", "CLOSED", "DORMANT"]
            .map(AccountState::from_wire);
        let all = states.map(|state| outcome(&account("444455556666", state), &["999988887777"]));
        insta::assert_snapshot!(all.join("\n"), @"
        eligible
        waiting (pending_activation): account 444455556666 is PENDING_ACTIVATION; no action needed: a message on the queue is retried automatically; otherwise run again later
        blocked (account_not_active): account 444455556666 was suspended by AWS (SUSPENDED); ask AWS Support for the reason, from the account itself; once the account is active, run again, or exclude it in the configuration
        blocked (account_not_active): account 444455556666 is being closed (PENDING_CLOSURE); no action needed; exclude it in the configuration if you are notified again
        blocked (account_not_active): account 444455556666 was closed (CLOSED); to keep it, ask AWS Support to reopen it within 90 days of its closure, then run again; otherwise exclude it in the configuration
        blocked (account_not_active): account 444455556666 is in a state that this version does not know (DORMANT); check the account in Organizations, then run again
        ");
    }

    #[test]
    fn accounts_of_excluded_units_are_ignored_and_unknown_units_are_waited_for() {
        let at = |path: Option<&str>, state: &str| {
            let account = account("444455556666", AccountState::from_wire(state));
            outcome(&Account { ou_path: path.map(str::to_owned), ..account }, &["ou-ab12-cdef3456"])
        };
        let all = [
            at(Some("o-exampleorg1/r-ab12/ou-ab12-cdef3456/444455556666/"), "ACTIVE"),
            at(Some("o-exampleorg1/r-ab12/ou-ab12-cdef3456/ou-ab12-00000001/444455556666/"), "ACTIVE"),
            at(Some("o-exampleorg1/r-ab12/ou-ab12-cdef34567/444455556666/"), "ACTIVE"),
            at(Some("o-exampleorg1/r-ab12/444455556666/"), "ACTIVE"),
            at(None, "ACTIVE"),
            at(None, "CLOSED").split(';').next().unwrap_or_default().to_owned(),
        ];
        insta::assert_snapshot!(all.join("\n"), @"
        ignored (excluded): account 444455556666 is excluded by the configuration; nothing to do
        ignored (excluded): account 444455556666 is excluded by the configuration; nothing to do
        eligible
        eligible
        waiting (not_propagated): Organizations did not return the units of account 444455556666, and the configuration excludes units; no action needed: a message on the queue is retried automatically; otherwise run again later
        blocked (account_not_active): account 444455556666 was closed (CLOSED)
        ");
    }

    #[test]
    fn excluded_account_is_known_by_its_id() {
        let id: AccountId = "444455556666".parse().unwrap();
        assert_eq!(eligibility_by_id(&id, &BTreeSet::new()), Eligibility::Eligible);
        assert_eq!(eligibility_by_id(&id, &BTreeSet::from([Exclude::Account(id.clone())])), Eligibility::Excluded);
    }

    #[test]
    fn management_and_excluded_accounts_are_ignored_in_every_state() {
        for state in [AccountState::Active, AccountState::Suspended] {
            let management = account("111122223333", state.clone());
            insta::allow_duplicates! {
                insta::assert_snapshot!(outcome(&management, &[]), @"ignored (management_account): account 111122223333 is the management account, which is never changed; nothing to do");
                insta::assert_snapshot!(outcome(&management, &["111122223333"]), @"ignored (excluded): account 111122223333 is excluded by the configuration; nothing to do");
                insta::assert_snapshot!(outcome(&account("444455556666", state), &["444455556666"]), @"ignored (excluded): account 444455556666 is excluded by the configuration; nothing to do");
            }
        }
    }
}
