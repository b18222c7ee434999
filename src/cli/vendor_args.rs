//! The arguments of `onboard vendors` and `onboard handoff`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum, ValueHint};
use clap_complete::ArgValueCandidates;

use super::common_args::{Aws, account_id, records_help};
use super::completion;
use super::config::DEFAULT_CONFIG;
use onboarding_core::account::{AccountId, Partition};

#[derive(Debug, Subcommand)]
pub(super) enum VendorsCommand {
    /// List the vendors in the catalogue
    List {
        /// Configuration file with custom vendors
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        config: Option<String>,
    },
    /// Show the role that a vendor gets, or the documents to install it manually
    Show(VendorShow),
}

#[derive(Debug, ClapArgs)]
pub(super) struct VendorShow {
    /// Vendor name
    #[arg(add = ArgValueCandidates::new(completion::vendors))]
    pub(super) name: String,
    /// Configuration file with custom vendors; with a document, its settings of the vendor are used
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) config: Option<String>,
    #[command(flatten)]
    pub(super) document: VendorDocument,
    /// Show the document for member accounts, or for the management account, which this tool never changes
    #[arg(long = "for", value_name = "ACCOUNT", value_enum, default_value_t, requires = "VendorDocument")]
    pub(super) destination: DocumentAccount,
    /// Account ID for the placeholders of a JSON document
    #[arg(long, value_name = "ID", value_parser = account_id, requires = "VendorDocument", conflicts_with_all = ["cloudformation", "terraform"], add = ArgValueCandidates::new(completion::accounts))]
    pub(super) account: Option<AccountId>,
    /// Partition for the ARNs of a JSON document [default: aws]
    #[arg(long, value_parser = Partition::from_user, requires = "VendorDocument", conflicts_with_all = ["cloudformation", "terraform"])]
    pub(super) partition: Option<Partition>,
}

/// The account of `--for`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum DocumentAccount {
    #[default]
    Member,
    Management,
}

/// The document to show.
#[derive(Debug, ClapArgs)]
#[group(multiple = false)]
pub(super) struct VendorDocument {
    /// Print the permissions policy as JSON
    #[arg(long)]
    pub(super) policy: bool,
    /// Print the trust policy as JSON
    #[arg(long)]
    pub(super) trust: bool,
    /// Print a CloudFormation template
    #[arg(long)]
    pub(super) cloudformation: bool,
    /// Print a Terraform configuration
    #[arg(long)]
    pub(super) terraform: bool,
}

impl VendorDocument {
    /// Whether a document is selected.
    pub(super) fn is_any(&self) -> bool {
        self.policy || self.trust || self.cloudformation || self.terraform
    }
}

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Handoff {
    #[command(subcommand)]
    pub(super) command: Option<HandoffCommand>,
    #[command(flatten)]
    pub(super) list: HandoffList,
}

#[derive(Debug, ClapArgs)]
#[command(mut_arg("records", |records| records.help(records_help("Without it, every hand-off is shown as open"))))]
pub(super) struct HandoffList {
    /// Show only this vendor
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(completion::vendors))]
    pub(super) vendor: Option<String>,
    /// Show only this account; 12 digits
    #[arg(long, value_name = "ID", value_parser = account_id, conflicts_with = "all", add = ArgValueCandidates::new(completion::accounts))]
    pub(super) account: Option<AccountId>,
    /// Show all accounts of the organization; this is the default
    #[arg(long)]
    pub(super) all: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: HandoffFormat,
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    pub(super) config: String,
    #[command(flatten)]
    pub(super) aws: Aws,
}

#[derive(Debug, Subcommand)]
pub(super) enum HandoffCommand {
    /// Record that a hand-off was done
    Done(HandoffDone),
}

#[derive(Debug, ClapArgs)]
#[command(mut_arg("records", |records| records.help(records_help("Required"))))]
pub(super) struct HandoffDone {
    /// Vendor name
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(completion::vendors))]
    pub(super) vendor: String,
    /// Account ID, 12 digits
    #[arg(long, value_name = "ID", value_parser = account_id, add = ArgValueCandidates::new(completion::accounts))]
    pub(super) account: AccountId,
    /// Record that it is open again
    #[arg(long)]
    pub(super) undo: bool,
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    pub(super) config: String,
    #[command(flatten)]
    pub(super) aws: Aws,
}

/// The output formats of hand-offs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum HandoffFormat {
    #[default]
    Text,
    Csv,
    Json,
}
