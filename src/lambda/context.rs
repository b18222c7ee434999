//! Where a payload came from: what every line of the log about it carries.

use super::log;
use onboarding_core::message_action::Received;

/// Where a payload came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct InvocationContext<'a> {
    /// Lambda's request id.
    pub(super) invocation: &'a str,
    /// The id of the message, where it came in one.
    pub(super) message: Option<&'a str>,
    /// The account, where the payload names one.
    pub(super) account: Option<&'a str>,
    /// The event's id, where it is an event.
    pub(super) event: Option<&'a str>,
    /// What SQS says of the message; of what came directly, that it came once.
    pub(super) received: Received,
}

impl<'a> InvocationContext<'a> {
    /// What came directly.
    pub(super) fn direct(invocation: &'a str) -> Self {
        let received = Received { times: 1, age: None };
        Self { invocation, message: None, account: None, event: None, received }
    }

    /// By what name claims are made: the same for every try of one message.
    pub(super) fn claimant(&self) -> &'a str {
        self.message.unwrap_or(self.invocation)
    }

    /// The span of all lines about an account while it is seen to.
    pub(super) fn span(&self, account: &str) -> tracing::Span {
        log::span(self, account)
    }
}
