//! What started a run, as logs, metrics, events and reports name it.

use std::fmt;

use serde::{Serialize, Serializer};

/// What a kind of event says about its account. It is not proof of anything: events can be forged, and delivered late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSubject {
    /// The account was just created, or has just joined.
    NewAccount,
    /// The account may have been a member for long: any other event, and the message of a sweep, which anyone who may send to the
    /// queue can write.
    AnyAccount,
    /// Not an event about an account: it says itself whether changes are applied or reported.
    StatesMode,
}

macro_rules! trigger_kinds {
    ($($(#[$doc:meta])+ $kind:ident = $name:literal,)+) => {
        /// What started a run: the kind of a payload, or the command line. The names are stable, because logs, metrics,
        /// events and reports contain them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum TriggerKind {
            $($(#[$doc])+ $kind,)+
        }

        impl TriggerKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// What events of this kind say about the account, which decides whether a deployment that only reports existing
            /// accounts applies them.
            #[must_use]
            pub fn subject(self) -> EventSubject {
                match self {
                    Self::CreateAccountResult | Self::CreateAccount | Self::AccountJoined => EventSubject::NewAccount,
                    Self::AccountDeparted
                    | Self::ManagedAccount
                    | Self::MoveAccount
                    | Self::AccountTags
                    | Self::OtherEvent
                    | Self::Sweep => EventSubject::AnyAccount,
                    Self::Schedule | Self::ConfigurationChange | Self::Manual | Self::CommandLine => EventSubject::StatesMode,
                }
            }

            /// The name in logs, metrics, events and reports.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

trigger_kinds! {
    /// Organizations finished creating an account, successfully or not.
    CreateAccountResult = "create_account_result",
    /// A call of `organizations:CreateAccount` or `organizations:CreateGovCloudAccount`.
    CreateAccount = "create_account",
    /// An account joined the organization: it was created, or it accepted an invitation.
    AccountJoined = "account_joined",
    /// An account left the organization, was removed from it, or was closed.
    AccountDeparted = "account_departed",
    /// Control Tower created or updated an account.
    ManagedAccount = "managed_account",
    /// An account was moved to another organizational unit.
    MoveAccount = "move_account",
    /// The tags of an account were changed.
    AccountTags = "account_tags",
    /// The schedule of the full sweep.
    Schedule = "schedule",
    /// The parameter with the configuration was written.
    ConfigurationChange = "configuration_change",
    /// A message that a sweep sent to continue, or to check one account.
    Sweep = "sweep",
    /// A manual payload.
    Manual = "manual",
    /// Any other event.
    OtherEvent = "other_event",
    /// `onboard plan` or `onboard apply` with `--account`.
    CommandLine = "command_line",
}

impl fmt::Display for TriggerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for TriggerKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
