//! What a report and its notification are about: an account, the creation of an account, or the sweep.

use onboarding_core::account::AccountId;
use onboarding_core::trigger::Trigger;

/// What a report is about.
pub(super) struct Subject {
    /// The subject in a sentence, such as `account 444455556666`.
    pub(super) description: String,
    /// The key of its notification record.
    pub(super) key: String,
}

impl Subject {
    /// The subject of a trigger, before it is processed.
    pub(super) fn from_trigger(trigger: &Trigger) -> Self {
        match trigger {
            Trigger::Sweep { .. } => Self { description: "the sweep".to_owned(), key: "sweep".to_owned() },
            Trigger::CanaryCheck => Self { description: "the canary".to_owned(), key: "canary".to_owned() },
            Trigger::AccountRequested { request, .. } => {
                Self { description: format!("account creation request {request}"), key: request.clone() }
            }
            other => match other.account() {
                Some(id) => Self::account(id),
                None => Self { description: "an event".to_owned(), key: "event".to_owned() },
            },
        }
    }

    pub(super) fn account(id: &AccountId) -> Self {
        Self { description: format!("account {id}"), key: id.to_string() }
    }
}
