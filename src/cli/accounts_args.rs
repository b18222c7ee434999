//! The arguments of `onboard accounts`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum, ValueHint};

use super::common_args::{Aws, records_help};
use super::config::DEFAULT_CONFIG;
use onboarding_core::new_account::{AccountEmail, AccountName, BillingAccess, TagList};
use onboarding_core::organizational_unit::UnitSelector;
use onboarding_core::role::RoleName;

#[derive(Debug, Subcommand)]
pub(super) enum AccountsCommand {
    /// Create accounts, move them to their units and onboard them; shows what will be done and asks for confirmation
    #[command(mut_arg("records", |records| records.help(records_help("Without it, no lease is acquired"))))]
    Create(Box<CreateAccounts>),
    /// List the accounts of the organization, with their units and states
    #[command(mut_arg("records", |records| records.help(records_help("Without it, no outcomes are shown"))))]
    List(ListAccounts),
}

#[derive(Debug, ClapArgs)]
pub(super) struct CreateAccounts {
    /// Name of the account
    #[arg(long, required_unless_present = "from")]
    pub(super) name: Option<AccountName>,
    /// Email address of its owner (root user), which no other AWS account has
    #[arg(long, required_unless_present = "from")]
    pub(super) email: Option<AccountEmail>,
    /// Organizational unit to move it to: an ID, or a path of names such as Workloads/Dev [default: the root]
    #[arg(long, value_name = "UNIT")]
    pub(super) ou: Option<UnitSelector>,
    /// Name of the access role in it, one of `names` in `[access-role]` of the configuration [default: OrganizationAccountAccessRole, or the first in
    /// the configuration]
    #[arg(long, value_name = "NAME")]
    pub(super) role_name: Option<RoleName>,
    /// Whether IAM users and roles can be given permission to see its billing: allow or deny [default: allow]
    #[arg(long, value_name = "allow|deny")]
    pub(super) iam_billing: Option<BillingAccess>,
    /// Tag of the account; repeat the option for several
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    pub(super) tags: Vec<String>,
    /// CSV file with many accounts, or `-` for stdin; its first line names the columns: name, email and, if needed, ou, role-name,
    /// iam-billing and tags (`k=v;k=v`)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["name", "email", "ou", "role_name", "iam_billing", "tags"])]
    pub(super) from: Option<String>,
    /// Skip the confirmation prompt
    #[arg(long)]
    pub(super) yes: bool,
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    pub(super) config: String,
    /// How long to wait for each account: for its creation, and again until it is ready and onboarded
    #[arg(long, value_name = "SECONDS", default_value_t = 900, allow_negative_numbers = true)]
    pub(super) wait: u32,
    #[command(flatten)]
    pub(super) aws: Aws,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ListAccounts {
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ListFormat,
    #[command(flatten)]
    pub(super) aws: Aws,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    #[default]
    Text,
    Json,
    Csv,
}

fn tag(text: &str) -> Result<String, String> {
    TagList::default().add(text).map(|()| text.to_owned())
}
