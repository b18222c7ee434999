//! What AWS sends that is not an event about an account, but is often connected to a queue or a function by mistake.
//!
//! Each is named, with what to connect instead. Otherwise the error would be about a missing field of something that was
//! not sent on purpose.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::object::{Object, string};
use crate::text::Untrusted;

/// Something that AWS sends, other than an event about an account. Displayed as a noun with what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForeignPayload {
    /// A record of an S3 event notification.
    S3Notification,
    /// A record of a CloudTrail log file, or such a record without the event that EventBridge puts around it.
    CloudTrailRecord,
    /// A notification that CloudTrail has written a log file.
    CloudTrailFile,
    /// A record of an SNS notification.
    SnsRecord,
    /// A message by which SNS asks to confirm a subscription, or says that it was ended.
    SnsControl,
    /// Log lines of a subscription in CloudWatch Logs.
    LogLines,
    /// A request over HTTP: of API Gateway, a load balancer or the URL of the function.
    HttpRequest,
    /// A record of another event source of Lambda, such as `aws:kinesis`.
    Other(Untrusted),
}

impl fmt::Display for ForeignPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const RULE: &str = "to process account events, send them here by an EventBridge rule";
        match self {
            Self::S3Notification => write!(f, "an S3 event notification, not an account event; {RULE}"),
            Self::CloudTrailRecord => {
                write!(f, "a CloudTrail record as in its log files, not the event that EventBridge delivers; {RULE}")
            }
            Self::CloudTrailFile => write!(f, "a notification about a new CloudTrail log file; {RULE}"),
            Self::SnsRecord => f.write_str(
                "an SNS notification; send each `Message` as a separate payload, or turn on raw message delivery for the \
                 subscription",
            ),
            Self::SnsControl => f.write_str(
                "a message of SNS about its subscription; confirm the subscription in SNS, and turn on raw message delivery",
            ),
            Self::LogLines => write!(f, "a batch of log lines from CloudWatch Logs; {RULE}"),
            Self::HttpRequest => write!(f, "an HTTP request, as API Gateway and function URLs pass it on; {RULE}"),
            Self::Other(source) => write!(f, "a record of the event source `{source}`, not of SQS; {RULE}"),
        }
    }
}

/// The fields by which a record of a batch is recognized.
#[derive(Deserialize)]
struct Marks {
    #[serde(rename = "eventSource", alias = "EventSource")]
    source: Option<String>,
}

/// What a record of a batch is, unless it is an SQS message or of an unknown form.
#[must_use]
pub fn foreign_record(record: &str) -> Option<ForeignPayload> {
    from_source(&serde_json::from_str::<Marks>(record).ok()?.source?)
}

/// Recognizes a batch by its first record, and other payloads by their keys.
pub(super) fn foreign_payload(payload: &Object<'_>) -> Option<ForeignPayload> {
    if let Some(records) = payload.get("Records") {
        let records: Vec<&RawValue> = serde_json::from_str(records.get()).ok()?;
        let record = Object::from_value(records.first()?)?;
        let source = record.get("eventSource").or_else(|| record.get("EventSource"))?;
        return from_source(&string(source)?);
    }
    let has = |key: &str| payload.has(key);
    if has("s3Bucket") && has("s3ObjectKey") {
        return Some(ForeignPayload::CloudTrailFile);
    }
    if payload.get("Event").and_then(string).is_some_and(|event| event.starts_with("s3:")) {
        return Some(ForeignPayload::S3Notification);
    }
    if has("awslogs") {
        return Some(ForeignPayload::LogLines);
    }
    if has("headers") && has("isBase64Encoded") {
        return Some(ForeignPayload::HttpRequest);
    }
    (has("eventName") && has("eventVersion")).then_some(ForeignPayload::CloudTrailRecord)
}

fn from_source(source: &str) -> Option<ForeignPayload> {
    match source {
        "aws:sqs" => None,
        "aws:s3" => Some(ForeignPayload::S3Notification),
        "aws:sns" => Some(ForeignPayload::SnsRecord),
        _ if source.ends_with(".amazonaws.com") => Some(ForeignPayload::CloudTrailRecord),
        _ if source.starts_with("aws:") => Some(ForeignPayload::Other(source.into())),
        _ => None,
    }
}
