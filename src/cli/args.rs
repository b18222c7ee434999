//! Command-line arguments and the `--help` text.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::{ArgValueCandidates, Shell};

use super::access_args::{AwsConfig, Links};
use super::completion;
use super::config::DEFAULT_CONFIG;
use super::init::Init;
use super::prerequisites::{Account, PolicyFormat};

use onboarding_core::account::{AccountId, Partition};
use onboarding_core::config::deployed::configuration_parameter;
use onboarding_core::policy::{AssumeAction, InvalidPrincipal, Principal};
use onboarding_core::prerequisites::{Prerequisite, ServicePrincipal, TagKey};
use onboarding_core::report::Detail;
use onboarding_core::role::RoleName;

/// A word of a shell command.
fn quoted(word: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:@=+,".contains(&b);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

const EXIT_CODES: &str = "Exit codes:
  0  done, or nothing to do
  1  error, or a failed check of doctor
  2  usage error
  3  plan: there are changes to apply; also if apply or aws-config was not confirmed
  4  blocked: manual action required
  5  waiting: the account is not ready yet; run again";

const EXAMPLES: &str = "Examples:
  onboard demo                                         onboard a simulated account
  onboard init                                         write a first onboarding.toml
  onboard config check onboarding.toml                 report all configuration errors
  onboard plan --account 444455556666 --profile management  dry run: show the changes
  onboard plan --event event.json                      show what the function would change
  onboard handoff --all --format csv                   what is left to paste in the consoles of vendors
  onboard apply --account 444455556666                 show the changes, ask, apply
  onboard links --account 444455556666                 links into the AWS console
  onboard aws-config --user-profile ann                a profile for each account in ~/.aws/config
  aws iam get-role --role-name R --query Role.AssumeRolePolicyDocument | onboard policy explain -";

/// Onboard the accounts of an AWS organization: grant the identity account access and install vendor roles.
#[derive(Debug, Parser)]
#[command(name = "onboard", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), max_term_width = 110)]
pub struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Onboard a simulated account; needs no AWS account
    Demo,
    /// Write a first configuration; asks for what the options do not say
    Init(Init),
    /// Check credentials, organization, deployment and tools, and say what to do; only reads
    Doctor(Doctor),
    /// Show the changes that an account needs, as a diff (dry run); changes nothing in the account
    Plan(Target),
    /// Apply the configuration to an account; shows the plan and asks for confirmation
    Apply(Apply),
    /// Print links that open the accounts in the AWS console
    Links(Links),
    /// Write a profile for each account to ~/.aws/config; shows the changes and asks for confirmation
    AwsConfig(Box<AwsConfig>),
    /// Read and edit trust policies offline
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Show how the function would interpret an event
    Event {
        /// File with the payload, or `-` for stdin
        #[arg(value_hint = ValueHint::FilePath)]
        file: String,
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Check, show, pull or push the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List or show the vendors in the catalogue
    #[command(subcommand)]
    Vendors(VendorsCommand),
    /// Policies and roles to create in the identity account and in the management account
    #[command(subcommand)]
    Prerequisites(PrerequisitesCommand),
    /// Show what a person still has to do at vendors for each account, with the values to paste
    Handoff(Handoff),
    /// Print a shell completion script
    Completions {
        /// Shell to print the script for
        shell: Shell,
    },
    /// Write the man pages to a folder
    Man {
        /// Folder, such as ~/.local/share/man/man1; files of the same names are replaced
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
}

#[derive(Debug, ClapArgs)]
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
    /// DynamoDB table of the deployed function's records (output `RecordsTable` of the stack). Without it, `apply` acquires no lease,
    /// and revokes the sessions of a role that it changes
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

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Print a trust policy with a grant added and everything else unchanged
    Grant(Grant),
    /// Show who can assume a role, and under which conditions
    Explain(Explain),
}

#[derive(Debug, ClapArgs)]
pub(super) struct Explain {
    /// File with the trust policy, or `-` for stdin
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: String,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Print external IDs instead of hiding them
    #[arg(long)]
    pub(super) reveal: bool,
}

/// The principal of `--principal`, and the partition that it was written with.
#[derive(Debug, Clone)]
pub(super) struct GrantedPrincipal {
    pub(super) principal: Principal,
    pub(super) partition: Option<Partition>,
}

impl GrantedPrincipal {
    fn parse(text: &str) -> Result<Self, InvalidPrincipal> {
        Ok(Self { principal: Principal::to_grant(text)?, partition: Partition::from_arn(text).ok() })
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct Grant {
    /// Principal to grant access: an account ID, or the ARN of a role or user
    #[arg(long, value_parser = GrantedPrincipal::parse, add = ArgValueCandidates::new(completion::principals))]
    pub(super) principal: GrantedPrincipal,
    /// Condition of the grant, as in a policy: '{"Bool":{"aws:MultiFactorAuthPresent":"true"}}'
    #[arg(long, value_name = "JSON")]
    pub(super) condition: Option<String>,
    /// Action that the grant allows; repeat the option for several, such as `sts:AssumeRole` and `sts:TagSession`
    #[arg(long = "action", value_name = "ACTION", default_value = "sts:AssumeRole")]
    pub(super) actions: Vec<AssumeAction>,
    /// Remove deleted principals (AROA…, AIDA…) from a policy that IAM returned
    #[arg(long)]
    pub(super) prune_orphans: bool,
    /// IAM returned the policy, so that a unique ID in it (AROA…, AIDA…) is that of a deleted role or user. A whole answer
    /// of the AWS CLI shows this itself
    #[arg(long)]
    pub(super) from_iam: bool,
    /// Partition for the new ARN [default: from the principal or the policy, or `aws`]
    #[arg(long)]
    pub(super) partition: Option<Partition>,
    /// File with the trust policy, or `-` for stdin
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Validate the configuration and report all errors, each with file, line and column
    Check {
        /// Configuration file
        #[arg(default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
        config: String,
    },
    /// Print or save the configuration of the deployed function
    Pull(Pull),
    /// Store the configuration for the deployed function; shows the difference and asks for confirmation
    Push(Push),
    /// Show the configuration with its defaults; external IDs are hidden
    Show {
        /// Configuration file
        #[arg(default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
        config: String,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct Doctor {
    /// Configuration file whose parameters are checked, too [default: onboarding.toml, if it exists]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) config: Option<String>,
    /// Name of the deployed function
    #[arg(long, value_name = "NAME", default_value = "account-onboarding")]
    pub(super) function: String,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) aws: Aws,
}

/// The SSM parameter that the function reads.
#[derive(Debug, ClapArgs)]
pub(super) struct ConfigurationParameter {
    /// SSM parameter with the configuration: stack parameter `ConfigurationParameterName`
    #[arg(
        long,
        value_name = "NAME",
        env = "ONBOARDING_CONFIG_PARAMETER",
        hide_env_values = true,
        value_parser = configuration_parameter
    )]
    pub(super) name: String,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Pull {
    #[command(flatten)]
    pub(super) parameter: ConfigurationParameter,
    /// File to write, instead of stdout
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "against")]
    pub(super) out: Option<String>,
    /// Replace the file of `--out` if it exists
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// Show instead what a push of this file would change; the exit code is 3 if there is a difference
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) against: Option<String>,
    #[command(flatten)]
    pub(super) aws: Aws,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Push {
    /// Configuration file
    #[arg(default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    pub(super) config: String,
    #[command(flatten)]
    pub(super) parameter: ConfigurationParameter,
    /// Skip the confirmation prompt
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) aws: Aws,
}

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
    /// Show the document for the management account, which this tool never changes
    #[arg(long, requires = "VendorDocument")]
    pub(super) management: bool,
    /// Account ID for the placeholders of a JSON document
    #[arg(long, value_name = "ID", value_parser = account_id, requires = "VendorDocument", conflicts_with_all = ["cloudformation", "terraform"], add = ArgValueCandidates::new(completion::accounts))]
    pub(super) account: Option<AccountId>,
    /// Partition for the ARNs of a JSON document [default: aws]
    #[arg(long, requires = "VendorDocument", conflicts_with_all = ["cloudformation", "terraform"])]
    pub(super) partition: Option<Partition>,
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
    /// Only those of this account
    #[arg(long, value_enum)]
    pub(super) account: Option<Account>,
    /// Access role of the member accounts
    #[arg(long, value_name = "ROLE", default_value = "OrganizationAccountAccessRole")]
    pub(super) access_role: RoleName,
    /// Do not require MFA, for example for permission sets of IAM Identity Center
    #[arg(long)]
    pub(super) no_mfa: bool,
    /// Key of a session tag that people of the identity account must pass, with the value of their own tag (ABAC)
    #[arg(long, value_name = "KEY")]
    pub(super) session_tag: Option<TagKey>,
    /// Service that runs the applications [default: ec2.amazonaws.com; in CloudFormation, no role for applications]
    #[arg(long, value_name = "SERVICE")]
    pub(super) application_service: Option<ServicePrincipal>,
    /// Role for applications
    #[arg(long, value_name = "ROLE", default_value = "app-pipeline")]
    pub(super) application_role: RoleName,
    /// Role of the member accounts that applications assume
    #[arg(long, value_name = "ROLE", default_value = "app-deployer")]
    pub(super) application_target: RoleName,
    /// Role of the management account that creates accounts
    #[arg(long, value_name = "ROLE", default_value = "account-creation")]
    pub(super) account_creation_role: RoleName,
    /// ID of the identity account, for JSON
    #[arg(long, value_name = "ID", value_parser = account_id, add = ArgValueCandidates::new(completion::accounts))]
    pub(super) identity_account: Option<AccountId>,
    /// ID of the management account, for JSON
    #[arg(long, value_name = "ID", value_parser = account_id, add = ArgValueCandidates::new(completion::accounts))]
    pub(super) management_account: Option<AccountId>,
    /// Partition, for JSON
    #[arg(long, default_value = "aws")]
    pub(super) partition: Partition,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    #[default]
    Text,
    Json,
}
