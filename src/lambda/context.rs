//! The context of a payload: the IDs that every log line about it carries.

use onboarding_core::message_action::Received;

/// Where a payload came from and how often it has been received.
#[derive(Debug, Clone, Copy)]
pub(super) struct InvocationContext<'a> {
    /// The request ID of the Lambda invocation.
    pub(super) invocation: &'a str,
    /// The SQS message ID; `None` for a direct invocation.
    pub(super) message: Option<&'a str>,
    /// The account ID, if the payload names an account.
    pub(super) account: Option<&'a str>,
    /// The event ID, if the payload is an event.
    pub(super) event: Option<&'a str>,
    /// The receive count and age that SQS reports. A direct invocation counts as received once.
    pub(super) received: Received,
}

impl<'a> InvocationContext<'a> {
    /// The context of a direct invocation.
    pub(super) fn direct(invocation: &'a str) -> Self {
        let received = Received { times: 1, age: None };
        Self { invocation, message: None, account: None, event: None, received }
    }

    /// The name of this run, which is the owner of its lease. No other run has it: the request ID is shared by all records
    /// of a batch, the message ID by all deliveries of one message.
    pub(super) fn run(&self) -> String {
        format!("{}/{}", self.invocation, self.message.unwrap_or_default())
    }

    /// The tracing span for all log lines that are written while an account is processed.
    pub(super) fn span(&self, account: &str) -> tracing::Span {
        let event_id = self.event;
        let invocation_id = self.invocation;
        tracing::info_span!("account", account_id = account, event_id, invocation_id)
    }
}
