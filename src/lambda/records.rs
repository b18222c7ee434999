//! The records of an SQS batch.
//!
//! Apart from an invalid configuration, only two problems fail the whole invocation before anything is processed: a
//! record that is not an SQS message, and a record without a message ID. Such a record could not be named in the
//! response, and SQS would delete it.

use aws_lambda_events::sqs::SqsMessage;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A batch whose records are not parsed yet, so that an invalid record does not affect the others.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "Records", borrow)]
    records: Option<Vec<&'a RawValue>>,
}

/// Ends the error message of a malformed batch.
const NOTHING_PROCESSED: &str = "no record of the batch was processed; fix the batch and send it again";

/// The records of a batch; `None` if the payload is not a batch.
pub(super) fn records(payload: &str) -> Result<Option<Vec<SqsMessage>>, String> {
    let Ok(Envelope { records: Some(records) }) = serde_json::from_str::<Envelope<'_>>(payload) else {
        return Ok(None);
    };
    let parse = |(index, record): (usize, &RawValue)| {
        let message: SqsMessage = serde_json::from_str(record.get())
            .map_err(|error| format!("`Records[{index}]` is not a valid SQS message: {error}; {NOTHING_PROCESSED}"))?;
        // Without its ID a failed record could not be named in the response, and SQS would delete it.
        match message.message_id.as_deref() {
            Some(id) if !id.is_empty() => Ok(message),
            _ => Err(format!("`Records[{index}].messageId` is missing; {NOTHING_PROCESSED}")),
        }
    };
    records.into_iter().enumerate().map(parse).collect::<Result<_, _>>().map(Some)
}

/// The message bodies of a batch; `None` if the payload is not a batch.
///
/// # Errors
/// When a record is not a valid SQS message.
pub fn bodies(payload: &str) -> Result<Option<Vec<String>>, String> {
    let bodies = |records: Vec<SqsMessage>| records.into_iter().map(|r| r.body.unwrap_or_default()).collect();
    Ok(records(payload)?.map(bodies))
}
