//! The settings of the function in its environment: where its configuration is (an SSM parameter, or a file for local runs),
//! and which accounts a sweep may change.

use std::env;
use std::path::PathBuf;
use std::time::SystemTime;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use onboarding_core::config::{Config, ConfigErrors, Folder};
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::text::Untrusted;
use onboarding_engine::ports::{Clock, Secrets};
use onboarding_engine::{ConfigurationError, DeployedConfiguration};

/// Where the configuration is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigLocation {
    /// The SSM parameter of this name, or the files below it.
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
    /// The mode of sweeps is not valid.
    #[error("the environment variable `ONBOARDING_SWEEP` is `{0}`; set it to `report` or `apply`")]
    Sweep(Untrusted),
    /// The number of concurrent invocations is not valid.
    #[error(
        "the environment variable `ONBOARDING_CONCURRENCY` is `{0}`; set it to a number from 1 to {MOST_PROCESSES}"
    )]
    Concurrency(Untrusted),
    /// The parameter, or the files below it, cannot be read.
    #[error(transparent)]
    Parameter(Box<ConfigurationError>),
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
    pub(super) async fn load<W: Secrets + Clock>(&self, world: &W) -> Result<Config, SettingsError> {
        match self {
            Self::Parameter(name) => {
                let read = DeployedConfiguration::read(world, name).await;
                let deployed = read.map_err(|error| SettingsError::Parameter(Box::new(error)))?;
                deployed.parse().map_err(SettingsError::Config)
            }
            Self::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|problem| SettingsError::File { path: path.display().to_string(), problem })?;
                Config::parse(&text, &Folder::containing(path)).map_err(SettingsError::Config)
            }
        }
    }
}

/// Reads which accounts a sweep may change: `ONBOARDING_SWEEP` is `report` (the default) or `apply`, and
/// `ONBOARDING_DEPLOYED_AT` is the time at which the stack was created. A time that cannot be read counts as not known, and
/// then every account is only reported: events of new accounts must be processed in any case.
///
/// # Errors
/// When `ONBOARDING_SWEEP` has another value.
pub fn sweep_mode_from_env() -> Result<SweepMode, SettingsError> {
    let variable = |name| env::var(name).unwrap_or_default();
    sweep_mode(&variable("ONBOARDING_SWEEP"), &variable("ONBOARDING_DEPLOYED_AT"))
}

fn sweep_mode(mode: &str, deployed_at: &str) -> Result<SweepMode, SettingsError> {
    match mode {
        "" | "report" => Ok(SweepMode::Report { deployed_at: time(deployed_at) }),
        "apply" => Ok(SweepMode::Apply),
        other => Err(SettingsError::Sweep(other.into())),
    }
}

/// The most concurrent invocations that a queue allows.
///
/// See `MaximumConcurrency` in <https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html>.
const MOST_PROCESSES: u32 = 1_000;

/// Reads how many invocations run at the same time, and so how many processes share the quotas of AWS:
/// `ONBOARDING_CONCURRENCY`. Without it, this process is the only one.
///
/// # Errors
/// When it is not a number that the queue allows.
pub fn concurrency_from_env() -> Result<u32, SettingsError> {
    concurrency(&env::var("ONBOARDING_CONCURRENCY").unwrap_or_default())
}

fn concurrency(text: &str) -> Result<u32, SettingsError> {
    if text.is_empty() {
        return Ok(1);
    }
    let number = text.parse().ok().filter(|number| (1..=MOST_PROCESSES).contains(number));
    number.ok_or_else(|| SettingsError::Concurrency(text.into()))
}

/// A time as CloudFormation returns the creation date of a resource: ISO 8601. Its documentation does not state the format,
/// so that seconds since 1970 are accepted as well.
fn time(text: &str) -> Option<SystemTime> {
    let parse = |format| DateTime::from_str(text, format).ok();
    let time = parse(Format::DateTimeWithOffset).or_else(|| parse(Format::EpochSeconds))?;
    SystemTime::try_from(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use onboarding_core::time::from_unix_seconds;

    #[test]
    fn creation_date_is_read_in_each_form() {
        let expected = SweepMode::Report { deployed_at: from_unix_seconds(1_795_361_783) };
        for text in [
            "2026-11-22T15:36:23Z",
            "2026-11-22T15:36:23.000Z",
            "2026-11-22T16:36:23+01:00",
            "2026-11-22T15:36:23.000000+00:00",
            "1795361783",
        ] {
            assert_eq!(sweep_mode("report", text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn unknown_creation_date_means_that_nothing_is_changed_by_a_sweep() {
        for text in ["", "yesterday", "2026-11-22"] {
            assert_eq!(sweep_mode("", text).unwrap(), SweepMode::Report { deployed_at: None }, "{text}");
        }
    }

    #[test]
    fn invalid_mode_of_sweeps_is_an_error() {
        assert_eq!(sweep_mode("apply", "").unwrap(), SweepMode::Apply);
        let error = sweep_mode("REPORT", "").unwrap_err().to_string();
        assert_eq!(error, "the environment variable `ONBOARDING_SWEEP` is `REPORT`; set it to `report` or `apply`");
    }
    #[test]
    fn concurrency_is_a_number_that_the_queue_allows() {
        assert_eq!((concurrency("").unwrap(), concurrency("5").unwrap()), (1, 5));
        for text in ["0", "-1", "five", "1001"] {
            let error = concurrency(text).unwrap_err().to_string();
            let expected = format!(
                "the environment variable `ONBOARDING_CONCURRENCY` is `{text}`; set it to a number from 1 to 1000"
            );
            assert_eq!(error, expected);
        }
    }
}
