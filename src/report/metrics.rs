//! The metrics of one account, as one record in CloudWatch's embedded metric format.
//!
//! See <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use serde_json::{Value, json};

use super::Report;

/// An account that joined longer ago was not waited for: it was repaired, or found by a backfill. The dead letters keep a
/// message for 14 days.
const NEW_FOR_DAYS: f64 = 15.0;

/// The record. `now` is in seconds since 1970; `connected` says whether the account was connected just now.
#[must_use]
pub fn emf(report: &Report, now: f64, connected: bool) -> Value {
    let mut record = record(report, now);
    let age = report.joined_at.map(|joined| now - joined as f64);
    if let Some(age) = age.filter(|age| connected && (0.0..NEW_FOR_DAYS * 86_400.0).contains(age)) {
        let directive = json!({
            "Namespace": NAMESPACE,
            "Dimensions": [[]],
            "Metrics": [{"Name": "TimeToConnected", "Unit": "Seconds"}],
        });
        if let Some(directives) = record.pointer_mut("/_aws/CloudWatchMetrics").and_then(Value::as_array_mut) {
            directives.push(directive);
        }
        if let Some(record) = record.as_object_mut() {
            record.insert("TimeToConnected".to_owned(), json!(age.round()));
        }
    }
    record
}

const NAMESPACE: &str = "AccountOnboarding";

fn record(report: &Report, now: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit for the next millions of years")]
    let timestamp = (now * 1000.0) as i64;
    json!({
        "_aws": {
            "Timestamp": timestamp,
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
        "outcome": report.outcome.word(),
        "cause": report.cause.as_ref().map_or("none", |cause| cause.code),
        "account_id": report.account_id,
        "trigger": report.trigger,
        "mode": report.mode.word(),
        "Accounts": 1,
        "Changes": report.done(),
        "Duration": report.duration_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Mode;
    use crate::outcome::Outcome;

    #[test]
    fn a_record_names_outcome_and_cause() {
        let outcome = Outcome::waiting("throttled", "iam:GetRole failed");
        let report = Report::new(Some("444455556666".parse().unwrap()), "manual", Mode::Apply, outcome);
        let record = emf(&report, 1_789_593_655.5, false);
        assert_eq!(record["_aws"]["Timestamp"], 1_789_593_655_500_i64);
        assert_eq!((&record["outcome"], &record["cause"]), (&json!("waiting"), &json!("throttled")));
        for metric in record["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap() {
            assert!(record[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
        }
    }

    #[test]
    fn the_time_to_connected_is_that_of_new_accounts() {
        let seconds = |joined_at, connected| {
            let mut report = Report::new(None, "manual", Mode::Apply, Outcome::Converged);
            report.joined_at = joined_at;
            let record = emf(&report, 1_789_593_655.5, connected);
            assert_eq!(
                record["_aws"]["CloudWatchMetrics"].as_array().unwrap().len() == 2,
                record["TimeToConnected"].is_number()
            );
            record["TimeToConnected"].as_f64()
        };
        assert_eq!(seconds(Some(1_789_593_600), true), Some(56.0));
        assert_eq!(seconds(Some(1_789_593_600), false), None, "it was connected before");
        assert_eq!(seconds(Some(1_700_000_000), true), None, "it is there since long");
        assert_eq!(seconds(Some(1_789_593_700), true), None, "clocks differ");
        assert_eq!(seconds(None, true), None);
    }
}
