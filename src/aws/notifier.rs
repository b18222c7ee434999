//! Notifications: events on an EventBridge event bus.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use super::Aws;
use super::error::{api_error, malformed};
use onboarding_core::error::ApiError;
use onboarding_core::report::AccountEvent;
use onboarding_engine::ports::Notifier;

impl Notifier for Aws {
    fn notifications_enabled(&self) -> bool {
        self.resources.event_bus.is_some()
    }

    async fn publish_event(&self, event: &AccountEvent) -> Result<(), ApiError> {
        const CALL: &str = "events:PutEvents";
        let Some(bus) = &self.resources.event_bus else { return Ok(()) };
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(AccountEvent::SOURCE)
            .detail_type(event.kind.detail_type())
            .detail(event.detail().to_string());
        let client = self.events();
        let response = client.put_events().entries(entry.build()).send().await.map_err(api_error(CALL))?;
        // The call succeeds even if its entry failed.
        // https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
        let failed = response.entries().iter().find_map(|entry| Some((entry.error_code()?, entry.error_message())));
        match failed {
            Some((code, message)) => Err(ApiError::new(CALL, code, message.unwrap_or_default())),
            None if response.failed_entry_count() > 0 => Err(malformed(CALL, "failure reason")),
            None => Ok(()),
        }
    }
}
