//! The arguments of `onboard prerequisites`.

use clap::{ArgAction, Args as ClapArgs, Subcommand, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::common_args::account_id;
use super::completion;
use onboarding_core::account::{AccountId, Partition};
use onboarding_core::prerequisites::{AccountKind, Prerequisite, ServicePrincipal, TagKey};
use onboarding_core::role::RoleName;

/// The format of a policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum PolicyFormat {
    /// Policy documents, for the AWS CLI and the console
    Json,
    /// A template with parameters
    #[default]
    Cloudformation,
    /// Resources for one account
    Terraform,
}

/// The account of `--for`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Account {
    Identity,
    Management,
}

impl Account {
    pub(super) fn kind(self) -> AccountKind {
        match self {
            Self::Identity => AccountKind::Identity,
            Self::Management => AccountKind::Management,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum PrerequisitesCommand {
    /// List them, each with its account
    List,
    /// Print them as JSON, CloudFormation or Terraform
    Show(Box<ShowPrerequisites>),
}

#[derive(Debug, ClapArgs)]
pub(super) struct ShowPrerequisites {
    /// Names, see `onboard prerequisites list` [default: all]
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(completion::prerequisites))]
    pub(super) names: Vec<Prerequisite>,
    /// Format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: PolicyFormat,
    /// Only those for this account
    #[arg(long = "for", value_name = "ACCOUNT", value_enum)]
    pub(super) account: Option<Account>,
    /// Access role of the member accounts
    #[arg(long, value_name = "NAME", default_value = "OrganizationAccountAccessRole")]
    pub(super) access_role: RoleName,
    /// Whether people need MFA; `false` for permission sets of IAM Identity Center, for example
    #[arg(long, value_name = "true|false", hide_possible_values = true, action = ArgAction::Set, default_value_t = true)]
    pub(super) require_mfa: bool,
    /// Key of a session tag that people of the identity account must pass, with the value of their own tag (ABAC)
    #[arg(long, value_name = "KEY")]
    pub(super) session_tag: Option<TagKey>,
    /// Service that runs the applications [default: ec2.amazonaws.com; in CloudFormation, no role for applications]
    #[arg(long, value_name = "SERVICE")]
    pub(super) application_service: Option<ServicePrincipal>,
    /// Role for applications
    #[arg(long, value_name = "NAME", default_value = "app-pipeline")]
    pub(super) application_role: RoleName,
    /// Role of the member accounts that applications assume
    #[arg(long, value_name = "NAME", default_value = "app-deployer")]
    pub(super) application_target: RoleName,
    /// Role of the management account that creates accounts
    #[arg(long, value_name = "NAME", default_value = "account-creation")]
    pub(super) account_creation_role: RoleName,
    /// ID of the identity account, for JSON
    #[arg(long, value_name = "ID", value_parser = account_id, add = ArgValueCandidates::new(completion::accounts))]
    pub(super) identity_account: Option<AccountId>,
    /// ID of the management account, for JSON
    #[arg(long, value_name = "ID", value_parser = account_id, add = ArgValueCandidates::new(completion::accounts))]
    pub(super) management_account: Option<AccountId>,
    /// Partition, for JSON
    #[arg(long, default_value = "aws", value_parser = Partition::from_user)]
    pub(super) partition: Partition,
}
