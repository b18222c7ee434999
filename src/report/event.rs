//! The events that this tool tells the world, as EventBridge carries them.

use serde::Serialize;
use serde_json::{Value, json};

use super::Report;
use crate::account::AccountId;
use crate::outcome::Cause;

/// What is told. The names are stable: they are the detail-types of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum News {
    /// An account was connected, or is connected again.
    AccountOnboarded,
    /// An account needs a person.
    AccountBlocked,
    /// An account left the organization, or is being closed.
    AccountDeparted,
}

impl News {
    /// The detail-type.
    #[must_use]
    pub fn detail_type(self) -> &'static str {
        match self {
            Self::AccountOnboarded => "AccountOnboarded",
            Self::AccountBlocked => "AccountBlocked",
            Self::AccountDeparted => "AccountDeparted",
        }
    }
}

/// One event. Its detail is documented in docs/EVENTS.md and versioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What is told.
    pub news: News,
    account_id: Option<AccountId>,
    detail: Value,
}

impl Notice {
    /// The source of every event.
    pub const SOURCE: &'static str = "account-onboarding";

    /// The event about a report: `cause` is what a person should know, where there is one.
    #[must_use]
    pub fn new(news: News, report: &Report, cause: Option<&Cause>, event_id: Option<&str>, invocation: &str) -> Self {
        let mut detail = json!({
            "version": "1",
            "account_id": report.account_id,
            "trigger": report.trigger,
            "changes": report.done(),
            "invocation_id": invocation,
        });
        let run_again = (news == News::AccountBlocked).then(|| run_again(report.account_id.as_ref()));
        let optional = [
            ("account_name", report.account_name.as_ref().map(|name| json!(name))),
            ("cause", cause.map(|cause| json!(cause))),
            ("run_again", run_again.map(|text| json!(text))),
            ("event_id", event_id.map(|id| json!(id))),
        ];
        for (key, value) in optional {
            if let (Some(value), Some(detail)) = (value, detail.as_object_mut()) {
                detail.insert(key.to_owned(), value);
            }
        }
        Self { news, account_id: report.account_id.clone(), detail }
    }

    /// The account that it is about, where that is known.
    #[must_use]
    pub fn account_id(&self) -> Option<&AccountId> {
        self.account_id.as_ref()
    }

    /// The event's `detail`.
    #[must_use]
    pub fn detail(&self) -> &Value {
        &self.detail
    }
}

/// Without quotes: rules put it into texts of their own.
fn run_again(account: Option<&AccountId>) -> String {
    match account {
        Some(id) => format!("run `onboard apply {id}`, or redrive the dead-letter queue"),
        None => "redrive the dead-letter queue".to_owned(),
    }
}
