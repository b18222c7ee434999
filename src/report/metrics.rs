//! The metrics of one account, as one record in CloudWatch's embedded metric format.
//!
//! See <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use serde_json::{Value, json};

use super::Report;

/// The record. `now` is in seconds since 1970.
#[must_use]
pub fn emf(report: &Report, now: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit for the next millions of years")]
    let timestamp = (now * 1000.0) as i64;
    json!({
        "_aws": {
            "Timestamp": timestamp,
            "CloudWatchMetrics": [{
                "Namespace": "AccountOnboarding",
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
        let record = emf(&report, 1_789_593_655.5);
        assert_eq!(record["_aws"]["Timestamp"], 1_789_593_655_500_i64);
        assert_eq!((&record["outcome"], &record["cause"]), (&json!("waiting"), &json!("throttled")));
        for metric in record["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap() {
            assert!(record[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
        }
    }
}
