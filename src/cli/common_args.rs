//! Arguments that several commands have.

use clap::{Args as ClapArgs, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::completion;
use onboarding_core::account::AccountId;

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

/// Parses an account ID as people copy it; an error is explained without the syntax of a file.
pub(super) fn account_id(text: &str) -> Result<AccountId, String> {
    const LOOK_UP: &str = "`aws organizations list-accounts` shows the IDs";
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`'));
    let digits: String = trimmed.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    if let Ok(id) = digits.parse::<AccountId>() {
        return if text == digits { Ok(id) } else { Err(format!("write the 12 digits and nothing else: {id}")) };
    }
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("an account ID has 12 digits and no other characters; {LOOK_UP}"));
    }
    let count = digits.len();
    // Spreadsheets and scripts that take the ID for a number drop its leading zeros.
    let hint = if count == 11 { "; a leading zero may be missing" } else { "" };
    let plural = if count == 1 { "" } else { "s" };
    Err(format!("it has {count} digit{plural}, and an account ID has 12{hint}; {LOOK_UP}"))
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
