//! The arguments of `onboard verify`.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Args as ClapArgs, Command, Error, ValueHint};
use clap_complete::ArgValueCandidates;
use secrecy::SecretString;

use super::common_args::{Aws, Format, account_id};
use super::completion;
use super::config::DEFAULT_CONFIG;
use super::target_args::{Selector, Target};
use onboarding_core::account::AccountId;
use onboarding_core::aws_config::MfaSerial;

#[derive(Debug, ClapArgs)]
pub(super) struct Verify {
    /// Account ID, 12 digits
    #[arg(long, value_name = "ID", value_parser = account_id, add = ArgValueCandidates::new(completion::accounts))]
    pub(super) account: AccountId,
    /// Profile of the identity account, with which the roles are really assumed; without it, access is only evaluated
    #[arg(long = "as", value_name = "PROFILE", add = ArgValueCandidates::new(completion::profiles))]
    pub(super) as_profile: Option<String>,
    /// MFA device of that profile's user [default: `mfa_serial` of the profile]
    #[arg(long = "mfa", value_name = "ARN", requires = "as_profile")]
    pub(super) mfa_serial: Option<MfaSerial>,
    /// Code of the MFA device; without it, the command asks on the terminal
    #[arg(long, value_name = "CODE", requires = "as_profile", value_parser = MfaCode)]
    pub(super) mfa_code: Option<SecretString>,
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    config: String,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Show every check and every policy of the roles
    #[arg(short, long)]
    verbose: bool,
    /// How long to wait for an account that is not ready yet
    #[arg(long, value_name = "SECONDS", default_value_t = 300, allow_negative_numbers = true)]
    wait: u32,
    #[command(flatten)]
    aws: Aws,
}

impl Verify {
    /// The same as the target of a plan, and the caller of the attempts.
    pub(super) fn into_parts(self) -> (Target, Option<AttemptArgs>) {
        let Self { account, as_profile, mfa_serial, mfa_code, config, format, verbose, wait, aws } = self;
        let selector = Selector { account: Some(account), event: None };
        let caller = as_profile.map(|profile| AttemptArgs { profile, mfa_serial, mfa_code });
        (Target { selector, config, format, verbose, wait, aws }, caller)
    }
}

/// The caller of the attempts.
pub(super) struct AttemptArgs {
    pub(super) profile: String,
    pub(super) mfa_serial: Option<MfaSerial>,
    pub(super) mfa_code: Option<SecretString>,
}

/// Parses the option. Clap's own errors repeat a value that is rejected.
#[derive(Clone)]
struct MfaCode;

impl TypedValueParser for MfaCode {
    type Value = SecretString;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<SecretString, Error> {
        mfa_code(&value.to_string_lossy()).map_err(|problem| {
            let problem = format!("the value of `--mfa-code` is not valid: {problem}\n");
            Error::raw(ErrorKind::ValueValidation, problem).with_cmd(command)
        })
    }
}

/// Parses a code without repeating it in an error.
pub(super) fn mfa_code(text: &str) -> Result<SecretString, String> {
    let code = text.trim();
    if code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) {
        Ok(SecretString::from(code))
    } else {
        Err("an MFA code has six digits".to_owned())
    }
}
