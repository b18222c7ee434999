//! What started a run, as logs, metrics, events and reports name it.

use std::fmt;

use serde::{Serialize, Serializer};

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

            /// Whether events of this kind are about accounts that have been members for long, too. All others are about an
            /// account that was just created or has just joined.
            #[must_use]
            pub fn may_be_about_existing_account(self) -> bool {
                matches!(self, Self::MoveAccount | Self::ManagedAccount)
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
    /// The schedule of the full sweep.
    Schedule = "schedule",
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
