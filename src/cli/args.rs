//! The arguments, and the help that people read.

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use onboarding_core::account::{AccountId, Partition};
use onboarding_core::policy::Principal;

const EXIT_CODES: &str = "Exit codes:
  0  done, or nothing to do
  1  error
  2  usage: the arguments are not understood
  3  plan: there are changes to make
  4  blocked: a person is needed
  5  waiting: not ready yet; run again";

const EXAMPLES: &str = "Examples:
  onboard demo                                         the main job, simulated
  onboard config check onboarding.toml                 every mistake at once
  onboard plan --account 444455556666 --profile admin  what would be done
  onboard plan --event event.json                      what the function would do
  onboard apply --account 444455556666                 does it, after asking
  aws iam get-role --role-name R --query Role.AssumeRolePolicyDocument | onboard policy explain -";

/// Connects the accounts of an AWS Organization: the identity account may enter each, and each vendor's role stands in it.
#[derive(Debug, Parser)]
#[command(name = "onboard", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), max_term_width = 110)]
pub struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the main job on a simulated organization; touches no AWS
    Demo,
    /// Show what would be done in an account, like a diff; writes nothing
    Plan(Target),
    /// Bring an account to its configuration; shows the plan and asks first
    Apply {
        #[command(flatten)]
        target: Target,
        /// Do not ask
        #[arg(long, display_order = 0)]
        yes: bool,
    },
    /// Read and edit trust policies offline
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Say how the function would understand an event
    Event {
        /// A file with the payload, or `-` for standard input
        file: String,
        /// How to print it: for people or for other tools
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Check or show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List or show the vendors that can be configured
    #[command(subcommand)]
    Vendors(VendorsCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct Target {
    #[command(flatten)]
    pub(super) which: Which,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "onboarding.toml")]
    pub(super) config: String,
    /// How to print the result: for people or for other tools
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// How long to wait for an account that is not ready
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(super) wait: u32,
    #[command(flatten)]
    pub(super) aws: Aws,
}

#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// The account, by id
    #[arg(long, value_name = "ID")]
    pub(super) account: Option<AccountId>,
    /// The account that an event is about: a file, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(super) event: Option<String>,
}

/// Which credentials to use.
#[derive(Debug, ClapArgs)]
pub struct Aws {
    /// The profile of the AWS configuration; must be able to assume the access role
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The region of STS and SSM
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub region: Option<String>,
}

fn region(text: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !text.is_empty() && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("a region looks like `us-east-1`".to_owned())
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Print a trust policy with a grant added; nothing else in it changes
    Grant(Grant),
    /// Say who can assume a role, and under which conditions
    Explain {
        /// A file with the trust policy, or `-` for standard input
        file: String,
        /// How to print it: for people or for other tools
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        /// Show external IDs
        #[arg(long)]
        reveal: bool,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct Grant {
    /// Who is granted access: an account id, or the ARN of a role or user
    #[arg(long, value_parser = |text: &str| Principal::to_grant(text))]
    pub(super) principal: Principal,
    /// Under which condition, as in a policy: '{"Bool":{"aws:MultiFactorAuthPresent":"true"}}'
    #[arg(long, value_name = "JSON")]
    pub(super) condition: Option<String>,
    /// Take deleted identities out of the policy
    #[arg(long)]
    pub(super) prune_orphans: bool,
    /// The partition of the ARN that is written; else the one that the policy names, else `aws`
    #[arg(long)]
    pub(super) partition: Option<Partition>,
    /// A file with the trust policy, or `-` for standard input
    pub(super) file: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Tell every mistake at once, each with its place
    Check {
        /// The configuration
        #[arg(default_value = "onboarding.toml")]
        config: String,
    },
    /// Show what is configured, with defaults and without external IDs
    Show {
        /// The configuration
        #[arg(default_value = "onboarding.toml")]
        config: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum VendorsCommand {
    /// List the vendors of the catalogue
    List {
        /// A configuration with vendors of your own
        #[arg(long, value_name = "FILE")]
        config: Option<String>,
    },
    /// Show what a vendor's role would be
    Show {
        /// The vendor's name
        name: String,
        /// A configuration with vendors of your own
        #[arg(long, value_name = "FILE")]
        config: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    #[default]
    Text,
    Json,
}
