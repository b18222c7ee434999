//! The events that this tool tells the world, as EventBridge carries them.

use serde::Serialize;
use serde_json::{Value, json};

use super::Report;
use crate::account::AccountId;
use crate::outcome::Cause;
use crate::text::printable;

/// What is told. The names are stable: they are the detail-types of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum EventKind {
    /// An account was connected, or is connected again.
    AccountOnboarded,
    /// An account needs a person.
    AccountBlocked,
    /// An account left the organization, or is being closed.
    AccountDeparted,
}

impl EventKind {
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
pub struct AccountEvent {
    /// What is told.
    pub news: EventKind,
    account_id: Option<AccountId>,
    detail: Value,
}

impl AccountEvent {
    /// The source of every event.
    pub const SOURCE: &'static str = "account-onboarding";

    /// The event about a report: `subject` says in words what it is about, `cause` what a person should know, where there
    /// is anything.
    #[must_use]
    pub fn new(
        news: EventKind,
        report: &Report,
        subject: &str,
        cause: Option<&Cause>,
        event_id: Option<&str>,
        invocation: &str,
    ) -> Self {
        let mut detail = json!({
            "version": "1",
            "subject": subject,
            "account_id": report.account_id,
            "trigger": report.trigger,
            "changes": report.done(),
            "invocation_id": invocation,
        });
        let run_again = (news == EventKind::AccountBlocked).then(|| run_again(report.account_id.as_ref()));
        let optional = [
            ("account_name", report.account_name.as_ref().map(|name| json!(plain(&name.to_string())))),
            ("cause", cause.map(|cause| json!(Cause::new(cause.code, plain(&cause.message), plain(&cause.remedy))))),
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

/// Rules put these texts into templates of their own, and EventBridge puts them there as they are: a quote or a line break
/// would end the template's own text.
///
/// See <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>.
fn plain(text: &str) -> String {
    printable(text)
        .chars()
        .map(|c| match c {
            '"' => '\'',
            '\\' => ' ',
            c => c,
        })
        .collect()
}

fn run_again(account: Option<&AccountId>) -> String {
    match account {
        Some(id) => format!("run `onboard apply --account {id}`, or redrive the dead-letter queue"),
        None => "redrive the dead-letter queue".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Mode;
    use crate::outcome::Outcome;

    #[test]
    fn texts_fit_into_templates() {
        let cause = Cause::new("policy_not_accepted", "a \"quoted\"\nword and a \\", "mend it");
        let mut report = Report::new(None, "manual", Mode::Apply, Outcome::Blocked(cause.clone()));
        report.account_name = Some("pay\"ments\n".into());
        let notice =
            AccountEvent::new(EventKind::AccountBlocked, &report, "the sweep", Some(&cause), None, "invocation-1");
        let detail = notice.detail();
        assert_eq!(detail["cause"]["message"], "a 'quoted' word and a  ");
        assert_eq!(detail["account_name"], "pay'ments ");
        assert_eq!(
            (&detail["account_id"], &detail["run_again"]),
            (&Value::Null, &json!("redrive the dead-letter queue"))
        );
    }
}
