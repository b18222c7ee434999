//! Command-line arguments and the `--help` text.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueHint};
use clap_complete::{ArgValueCandidates, Shell};

use super::access_args::{AwsConfig, Links};
use super::accounts_args::AccountsCommand;
use super::audit_args::AuditArgs;
use super::common_args::{Aws, Format};
use super::completion;
use super::config_args::ConfigCommand;
use super::demo::DemoArgs;
use super::init::Init;
use super::prerequisites_args::PrerequisitesCommand;
use super::run_args::{Apply, Plan};
use super::undo_args::Undo;
use super::vendor_args::{Handoff, VendorsCommand};
use super::verify_args::Verify;

use onboarding_core::account::Partition;
use onboarding_core::policy::{AssumeAction, InvalidPrincipal, Principal};

const EXIT_CODES: &str = "Exit codes:
  0  done, or nothing to do
  1  error, or a failed check of doctor
  2  usage error
  3  plan, config pull --against, audit --check: there are changes; or a prompt was not confirmed
  4  blocked: manual action required; also if verify finds access that is not as configured
  5  waiting: an account is not ready yet, or the command was interrupted; run again";

const EXAMPLES: &str = "Examples:
  onboard demo                                    onboard a simulated account
  onboard demo --all                              plan, apply and audit a simulated organization
  onboard init                                    write a first onboarding.toml
  onboard config check onboarding.toml            report all errors
  onboard doctor                                  show what is missing
  onboard plan --account 444455556666             dry run: show the changes
  onboard plan --event event.json                 what an event would change
  onboard apply --account 444455556666            show the changes, ask, apply
  onboard plan --all --out plan.json              dry run for the organization
  onboard apply plan.json                         apply exactly that plan
  onboard verify --account 444455556666 --as ann  assume the roles for real
  onboard audit --records TABLE --out audit.html  every account as one page
  onboard undo --account ID --records TABLE       restore the trust policy as it was before a run
  onboard accounts create --from accounts.csv     create and onboard accounts
  onboard handoff --all --format csv              values to paste at vendors
  onboard links --account 444455556666            links into the AWS console
  onboard aws-config --user-profile ann           profiles in ~/.aws/config
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
    /// Onboard a simulated account, or with `--all` a simulated organization; needs no AWS account
    Demo(DemoArgs),
    /// Write a first configuration; asks for what the options do not say
    Init(Init),
    /// Check credentials, organization, deployment and tools, and say what to do; only reads
    Doctor(Doctor),
    /// Show the changes that accounts need, as a diff (dry run); changes nothing in the accounts
    Plan(Box<Plan>),
    /// Apply the configuration to accounts; shows the plan and asks for confirmation
    Apply(Box<Apply>),
    /// Verify who can assume the roles of an account, with `--as` by assuming them; changes nothing
    Verify(Box<Verify>),
    /// Show every account and whether it has what the configuration requires, with what to do; changes nothing
    Audit(Box<AuditArgs>),
    /// Restore the trust policy of the access role as it was before a run; shows the change and asks for confirmation
    Undo(Box<Undo>),
    /// Create accounts and onboard them, or list the accounts of the organization
    #[command(subcommand)]
    Accounts(AccountsCommand),
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
    /// IAM returned the policy, so that IAM accepts it as it is, and a unique ID in it (AROA…, AIDA…) is that of a deleted
    /// role or user. A whole answer of the AWS CLI shows this itself
    #[arg(long)]
    pub(super) from_iam: bool,
    /// Partition for the new ARN [default: from the principal or the policy, or `aws`]
    #[arg(long, value_parser = Partition::from_user)]
    pub(super) partition: Option<Partition>,
    /// File with the trust policy, or `-` for stdin
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: String,
}

#[derive(Debug, ClapArgs)]
#[command(mut_arg("records", |records| records.hide(true)))]
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
