//! What a trigger asks for. The function and the CLI both carry out requests, so that an event means the same to both.

use super::listed_account::ListedAccount;
use super::model::Trigger;
use crate::account::AccountId;
use crate::code::Code;
use crate::mode::Mode;
use crate::outcome::Outcome;

/// What a trigger asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Onboard one account, or show the plan for it.
    Account {
        /// The account.
        account: RequestedAccount,
        /// Whether to apply changes or only show them.
        mode: Mode,
    },
    /// Check every account of the organization.
    Sweep {
        /// The pagination token at which the list of accounts continues. `None` starts at the beginning.
        page: Option<String>,
    },
    /// Check these accounts of a sweep.
    Chunk {
        /// The accounts: 1 to 25, each once.
        accounts: Vec<ListedAccount>,
    },
    /// Check whether the accounts of the canary have converged with the present configuration, and if so, every account.
    CanaryCheck,
    /// There is nothing to do.
    Nothing {
        /// The account that the trigger is about, if it names one.
        account: Option<AccountId>,
        /// The outcome to report: ignored, with the reason.
        outcome: Outcome,
    },
}

/// The account that a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestedAccount {
    /// It exists and has this ID.
    Existing(AccountId),
    /// It is being created by the request with this ID, `car-…`. Its own ID is known once that succeeded.
    BeingCreated(String),
    /// An event says that it left the organization or is closed. Organizations decides whether that is true: events can be
    /// forged or outdated, and a live account is processed like any other.
    SaidToBeGone {
        /// The account.
        id: AccountId,
        /// How it left, as the end of a sentence: `left the organization`.
        how: String,
    },
}

impl RequestedAccount {
    /// The account's ID, if it is known already.
    #[must_use]
    pub fn id(&self) -> Option<&AccountId> {
        match self {
            Self::Existing(id) | Self::SaidToBeGone { id, .. } => Some(id),
            Self::BeingCreated(_) => None,
        }
    }
}

impl Trigger {
    /// What the trigger asks for.
    #[must_use]
    pub fn into_request(self) -> Request {
        match self {
            Self::AccountReady { id, .. } => {
                Request::Account { account: RequestedAccount::Existing(id), mode: Mode::Apply }
            }
            Self::Manual { id, mode } | Self::SweptAccount { id, mode } => {
                Request::Account { account: RequestedAccount::Existing(id), mode }
            }
            Self::AccountRequested { request, .. } => {
                Request::Account { account: RequestedAccount::BeingCreated(request), mode: Mode::Apply }
            }
            Self::Sweep { page, .. } => Request::Sweep { page },
            Self::CanaryCheck => Request::CanaryCheck,
            Self::SweepChunk { accounts } => Request::Chunk { accounts },
            Self::AccountGone { id, how, .. } => {
                Request::Account { account: RequestedAccount::SaidToBeGone { id, how }, mode: Mode::Apply }
            }
            Self::Unreadable { reason, .. } => {
                Request::Nothing { account: None, outcome: Outcome::ignored(Code::UnreadableEvent, reason) }
            }
            Self::Ignored { reason, account, .. } => {
                Request::Nothing { account, outcome: Outcome::ignored(Code::NotApplicable, reason) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger::TriggerKind;

    fn account() -> AccountId {
        "444455556666".parse().unwrap()
    }

    #[test]
    fn event_about_an_account_is_applied_and_a_manual_payload_chooses() {
        let ready = Trigger::AccountReady { id: account(), kind: TriggerKind::MoveAccount };
        let existing = RequestedAccount::Existing(account());
        assert_eq!(ready.into_request(), Request::Account { account: existing.clone(), mode: Mode::Apply });
        let manual = Trigger::Manual { id: account(), mode: Mode::Plan };
        assert_eq!(manual.into_request(), Request::Account { account: existing, mode: Mode::Plan });
    }

    #[test]
    fn requested_account_is_applied_once_it_exists() {
        let request = "car-examplecreateaccountrequestid111".to_owned();
        let trigger = Trigger::AccountRequested { request: request.clone(), kind: TriggerKind::CreateAccount };
        let account = RequestedAccount::BeingCreated(request);
        assert_eq!(trigger.into_request(), Request::Account { account, mode: Mode::Apply });
    }

    #[test]
    fn departure_has_to_be_confirmed_and_ignored_event_has_an_outcome() {
        let how = "left the organization".to_owned();
        let gone = Trigger::AccountGone { id: account(), kind: TriggerKind::AccountDeparted, how: how.clone() };
        let said = RequestedAccount::SaidToBeGone { id: account(), how };
        assert_eq!(said.id(), Some(&account()));
        assert_eq!(gone.into_request(), Request::Account { account: said, mode: Mode::Apply });
        let reason = "the event `X` needs no action".to_owned();
        let ignored = Trigger::Ignored { kind: TriggerKind::OtherEvent, reason, account: None };
        let Request::Nothing { account: None, outcome } = ignored.into_request() else { panic!("nothing to do") };
        insta::assert_snapshot!(outcome, @"ignored (not_applicable): the event `X` needs no action; nothing to do");
    }
}
