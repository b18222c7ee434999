//! The arguments of `onboard undo`.

use clap::{Args as ClapArgs, ValueHint};
use clap_complete::ArgValueCandidates;

use super::common_args::{Aws, Format, account_id, records_help};
use super::completion;
use super::config::DEFAULT_CONFIG;
use super::target_args::{Selector, Target};
use onboarding_core::account::AccountId;

#[derive(Debug, ClapArgs)]
#[command(mut_arg("records", |records| records.help(records_help("It says what the trust policy was before"))))]
pub(super) struct Undo {
    /// Account ID, 12 digits
    #[arg(long, value_name = "ID", value_parser = account_id, add = ArgValueCandidates::new(completion::accounts))]
    pub(super) account: AccountId,
    /// Run whose change is undone, such as command-line-4711-1795629600000 [default: the last one]
    #[arg(long, value_name = "RUN")]
    pub(super) run: Option<String>,
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    config: String,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// How long to wait for an account that is not ready yet
    #[arg(long, value_name = "SECONDS", default_value_t = 300, allow_negative_numbers = true)]
    wait: u32,
    /// Skip the confirmation prompt
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    aws: Aws,
}

impl Undo {
    /// The same as the target of a plan.
    pub(super) fn into_target(self) -> Target {
        let Self { account, run: _, config, format, wait, yes: _, aws } = self;
        let selector = Selector { account: Some(account), event: None };
        Target { selector, config, format, verbose: false, wait, aws }
    }
}
