//! The arguments that select an account: those of `onboard plan` and `onboard apply`, to which `verify` adds its own.

use clap::{Args as ClapArgs, ValueHint};
use clap_complete::ArgValueCandidates;

use super::common_args::{Aws, Format, account_id, records_help};
use super::completion;
use super::config::DEFAULT_CONFIG;
use onboarding_core::account::AccountId;
use onboarding_core::report::Detail;

#[derive(Debug, ClapArgs)]
#[command(mut_arg("records", |records| records.help(records_help("Without it, no lease is acquired, the sessions of a role that changes are revoked, and `onboard undo` is not possible"))))]
pub(super) struct Apply {
    #[command(flatten)]
    pub(super) target: Target,
    /// Skip the confirmation prompt
    #[arg(long, display_order = 0)]
    pub(super) yes: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Target {
    #[command(flatten)]
    pub(super) selector: Selector,
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    pub(super) config: String,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Show the full policy documents and every check
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// How long to wait for an account that is not ready yet
    #[arg(long, value_name = "SECONDS", default_value_t = 300, allow_negative_numbers = true)]
    pub(super) wait: u32,
    #[command(flatten)]
    pub(super) aws: Aws,
}

impl Target {
    /// These options as they are typed in a shell; `None` if the event comes from stdin, which cannot be read again.
    pub(super) fn command_line(&self) -> Option<String> {
        let mut words = Vec::new();
        let mut option = |name: &'static str, value: &str| words.extend([name.to_owned(), quoted(value)]);
        match (&self.selector.account, &self.selector.event) {
            (Some(id), _) => option("--account", id.as_str()),
            (None, Some(file)) if file != "-" => option("--event", file),
            (None, _) => return None,
        }
        if self.config != DEFAULT_CONFIG {
            option("--config", &self.config);
        }
        if let Some(profile) = &self.aws.profile {
            option("--profile", profile);
        }
        if let Some(region) = &self.aws.region {
            option("--region", region);
        }
        // Without the table, the printed `apply` would revoke sessions that this plan leaves alone.
        if let Some(table) = &self.aws.records {
            option("--records", table);
        }
        Some(words.join(" "))
    }

    pub(super) fn detail(&self) -> Detail {
        if self.verbose { Detail::Full } else { Detail::Summary }
    }
}

#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub(super) struct Selector {
    /// Account ID, 12 digits
    #[arg(long, value_name = "ID", value_parser = account_id, add = ArgValueCandidates::new(completion::accounts))]
    pub(super) account: Option<AccountId>,
    /// File with an event, or `-` for stdin; selects the account that the event is about
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) event: Option<String>,
}

/// A word of a shell command.
fn quoted(word: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:@=+,".contains(&b);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
