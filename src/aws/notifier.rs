//! Notifications: events on an EventBridge event bus, and notification records in SSM Parameter Store.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use super::Aws;
use super::error::{api_error, malformed};
use onboarding_core::error::ApiError;
use onboarding_core::notification::NotificationRecord;
use onboarding_core::report::AccountEvent;
use onboarding_core::stored::Stored;
use onboarding_engine::ports::{Notifier, WriteMode};

impl Aws {
    fn record_parameter(&self, name: &str) -> String {
        format!("{}/{name}", self.resources.notification_prefix)
    }
}

impl Notifier for Aws {
    fn notifications_enabled(&self) -> bool {
        self.resources.event_bus.is_some()
    }

    async fn load_record(&self, name: &str) -> Result<Option<NotificationRecord>, ApiError> {
        let Some(stored) = self.stored(self.record_parameter(name)).await? else { return Ok(None) };
        let text = stored.value.ok_or_else(|| malformed("ssm:GetParameter", "value"))?;
        Ok(Some(NotificationRecord::from_text(&text)))
    }

    async fn save_record(&self, name: &str, record: &NotificationRecord, write: WriteMode) -> Result<bool, ApiError> {
        let version = self.store(self.record_parameter(name), record.to_text(), write).await?;
        Ok(version.is_some())
    }

    async fn delete_record(&self, name: &str) -> Result<(), ApiError> {
        self.remove(self.record_parameter(name)).await
    }

    async fn publish_event(&self, event: &AccountEvent) -> Result<(), ApiError> {
        const CALL: &str = "events:PutEvents";
        let Some(bus) = &self.resources.event_bus else { return Ok(()) };
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(AccountEvent::SOURCE)
            .detail_type(event.kind.detail_type())
            .detail(event.detail().to_string());
        let client = self.events.get_or_init(|| aws_sdk_eventbridge::Client::new(&self.config));
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
