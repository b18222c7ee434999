//! The settings of the function, from environment variables, and how it loads its configuration: from an SSM parameter,
//! or from a file for local runs.

use std::env;
use std::path::PathBuf;

use secrecy::ExposeSecret;

use onboarding_core::config::{Config, ConfigErrors, Folder};
use onboarding_core::error::ApiError;
use onboarding_engine::ports::Secrets;

/// The settings from the environment. An empty variable counts as unset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the configuration is.
    pub config_location: ConfigLocation,
    /// The URL of the queue that invokes the function. Without it sweeps fail, and retries have the queue's own
    /// visibility timeout instead of a growing backoff.
    pub queue: Option<String>,
    /// The URL of the dead-letter queue. Without it messages that need attention stay in the queue.
    pub dead_letters: Option<String>,
    /// The event bus for notifications. Without it none are sent.
    pub event_bus: Option<String>,
    /// The prefix of the SSM parameters that hold notification records.
    pub notification_prefix: String,
    /// The prefix of the SSM parameters that hold account leases. Without it no leases are taken.
    pub lease_prefix: Option<String>,
}

/// Where the configuration is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigLocation {
    /// The SSM parameter of this name.
    Parameter(String),
    /// This file.
    File(PathBuf),
}

/// Why the configuration could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The environment names no location, or two.
    #[error(
        "set exactly one of the environment variables `ONBOARDING_CONFIG_PARAMETER` (an SSM parameter name) and `ONBOARDING_CONFIG_FILE` (a file path)"
    )]
    Environment,
    /// The parameter cannot be read.
    #[error("could not read the configuration from the SSM parameter `{0}`: {1}")]
    Parameter(String, ApiError),
    /// The file cannot be read.
    #[error("could not read the configuration from `{path}`: {problem}")]
    File {
        /// The path.
        path: String,
        /// The I/O error.
        problem: std::io::Error,
    },
    /// The configuration is invalid.
    #[error("the configuration is invalid: {0}")]
    Config(ConfigErrors),
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// When the environment does not name exactly one location of the configuration.
    pub fn from_env() -> Result<Self, SettingsError> {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let config_location = match (set("ONBOARDING_CONFIG_PARAMETER"), set("ONBOARDING_CONFIG_FILE")) {
            (Some(name), None) => ConfigLocation::Parameter(name),
            (None, Some(path)) => ConfigLocation::File(path.into()),
            _ => return Err(SettingsError::Environment),
        };
        let queue = set("ONBOARDING_QUEUE_URL");
        let dead_letters = set("ONBOARDING_DEAD_LETTERS_URL");
        let notification_prefix =
            set("ONBOARDING_NOTIFIED").unwrap_or_else(|| "/account-onboarding/notified".to_owned());
        let event_bus = set("ONBOARDING_EVENT_BUS");
        let lease_prefix = set("ONBOARDING_LEASES");
        Ok(Self { config_location, queue, dead_letters, event_bus, notification_prefix, lease_prefix })
    }

    /// Loads the configuration.
    pub(super) async fn config(&self, secrets: &impl Secrets) -> Result<Config, SettingsError> {
        match &self.config_location {
            ConfigLocation::Parameter(name) => {
                let read = secrets.parameter(name).await;
                let text = read.map_err(|error| SettingsError::Parameter(name.clone(), error))?;
                Config::parse_without_files(text.expose_secret()).map_err(SettingsError::Config)
            }
            ConfigLocation::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|problem| SettingsError::File { path: path.display().to_string(), problem })?;
                Config::parse(&text, &Folder::containing(path)).map_err(SettingsError::Config)
            }
        }
    }
}
