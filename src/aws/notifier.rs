//! Notifications: events on an EventBridge event bus, and notification records in SSM Parameter Store.

use std::sync::OnceLock;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_ssm::types::ParameterType;
use aws_types::SdkConfig;

use super::error::{api_error, malformed};
use super::parameters::Parameters;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::notification::NotificationRecord;
use onboarding_core::report::AccountEvent;
use onboarding_engine::ports::Notifier;

/// Clients of EventBridge and SSM with the function's own credentials.
#[derive(Debug)]
pub struct EventBridgeNotifier {
    config: SdkConfig,
    /// Created with the first notification, to keep cold starts short.
    client: OnceLock<aws_sdk_eventbridge::Client>,
    parameters: aws_sdk_ssm::Client,
    bus: Option<String>,
    /// The prefix of the notification records.
    prefix: String,
}

impl EventBridgeNotifier {
    /// Creates the client of EventBridge lazily and shares the SSM client of `parameters`.
    #[must_use]
    pub fn new(config: &SdkConfig, parameters: &Parameters, bus: Option<String>, prefix: String) -> Self {
        Self { config: config.clone(), client: OnceLock::new(), parameters: parameters.0.clone(), bus, prefix }
    }

    fn parameter(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }
}

impl Notifier for EventBridgeNotifier {
    fn is_enabled(&self) -> bool {
        self.bus.is_some()
    }

    async fn load(&self, name: &str) -> Result<Option<NotificationRecord>, ApiError> {
        const CALL: &str = "ssm:GetParameter";
        match self.parameters.get_parameter().name(self.parameter(name)).send().await.map_err(api_error(CALL)) {
            Ok(response) => {
                let value = response.parameter.and_then(|parameter| parameter.value);
                value.map(|text| Some(NotificationRecord::from_text(&text))).ok_or_else(|| malformed(CALL, "value"))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn save(&self, name: &str, record: &NotificationRecord, replace: bool) -> Result<bool, ApiError> {
        const CALL: &str = "ssm:PutParameter";
        let put = self.parameters.put_parameter().name(self.parameter(name)).value(record.to_text());
        let put = put.r#type(ParameterType::String);
        match put.overwrite(replace).send().await.map_err(api_error(CALL)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn delete(&self, name: &str) -> Result<(), ApiError> {
        const CALL: &str = "ssm:DeleteParameter";
        match self.parameters.delete_parameter().name(self.parameter(name)).send().await.map_err(api_error(CALL)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    async fn publish(&self, notice: &AccountEvent) -> Result<(), ApiError> {
        const CALL: &str = "events:PutEvents";
        let Some(bus) = &self.bus else { return Ok(()) };
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(AccountEvent::SOURCE)
            .detail_type(notice.kind.detail_type())
            .detail(notice.detail().to_string());
        let client = self.client.get_or_init(|| aws_sdk_eventbridge::Client::new(&self.config));
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
