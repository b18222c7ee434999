//! The arguments of `onboard links` and `onboard aws-config`.

use clap::{Args as ClapArgs, ValueHint};
use clap_complete::ArgValueCandidates;

use super::common_args::{Aws, Format, account_id, records_help};
use super::completion;
use super::config::DEFAULT_CONFIG;
use onboarding_core::account::AccountId;
use onboarding_core::aws_config::{MfaSerial, NameTemplate, ProfileName, RegionName, SessionName};
use onboarding_core::console::{AccessPortal, PermissionSet};
use onboarding_core::role::RoleName;

#[derive(Debug, ClapArgs)]
#[command(mut_arg("records", |records| records.help(records_help("Without it, the first access role in the configuration that is granted is used"))))]
pub(super) struct Links {
    /// Account ID, 12 digits
    #[arg(long, value_name = "ID", value_parser = account_id, conflicts_with = "all", add = ArgValueCandidates::new(completion::accounts))]
    pub(super) account: Option<AccountId>,
    /// All active accounts of the organization; the default
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) roles: Roles,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) aws: Aws,
}

/// Which role each account is opened with.
#[derive(Debug, ClapArgs)]
pub(super) struct Roles {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    pub(super) config: String,
    /// Access role of the accounts [default: the one in their records, or the first in the configuration that is granted]
    #[arg(long, value_name = "NAME")]
    pub(super) access_role: Option<RoleName>,
    /// Access portal of IAM Identity Center, such as https://example.awsapps.com/start [default: from the configuration]
    #[arg(long, value_name = "URL")]
    pub(super) access_portal: Option<AccessPortal>,
    /// Permission set of IAM Identity Center [default: from the configuration]
    #[arg(long, value_name = "NAME")]
    pub(super) permission_set: Option<PermissionSet>,
}

#[derive(Debug, ClapArgs)]
#[command(group = clap::ArgGroup::new("access").required(true).args(["user_profile", "sso_session"]))]
#[command(mut_arg("records", |records| records.help(records_help("Without it, the first access role in the configuration that is granted is used"))))]
pub(super) struct AwsConfig {
    /// Profile with the keys of an IAM user of the identity account, who assumes the access role
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(completion::profiles))]
    pub(super) user_profile: Option<ProfileName>,
    /// MFA device of the user; the AWS CLI then asks for its code
    #[arg(long, value_name = "ARN", conflicts_with = "sso_session")]
    pub(super) mfa: Option<MfaSerial>,
    /// Name of the sessions, which CloudTrail shows [default: the name of the user's profile]
    #[arg(long, value_name = "NAME", conflicts_with = "sso_session")]
    pub(super) session_name: Option<SessionName>,
    /// Duration of the sessions, 900 to 43200; more than 3600 needs a longer maximum session duration of the access role
    #[arg(long, value_name = "SECONDS", conflicts_with = "sso_session", value_parser = clap::value_parser!(u32).range(900..=43_200))]
    pub(super) duration: Option<u32>,
    /// SSO session of IAM Identity Center, which is added if it does not exist
    #[arg(long, value_name = "NAME")]
    pub(super) sso_session: Option<ProfileName>,
    /// Region of IAM Identity Center; needed to add the SSO session
    #[arg(long, value_name = "REGION", conflicts_with = "user_profile")]
    pub(super) sso_region: Option<RegionName>,
    #[command(flatten)]
    pub(super) roles: Roles,
    /// Name of the profiles; the placeholders are {account-name}, {account-id} and {role}
    #[arg(long, value_name = "TEMPLATE", default_value = "{account-name}-{role}")]
    pub(super) name: NameTemplate,
    /// Default region of the profiles
    #[arg(long, value_name = "REGION")]
    pub(super) profile_region: Option<RegionName>,
    /// File to write [default: AWS_CONFIG_FILE, or ~/.aws/config]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: Option<String>,
    /// Show every profile that changes
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Skip the confirmation prompt
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) aws: Aws,
}
