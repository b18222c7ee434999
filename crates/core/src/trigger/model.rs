//! What a payload asks for: the account that it is about, and what to do.

use std::fmt;

use super::kind::TriggerKind;
use super::listed_account::ListedAccount;
use crate::account::AccountId;
use crate::mode::Mode;
use crate::suggestion::counted;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// An account exists and should be onboarded.
    AccountReady {
        /// The account.
        id: AccountId,
        /// The kind of event.
        kind: TriggerKind,
    },
    /// The creation of an account was requested. Organizations reports its progress.
    AccountRequested {
        /// The ID of the request: `car-…`.
        request: String,
        /// The kind of event.
        kind: TriggerKind,
    },
    /// An event says that an account is no longer in the organization, or is being closed. It counts only once Organizations
    /// confirms it.
    AccountGone {
        /// The account.
        id: AccountId,
        /// The kind of event.
        kind: TriggerKind,
        /// How it left, as the end of a sentence: `left the organization`.
        how: String,
    },
    /// Every account of the organization should be checked.
    Sweep {
        /// The kind of event.
        kind: TriggerKind,
        /// The pagination token at which the list of accounts continues. `None` starts at the beginning.
        page: Option<String>,
    },
    /// The progress of a configuration in the accounts of the canary should be checked.
    CanaryCheck,
    /// A sweep found an account.
    SweptAccount {
        /// The account.
        id: AccountId,
        /// Whether to apply changes or only report them.
        mode: Mode,
    },
    /// A sweep found several accounts, and what the list of accounts says about them.
    SweepChunk {
        /// The accounts: 1 to 25, each once.
        accounts: Vec<ListedAccount>,
    },
    /// A person or a script requested a run for one account.
    Manual {
        /// The account.
        id: AccountId,
        /// Whether to apply changes or only show them.
        mode: Mode,
    },
    /// An event about the membership of an account that does not say which account. It is ignored with a warning.
    Unreadable {
        /// The kind of event.
        kind: TriggerKind,
        /// The missing field.
        reason: String,
    },
    /// The payload needs no action.
    Ignored {
        /// The kind of event.
        kind: TriggerKind,
        /// Why it needs no action.
        reason: String,
        /// The account that it is about, if the event names one.
        account: Option<AccountId>,
    },
}

impl Trigger {
    /// The kind of payload.
    #[must_use]
    pub fn kind(&self) -> TriggerKind {
        match self {
            Self::AccountReady { kind, .. }
            | Self::AccountRequested { kind, .. }
            | Self::AccountGone { kind, .. }
            | Self::Sweep { kind, .. }
            | Self::Unreadable { kind, .. }
            | Self::Ignored { kind, .. } => *kind,
            Self::SweptAccount { .. } | Self::SweepChunk { .. } | Self::CanaryCheck => TriggerKind::Sweep,
            Self::Manual { .. } => TriggerKind::Manual,
        }
    }

    /// The account that it is about, if it is known already.
    #[must_use]
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::AccountReady { id, .. }
            | Self::AccountGone { id, .. }
            | Self::SweptAccount { id, .. }
            | Self::Manual { id, .. } => Some(id),
            Self::Ignored { account, .. } => account.as_ref(),
            Self::AccountRequested { .. }
            | Self::Sweep { .. }
            | Self::SweepChunk { .. }
            | Self::CanaryCheck
            | Self::Unreadable { .. } => None,
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccountReady { id, .. } => write!(f, "will onboard account {id}"),
            Self::AccountRequested { request, .. } => {
                write!(f, "will onboard the account of creation request `{request}` once it exists")
            }
            Self::AccountGone { id, how, .. } => write!(f, "account {id} {how}"),
            Self::Sweep { page: None, .. } => f.write_str("will check every account of the organization"),
            Self::Sweep { page: Some(_), .. } => f.write_str("will check the remaining accounts of the organization"),
            Self::CanaryCheck => {
                f.write_str("will check whether the accounts of the canary have the current configuration")
            }
            Self::SweepChunk { accounts } => {
                write!(f, "will check {} that a sweep found", counted(accounts.len(), "account"))
            }
            Self::Manual { id, mode: Mode::Apply } | Self::SweptAccount { id, mode: Mode::Apply } => {
                write!(f, "will onboard account {id}")
            }
            Self::Manual { id, mode: Mode::Plan } => write!(f, "will show the plan for account {id}"),
            Self::SweptAccount { id, mode: Mode::Plan } => write!(f, "will report the plan for account {id}"),
            Self::Unreadable { reason, .. } | Self::Ignored { reason, .. } => write!(f, "ignored: {reason}"),
        }
    }
}
