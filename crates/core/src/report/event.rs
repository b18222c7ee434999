//! The events that the function publishes to EventBridge.

use serde::Serialize;
use serde_json::{Value, json};

use super::model::Report;
use crate::account::AccountId;
use crate::handoff::{Handoff, HandoffField};
use crate::outcome::Cause;
use crate::text::{excerpt, printable};

/// The kind of an event. The names are stable: they are the `detail-type` of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum EventKind {
    /// An account was onboarded, or drift was repaired.
    AccountOnboarded,
    /// An account needs attention: it is not retried automatically.
    AccountBlocked,
    /// An account left the organization, or is being closed.
    AccountDeparted,
    /// An account differs from its configuration, and the sweep mode allows only to report that.
    AccountDrifted,
}

impl EventKind {
    /// The `detail-type`.
    #[must_use]
    pub fn detail_type(self) -> &'static str {
        match self {
            Self::AccountOnboarded => "AccountOnboarded",
            Self::AccountBlocked => "AccountBlocked",
            Self::AccountDeparted => "AccountDeparted",
            Self::AccountDrifted => "AccountDrifted",
        }
    }
}

/// The parts of an [`AccountEvent`].
#[derive(Debug, Clone, Copy)]
pub struct EventContext<'a> {
    /// The kind of the event.
    pub kind: EventKind,
    /// The report of the run.
    pub report: &'a Report,
    /// The subject of the event, for people.
    pub subject: &'a str,
    /// Why, if there is something to fix.
    pub cause: Option<&'a Cause>,
    /// The ID of the event that started the run.
    pub event_id: Option<&'a str>,
    /// The request ID of the Lambda invocation.
    pub invocation: &'a str,
}

/// The maximum number of planned changes in an event, and the longest description of one, in characters. EventBridge accepts
/// 256 KiB for a whole event.
///
/// See <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>.
const MOST_PLANNED: usize = 20;
const LONGEST_PLANNED: usize = 300;

/// One event. Its `detail` is versioned and documented in docs/EVENTS.md.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEvent {
    /// The kind of the event.
    pub kind: EventKind,
    account_id: Option<AccountId>,
    detail: Value,
}

impl AccountEvent {
    /// The source of every event.
    pub const SOURCE: &'static str = "account-onboarding";

    /// The event for a report.
    #[must_use]
    pub fn new(context: &EventContext<'_>) -> Self {
        let EventContext { kind, report, subject, cause, event_id, invocation } = *context;
        let mut detail = json!({
            "version": "1",
            "subject": subject,
            "account_id": report.account_id,
            "trigger": report.trigger,
            "changes": report.done(),
            "invocation_id": invocation,
        });
        let run_again = (kind == EventKind::AccountBlocked).then(|| run_again(report.account_id.as_ref()));
        let planned = report.planned();
        let shown = planned.iter().take(MOST_PLANNED);
        let shown: Vec<_> = shown.map(|change| template_safe(&excerpt(&change.to_string(), LONGEST_PLANNED))).collect();
        let optional = [
            ("planned", (!shown.is_empty()).then(|| json!(shown))),
            ("planned_count", (!planned.is_empty()).then(|| json!(planned.len()))),
            ("account_name", report.account_name.as_ref().map(|name| json!(template_safe(&name.to_string())))),
            (
                "cause",
                cause.map(|cause| {
                    json!(Cause::new(cause.code, template_safe(&cause.message), template_safe(&cause.remedy)))
                }),
            ),
            ("run_again", run_again.map(|text| json!(text))),
            ("event_id", event_id.map(|id| json!(id))),
            ("trust_drift", (!report.trust_drift.is_empty()).then(|| json!(report.trust_drift))),
            ("sessions_revoked", Some(report.revoked()).filter(|roles| !roles.is_empty()).map(|roles| json!(roles))),
        ];
        let handoffs: Vec<_> = report.open_handoffs().map(handoff).collect();
        let handoffs = ("handoffs", (!handoffs.is_empty()).then(|| json!(handoffs)));
        for (key, value) in optional.into_iter().chain([handoffs]) {
            if let (Some(value), Some(detail)) = (value, detail.as_object_mut()) {
                detail.insert(key.to_owned(), value);
            }
        }
        Self { kind, account_id: report.account_id.clone(), detail }
    }

    /// The account that the event is about, if known.
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

/// An open hand-off, with exactly what to paste.
fn handoff(handoff: &Handoff) -> Value {
    let field = |HandoffField { label, value }: &HandoffField| json!({ "label": template_safe(label), "value": template_safe(value) });
    let notes: Vec<_> = handoff.notes.iter().map(|note| template_safe(note)).collect();
    json!({
        "vendor": handoff.vendor,
        "title": template_safe(&handoff.title),
        "role": handoff.role,
        "instruction": template_safe(&handoff.instruction),
        "link": handoff.link.as_deref().map(template_safe),
        "fields": handoff.fields.iter().map(field).collect::<Vec<_>>(),
        "notes": notes,
    })
}

/// Removes the characters that break input transformer templates. EventBridge rules insert these strings into JSON
/// templates without escaping, so a quote, a backslash or a line break would make the result invalid.
///
/// See <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>.
fn template_safe(text: &str) -> String {
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
        Some(id) => {
            format!("run `onboard apply --account {id}`, or redrive the dead-letter queue if the message is there")
        }
        None => "redrive the dead-letter queue".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::mode::Mode;
    use crate::outcome::Outcome;
    use crate::plan::{Action, Change};
    use crate::report::{ChangeResult, ChangeStatus};
    use crate::trigger::TriggerKind;

    #[test]
    fn planned_changes_are_shortened() {
        let outcome = Outcome::waiting(Code::ChangesPending, "23 changes to make");
        let mut report = Report::new(None, TriggerKind::Sweep, Mode::Plan, outcome);
        let detail = |report: &Report| {
            let kind = EventKind::AccountDrifted;
            let subject = "account 444455556666";
            let invocation = "invocation-1";
            let context = EventContext { kind, report, subject, cause: None, event_id: None, invocation };
            AccountEvent::new(&context).detail().clone()
        };
        let empty = detail(&report);
        assert!(empty.get("planned").is_none() && empty.get("planned_count").is_none(), "{empty}");

        let step = |action| {
            let change = Change { role: "AcmeRead".parse().unwrap(), action };
            ChangeResult { change, status: ChangeStatus::Planned }
        };
        let long = Action::DeletePolicy { name: "\"x\n".repeat(10_000), before: None };
        report.changes = vec![step(Action::Attach("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())); 3];
        report.changes.extend(vec![step(long); 20]);
        let detail = detail(&report);
        let planned = detail["planned"].as_array().unwrap();
        assert_eq!(planned[0], "attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `AcmeRead`");
        assert_eq!((planned.len(), &detail["planned_count"]), (20, &json!(23)));
        let last = planned[19].as_str().unwrap();
        assert!(last.ends_with('…') && !last.contains(['"', '\n']), "{last}");
        assert!(detail.to_string().len() < 32 << 10);
    }

    #[test]
    fn strings_are_safe_in_templates() {
        let cause = Cause::new(Code::PolicyNotAccepted, "a \"quoted\"\nword and a \\", "fix it");
        let mut report = Report::new(None, TriggerKind::Manual, Mode::Apply, Outcome::Blocked(cause.clone()));
        report.account_name = Some("pay\"ments\n".into());
        let event = AccountEvent::new(&EventContext {
            kind: EventKind::AccountBlocked,
            report: &report,
            subject: "the sweep",
            cause: Some(&cause),
            event_id: None,
            invocation: "invocation-1",
        });
        let detail = event.detail();
        assert_eq!(detail["cause"]["message"], "a 'quoted' word and a  ");
        assert_eq!(detail["account_name"], "pay'ments ");
        assert_eq!(
            (&detail["account_id"], &detail["run_again"]),
            (&Value::Null, &json!("redrive the dead-letter queue"))
        );
    }
}
