//! The metrics of one account, in CloudWatch embedded metric format (EMF).
//!
//! See <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use serde_json::{Value, json};

use super::Report;
use crate::limits::TIME_TO_ONBOARDED;

/// The time from when an account joined until it was onboarded, as a separate record; only for new accounts.
#[must_use]
pub fn time_to_onboarded(report: &Report, now: f64) -> Option<Value> {
    let age = report.joined_at.map(|joined| now - joined as f64)?;
    let directive = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [[]],
        "Metrics": [{"Name": "TimeToOnboarded", "Unit": "Seconds"}],
    });
    let record = json!({
        "_aws": {"Timestamp": milliseconds(now), "CloudWatchMetrics": [directive]},
        "account_id": report.account_id,
        "TimeToOnboarded": age.round(),
    });
    (0.0..TIME_TO_ONBOARDED.as_secs_f64()).contains(&age).then_some(record)
}

#[expect(clippy::cast_possible_truncation, reason = "Unix milliseconds fit into an i64")]
fn milliseconds(now: f64) -> i64 {
    (now * 1000.0) as i64
}

const NAMESPACE: &str = "AccountOnboarding";

/// The metrics of the outcome of one account. `now` is in Unix seconds.
#[must_use]
pub fn emf(report: &Report, now: f64) -> Value {
    json!({
        "_aws": {
            "Timestamp": milliseconds(now),
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
    use crate::trigger::TriggerKind;

    #[test]
    fn record_has_outcome_and_cause() {
        let outcome = Outcome::waiting(Code::Throttled, "iam:GetRole failed");
        let report = Report::new(Some("444455556666".parse().unwrap()), TriggerKind::Manual, Mode::Apply, outcome);
        let record = emf(&report, 1_789_593_655.5);
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
            report.joined_at = joined_at;
            time_to_onboarded(&report, 1_789_593_655.5).map(|record| record["TimeToOnboarded"].as_f64().unwrap())
        };
        assert_eq!(seconds(Some(1_789_593_600)), Some(56.0));
        assert_eq!(seconds(Some(1_700_000_000)), None, "an established account");
        assert_eq!(seconds(Some(1_789_593_700)), None, "clocks differ");
        assert_eq!(seconds(None), None);
    }
}
