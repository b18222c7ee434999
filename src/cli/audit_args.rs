//! The arguments of `onboard audit`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};

use super::common_args::{Aws, records_help};
use super::config::DEFAULT_CONFIG;
use super::selection_args::SelectionArgs;

#[derive(Debug, ClapArgs)]
#[command(mut_arg("records", |records| records.help(records_help("The audit is made from it, unless `--live` is given"))))]
pub(super) struct AuditArgs {
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// Compare each account with its configuration now, instead of reading the records; changes nothing
    #[arg(long, group = "reads_accounts")]
    pub(super) live: bool,
    /// Show who outside the organization can assume the roles of each account, instead of the requirements; changes nothing
    #[arg(long, conflicts_with = "live", group = "reads_accounts")]
    pub(super) trust: bool,
    /// With `--trust`, a file that names accounts of others, in the format of fwdcloudsec/known_aws_accounts (accounts.yaml)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "trust")]
    pub(super) known_accounts: Option<String>,
    /// With `--live` or `--trust`, how many accounts are read at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 16, requires = "reads_accounts", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) concurrency: u16,
    /// Output format [default: that of the extension of --out, otherwise text]
    #[arg(long, value_enum)]
    pub(super) format: Option<AuditFormat>,
    /// Write the audit to this file, which is replaced, and print a summary
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) out: Option<PathBuf>,
    /// Exit with 3, 4 or 5 unless every account has converged with this configuration; with `--trust`, with 4 if there is a
    /// finding of severity high or critical
    #[arg(long)]
    pub(super) check: bool,
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    pub(super) config: String,
    #[command(flatten)]
    pub(super) aws: Aws,
}

/// The formats of an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AuditFormat {
    Text,
    Json,
    Csv,
    Html,
}

impl AuditArgs {
    pub(super) fn format(&self) -> AuditFormat {
        let extension = self.out.as_ref().and_then(|path| path.extension()).map(|it| it.to_ascii_lowercase());
        let of_extension = match extension.as_deref().and_then(|it| it.to_str()) {
            Some("json") => AuditFormat::Json,
            Some("csv") => AuditFormat::Csv,
            Some("html" | "htm") => AuditFormat::Html,
            _ => AuditFormat::Text,
        };
        self.format.unwrap_or(of_extension)
    }
}
