//! Arguments that several commands have.

use clap::{Args as ClapArgs, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::completion;
pub(super) use onboarding_core::selection::typed_account_id as account_id;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    #[default]
    Text,
    Json,
}

/// The help of `--records`, with what a command does without it.
pub(super) fn records_help(without: &str) -> String {
    format!("DynamoDB table of the deployed function's records (output `RecordsTable` of the stack). {without}")
}

/// Credentials and region.
#[derive(Debug, ClapArgs)]
pub struct Aws {
    /// Profile in ~/.aws/config, of the management account
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(completion::profiles))]
    pub profile: Option<String>,
    /// AWS region for STS, SSM and DynamoDB [default: of the environment or the profile]
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub region: Option<String>,
    /// DynamoDB table of the deployed function's records (output `RecordsTable` of the stack)
    #[arg(long, value_name = "TABLE", env = "ONBOARDING_TABLE", hide_env_values = true)]
    pub records: Option<String>,
}

fn region(text: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !text.is_empty() && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("not a valid region; use a name such as `us-east-1`".to_owned())
    }
}
