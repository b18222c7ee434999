//! How the function loads its configuration: from an SSM parameter, or from a file for local runs.

use std::env;
use std::path::PathBuf;

use secrecy::ExposeSecret;

use onboarding_core::config::{Config, ConfigErrors, Folder};
use onboarding_core::error::ApiError;
use onboarding_engine::ports::Secrets;

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

impl ConfigLocation {
    /// Reads the environment. An empty variable counts as unset.
    ///
    /// # Errors
    /// When the environment does not name exactly one location of the configuration.
    pub fn from_env() -> Result<Self, SettingsError> {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        match (set("ONBOARDING_CONFIG_PARAMETER"), set("ONBOARDING_CONFIG_FILE")) {
            (Some(name), None) => Ok(Self::Parameter(name)),
            (None, Some(path)) => Ok(Self::File(path.into())),
            _ => Err(SettingsError::Environment),
        }
    }

    /// Loads the configuration.
    pub(super) async fn load(&self, secrets: &impl Secrets) -> Result<Config, SettingsError> {
        match self {
            Self::Parameter(name) => {
                let read = secrets.parameter(name).await;
                let text = read.map_err(|error| SettingsError::Parameter(name.clone(), error))?;
                Config::parse_without_files(text.expose_secret()).map_err(SettingsError::Config)
            }
            Self::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|problem| SettingsError::File { path: path.display().to_string(), problem })?;
                Config::parse(&text, &Folder::containing(path)).map_err(SettingsError::Config)
            }
        }
    }
}
