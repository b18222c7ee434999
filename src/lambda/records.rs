//! What an invocation receives: an SQS batch, an SNS notification, or a single payload.
//!
//! Apart from an invalid configuration, only these problems fail the whole invocation before anything is processed: a
//! record that is not an SQS message, and a record without a message ID. Such a record could not be named in the
//! response, and SQS would delete it.
//!
//! Only the fields that are used are read, and the records are read one by one, so that the size of a batch limits the
//! memory that it takes, whatever it contains.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use onboarding_core::trigger::{ForeignPayload, foreign_record, without_byte_order_mark};

/// What an invocation receives.
pub(super) enum Received {
    /// An SQS batch.
    Batch(Vec<SqsMessage>),
    /// The message of an SNS notification, which SNS sends one at a time.
    Notification(String),
    /// Anything else: one payload.
    Payload,
}

/// The fields of an SQS message that are used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct SqsMessage {
    /// The message ID.
    #[serde(default)]
    pub(super) message_id: Option<String>,
    /// The receipt handle, with which the visibility timeout is changed.
    #[serde(default)]
    pub(super) receipt_handle: Option<String>,
    /// The body.
    #[serde(default)]
    pub(super) body: Option<String>,
    /// What SQS adds.
    #[serde(default)]
    pub(super) attributes: Option<Attributes>,
}

/// The attributes of an SQS message that are used, as strings of digits.
///
/// See <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
pub(super) struct Attributes {
    /// How often the message has been received.
    #[serde(default)]
    pub(super) approximate_receive_count: Option<String>,
    /// When it was sent, in milliseconds since 1970.
    #[serde(default)]
    pub(super) sent_timestamp: Option<String>,
}

/// A record of an SNS notification.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct SnsRecord {
    #[serde(rename = "Sns")]
    sns: Sns,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Sns {
    #[serde(rename = "Message")]
    message: String,
}

/// Ends the error message of a malformed batch.
const NOTHING_PROCESSED: &str = "no record of the batch was processed; fix the batch and send it again";

/// The maximum number of records of a batch.
///
/// See `BatchSize` in <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>.
const MAX_RECORDS: usize = 10_000;

/// Reads what an invocation receives.
pub(super) fn received(payload: &str) -> Result<Received, String> {
    match serde_json::from_str::<Envelope>(without_byte_order_mark(payload)) {
        Ok(Envelope { records: Some(Records(received)) }) => received,
        _ => Ok(Received::Payload),
    }
}

/// The message bodies of a batch, or the message of an SNS notification; `None` for any other payload.
///
/// # Errors
/// When a record is not a valid SQS message.
pub fn bodies(payload: &str) -> Result<Option<Vec<String>>, String> {
    Ok(match received(payload)? {
        Received::Batch(records) => Some(records.into_iter().map(|r| r.body.unwrap_or_default()).collect()),
        Received::Notification(message) => Some(vec![message]),
        Received::Payload => None,
    })
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "Records")]
    records: Option<Records>,
}

/// The records, or the first problem.
struct Records(Result<Received, String>);

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_seq(RecordsVisitor)
    }
}

struct RecordsVisitor;

impl<'de> Visitor<'de> for RecordsVisitor {
    type Value = Records;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Records, A::Error> {
        let mut messages = Vec::new();
        let mut notification = None;
        let mut problem = None;
        while problem.is_none()
            && let Some(record) = items.next_element::<&RawValue>()?
        {
            let index = messages.len() + usize::from(notification.is_some());
            match read(index, record.get()) {
                Ok(Record::Message(message)) if notification.is_none() && index < MAX_RECORDS => messages.push(message),
                Ok(Record::Notification(message)) if index == 0 => notification = Some(message),
                Ok(_) => problem = Some(format!("`Records` has too many records; {NOTHING_PROCESSED}")),
                Err(error) => problem = Some(error),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Records(match (problem, notification) {
            (Some(problem), _) => Err(problem),
            (None, Some(message)) => Ok(Received::Notification(message)),
            (None, None) => Ok(Received::Batch(messages)),
        }))
    }
}

/// One record.
enum Record {
    Message(SqsMessage),
    Notification(String),
}

fn read(index: usize, record: &str) -> Result<Record, String> {
    let foreign = foreign_record(record);
    if foreign == Some(ForeignPayload::SnsRecord) {
        let read: Result<SnsRecord, _> = serde_json::from_str(record);
        return read.map(|record| Record::Notification(record.sns.message)).map_err(|error| {
            format!("`Records[{index}]` is not a valid SNS notification: {error}; {NOTHING_PROCESSED}")
        });
    }
    if let Some(foreign) = foreign {
        return Err(format!("`Records[{index}]` is {foreign}; no record of the batch was processed"));
    }
    let message: SqsMessage = serde_json::from_str(record)
        .map_err(|error| format!("`Records[{index}]` is not a valid SQS message: {error}; {NOTHING_PROCESSED}"))?;
    // Without its ID a failed record could not be named in the response, and SQS would delete it.
    if message.message_id.as_deref().is_none_or(str::is_empty) {
        return Err(format!("`Records[{index}].messageId` is missing; {NOTHING_PROCESSED}"));
    }
    Ok(Record::Message(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_records_are_named_without_types_of_rust() {
        let records = [
            r#""x""#,
            "7",
            r#"{"messageId":"m","attributes":"x"}"#,
            r#"{"messageId":"m","body":{}}"#,
            r#"{"EventSource":"aws:sns","Sns":"x"}"#,
        ];
        let error = |record: &str| bodies(&format!("{{\"Records\":[{record}]}}")).unwrap_err();
        insta::assert_snapshot!(records.map(error).join("\n"), @r#"
        `Records[0]` is not a valid SQS message: invalid type: string "x", expected an object at line 1 column 3; no record of the batch was processed; fix the batch and send it again
        `Records[0]` is not a valid SQS message: invalid type: integer `7`, expected an object at line 1 column 1; no record of the batch was processed; fix the batch and send it again
        `Records[0]` is not a valid SQS message: invalid type: string "x", expected an object at line 1 column 33; no record of the batch was processed; fix the batch and send it again
        `Records[0]` is not a valid SQS message: invalid type: map, expected a string at line 1 column 24; no record of the batch was processed; fix the batch and send it again
        `Records[0]` is not a valid SNS notification: invalid type: string "x", expected an object at line 1 column 34; no record of the batch was processed; fix the batch and send it again
        "#);
    }
}
