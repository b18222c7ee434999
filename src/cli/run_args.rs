//! The arguments of `onboard plan` and `onboard apply`, for one account or for many.

use std::path::PathBuf;

use clap::{ArgGroup, Args as ClapArgs, ValueHint};

use super::common_args::{Aws, Format, records_help};
use super::config::DEFAULT_CONFIG;
use super::selection_args::SelectionArgs;
use super::target_args::{Selector, Target};
use onboarding_core::limits::CONCURRENT_ACCOUNTS;

#[derive(Debug, ClapArgs)]
#[command(group = ArgGroup::new("accounts").required(true).multiple(true).args(["all", "ou", "account", "accounts_file", "tag", "event"]))]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// Save the plan to a file; `onboard apply FILE` applies exactly this plan
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "event")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(group = ArgGroup::new("accounts").required(true).multiple(true).args(["all", "ou", "account", "accounts_file", "tag", "event", "plan_file"]))]
#[command(mut_arg("records", |records| records.help(records_help("Without it, no lease is acquired, the sessions of a role that changes are revoked, and `onboard undo` is not possible"))))]
pub(super) struct Apply {
    /// Plan that `onboard plan --out` saved: exactly its changes are applied, and accounts that changed since are left alone
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath, conflicts_with_all = ["all", "ou", "account", "accounts_file", "tag", "event"])]
    pub(super) plan_file: Option<String>,
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// Skip the confirmation prompt
    #[arg(long, display_order = 0)]
    pub(super) yes: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// File with an event, or `-` for stdin; selects the account that the event is about
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["all", "ou", "account", "accounts_file", "tag"])]
    pub(super) event: Option<String>,
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    pub(super) config: String,
    /// Output format; for several accounts, JSON is one object in each line
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Show the full policy documents and every check; for several accounts, show the plan of each
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// How long to wait for an account that is not ready yet
    #[arg(long, value_name = "SECONDS", default_value_t = 300, allow_negative_numbers = true)]
    pub(super) wait: u32,
    /// How many accounts are processed at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = CONCURRENT_ACCOUNTS, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(super) concurrency: u16,
    #[command(flatten)]
    pub(super) aws: Aws,
}

impl RunArgs {
    /// The one account that is asked for, or the event; `None` for several accounts.
    pub(super) fn selector(&self) -> Option<Selector> {
        if let Some(event) = &self.event {
            return Some(Selector { account: None, event: Some(event.clone()) });
        }
        let SelectionArgs { all, ou, account, accounts_file, tag } = &self.selection;
        match account.as_slice() {
            [id] if !all && ou.is_empty() && accounts_file.is_none() && tag.is_empty() => {
                Some(Selector { account: Some(id.clone()), event: None })
            }
            _ => None,
        }
    }

    /// The target of a command for one account.
    pub(super) fn into_target(self, selector: Selector) -> Target {
        let Self { config, format, verbose, wait, aws, .. } = self;
        Target { selector, config, format, verbose, wait, aws }
    }
}
