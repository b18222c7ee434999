//! Where the configuration is: an SSM parameter, or a file for local runs.

use std::env;
use std::path::PathBuf;

use secrecy::ExposeSecret;

use onboarding_core::config::{Config, ConfigErrors, Folder};
use onboarding_core::error::ApiError;
use onboarding_engine::ports::Secrets;

/// What the environment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the configuration is.
    pub source: ConfigLocation,
    /// The address of the queue that starts the function; without it there are no sweeps and no growing pauses.
    pub queue: Option<String>,
    /// The address of the dead-letter queue; without it what needs a person stays on the queue.
    pub dead_letters: Option<String>,
    /// The event bus that is told how accounts ended; without it nobody is.
    pub event_bus: Option<String>,
    /// Below which SSM parameter it is remembered what was told.
    pub notified: String,
    /// Below which SSM parameter accounts are claimed while they are written; without it they are not.
    pub leases: Option<String>,
}

/// Where the configuration is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigLocation {
    /// The SSM parameter of this name.
    Parameter(String),
    /// This file.
    File(PathBuf),
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The environment does not say where it is, or says it twice.
    #[error(
        "set one of the environment variables `ONBOARDING_CONFIG_PARAMETER` (an SSM parameter) and `ONBOARDING_CONFIG_FILE` (a path)"
    )]
    Environment,
    /// The parameter cannot be read.
    #[error("the configuration cannot be read from the SSM parameter `{0}`: {1}")]
    Parameter(String, ApiError),
    /// The file cannot be read.
    #[error("the configuration cannot be read from `{path}`: {problem}")]
    File {
        /// Its path.
        path: String,
        /// Why.
        problem: std::io::Error,
    },
    /// It is wrong.
    #[error("the configuration is wrong: {0}")]
    Config(ConfigErrors),
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// When it does not say where the configuration is.
    pub fn from_env() -> Result<Self, SettingsError> {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let source = match (set("ONBOARDING_CONFIG_PARAMETER"), set("ONBOARDING_CONFIG_FILE")) {
            (Some(name), None) => ConfigLocation::Parameter(name),
            (None, Some(path)) => ConfigLocation::File(path.into()),
            _ => return Err(SettingsError::Environment),
        };
        let (queue, dead_letters) = (set("ONBOARDING_QUEUE_URL"), set("ONBOARDING_DEAD_LETTERS_URL"));
        let notified = set("ONBOARDING_NOTIFIED").unwrap_or_else(|| "/account-onboarding/notified".to_owned());
        let (event_bus, leases) = (set("ONBOARDING_EVENT_BUS"), set("ONBOARDING_LEASES"));
        Ok(Self { source, queue, dead_letters, event_bus, notified, leases })
    }

    /// Reads the configuration.
    pub(super) async fn config(&self, secrets: &impl Secrets) -> Result<Config, SettingsError> {
        match &self.source {
            ConfigLocation::Parameter(name) => {
                let read = secrets.parameter(name).await;
                let text = read.map_err(|error| SettingsError::Parameter(name.clone(), error))?;
                Config::parse_alone(text.expose_secret()).map_err(SettingsError::Config)
            }
            ConfigLocation::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|problem| SettingsError::File { path: path.display().to_string(), problem })?;
                Config::parse(&text, &Folder::containing(path)).map_err(SettingsError::Config)
            }
        }
    }
}
