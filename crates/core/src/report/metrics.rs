//! The metrics of one account, in CloudWatch embedded metric format (EMF).
//!
//! See <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::model::Report;
use crate::limits::TIME_TO_ONBOARDED;
use crate::time::unix_milliseconds;

/// The time from when an account joined until it was onboarded, as a separate record; only for new accounts.
#[must_use]
pub fn time_to_onboarded(report: &Report, now: SystemTime) -> Option<Value> {
    let age = now.duration_since(report.joined_at?).ok()?;
    let directive = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [[]],
        "Metrics": [{"Name": "TimeToOnboarded", "Unit": "Seconds"}],
    });
    let record = json!({
        "_aws": {"Timestamp": unix_milliseconds(now), "CloudWatchMetrics": [directive]},
        "account_id": report.account_id,
        "TimeToOnboarded": age.as_secs_f64().round(),
    });
    (age < TIME_TO_ONBOARDED).then_some(record)
}

const NAMESPACE: &str = "AccountOnboarding";

/// The metrics of the outcome of one account.
#[must_use]
pub fn emf(report: &Report, now: SystemTime) -> Value {
    json!({
        "_aws": {
            "Timestamp": unix_milliseconds(now),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["outcome"], ["outcome", "cause"]],
                "Metrics": [
                    {"Name": "Accounts", "Unit": "Count"},
                    {"Name": "Changes", "Unit": "Count"},
                    {"Name": "Duration", "Unit": "Milliseconds"},
                ],
            }],
        },
        "outcome": report.outcome.as_str(),
        "cause": report.cause.as_ref().map_or("none", |cause| cause.code.as_str()),
        "account_id": report.account_id,
        "trigger": report.trigger,
        "mode": report.mode.as_str(),
        "Accounts": 1,
        "Changes": report.done(),
        "Duration": report.duration_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::mode::Mode;
    use crate::outcome::Outcome;
    use crate::time::{from_unix_milliseconds, from_unix_seconds};
    use crate::trigger::TriggerKind;

    fn now() -> SystemTime {
        from_unix_milliseconds(1_789_593_655_500).unwrap()
    }

    #[test]
    fn record_has_outcome_and_cause() {
        let outcome = Outcome::waiting(Code::Throttled, "iam:GetRole failed");
        let report = Report::new(Some("444455556666".parse().unwrap()), TriggerKind::Manual, Mode::Apply, outcome);
        let record = emf(&report, now());
        assert_eq!(record["_aws"]["Timestamp"], 1_789_593_655_500_i64);
        assert_eq!((&record["outcome"], &record["cause"]), (&json!("waiting"), &json!("throttled")));
        for metric in record["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap() {
            assert!(record[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
        }
    }

    #[test]
    fn time_to_onboarded_is_recorded_for_new_accounts_only() {
        let seconds = |joined_at| {
            let mut report = Report::new(None, TriggerKind::Manual, Mode::Apply, Outcome::Converged);
            report.joined_at = from_unix_seconds(joined_at);
            time_to_onboarded(&report, now()).map(|record| record["TimeToOnboarded"].as_f64().unwrap())
        };
        assert_eq!(seconds(1_789_593_600), Some(56.0));
        assert_eq!(seconds(1_700_000_000), None, "an established account");
        assert_eq!(seconds(1_789_593_700), None, "clocks differ");
        let unknown = Report::new(None, TriggerKind::Manual, Mode::Apply, Outcome::Converged);
        assert_eq!(time_to_onboarded(&unknown, now()), None);
    }
}
