//! The arguments of `onboard config`.

use clap::{Args as ClapArgs, Subcommand, ValueHint};

use super::common_args::Aws;
use super::config::DEFAULT_CONFIG;
use onboarding_core::config::deployed::configuration_parameter;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Validate the configuration and report all errors, each with file, line and column
    Check {
        /// Configuration file
        #[arg(default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
        config: String,
        /// The previous configuration: warn about each grant, vendor and role that it has and this one neither configures nor removes
        #[arg(long, value_name = "OLD", value_hint = ValueHint::FilePath)]
        against: Option<String>,
    },
    /// Print or save the configuration of the deployed function
    Pull(Pull),
    /// Store the configuration for the deployed function; shows the difference and asks for confirmation
    Push(Push),
    /// Show the configuration with its defaults; external IDs are hidden
    Show {
        /// Configuration file
        #[arg(default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
        config: String,
    },
}

/// The SSM parameter that the function reads.
#[derive(Debug, ClapArgs)]
pub(super) struct ConfigurationParameter {
    /// SSM parameter with the configuration: stack parameter `ConfigurationParameterName`
    #[arg(
        long,
        value_name = "NAME",
        env = "ONBOARDING_CONFIG_PARAMETER",
        hide_env_values = true,
        value_parser = configuration_parameter
    )]
    pub(super) name: String,
}

#[derive(Debug, ClapArgs)]
#[command(mut_arg("records", |records| records.hide(true)))]
pub(super) struct Pull {
    #[command(flatten)]
    pub(super) parameter: ConfigurationParameter,
    /// File to write, instead of stdout
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "against")]
    pub(super) out: Option<String>,
    /// Replace the file of `--out` if it exists
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// Show instead what a push of this file would change; the exit code is 3 if there is a difference
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) against: Option<String>,
    #[command(flatten)]
    pub(super) aws: Aws,
}

#[derive(Debug, ClapArgs)]
#[command(mut_arg("records", |records| records.hide(true)))]
pub(super) struct Push {
    /// Configuration file
    #[arg(default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    pub(super) config: String,
    #[command(flatten)]
    pub(super) parameter: ConfigurationParameter,
    /// Skip the confirmation prompt
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) aws: Aws,
}
