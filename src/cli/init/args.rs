//! The options of `onboard init`: one for each question.

use clap::{Args as ClapArgs, ValueHint};
use clap_complete::ArgValueCandidates;

use super::answers::{self, NONE, identity_account};
use crate::cli::completion;
use crate::cli::config::DEFAULT_CONFIG;
use onboarding_core::account::AccountId;
use onboarding_core::config::starter::{external_id_parameter, permission_set};
use onboarding_core::exclude::Exclude;

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Init {
    /// ID of the identity account, in which people sign in
    #[arg(long, value_name = "ID", value_parser = identity_account)]
    pub(super) identity_account: Option<AccountId>,
    /// Role or user of the identity account that may assume the access role; repeatable [default: all that the identity
    /// account's own policies allow]
    #[arg(long = "principal", value_name = "ARN", conflicts_with = "permission_sets")]
    pub(super) principals: Vec<String>,
    /// Permission set of IAM Identity Center whose users in the identity account may assume the access role; repeatable
    #[arg(long = "permission-set", value_name = "NAME", value_parser = permission_set)]
    pub(super) permission_sets: Vec<String>,
    /// Whether users must have signed in with MFA. Sessions of roles and of IAM Identity Center have no MFA and are denied
    /// if the whole account is granted with it
    #[arg(long, value_name = "true|false", hide_possible_values = true)]
    pub(super) require_mfa: Option<bool>,
    /// Vendor from the catalogue whose role is installed; repeatable; `none` for no vendor
    #[arg(long = "vendor", value_name = "NAME", add = ArgValueCandidates::new(completion::vendors))]
    pub(super) vendors: Vec<String>,
    /// SSM parameter that has the external ID of a vendor; repeatable [default: /account-onboarding/VENDOR/external-id]
    #[arg(long = "external-id-parameter", value_name = "VENDOR=NAME", value_parser = vendor_parameter)]
    pub(super) parameters: Vec<(String, String)>,
    /// Vendor whose API registers each account, with the API's region; repeatable. The API also returns the external ID, unless
    /// `--external-id-parameter` names a parameter that has it
    #[arg(long = "register", value_name = "VENDOR=REGION", value_parser = vendor_region)]
    pub(super) registered: Vec<(String, String)>,
    /// ID of an account, or of an organizational unit, that is never changed; repeatable; `none` for no account
    #[arg(long = "exclude", value_name = "ID", value_parser = excluded)]
    pub(super) excluded: Vec<Excluded>,
    /// File to write; it must not exist
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG, value_hint = ValueHint::FilePath)]
    pub(super) out: String,
}

/// A value of `--exclude`.
#[derive(Debug, Clone)]
pub(super) enum Excluded {
    None,
    Named(Exclude),
}

fn excluded(text: &str) -> Result<Excluded, String> {
    if text == NONE { Ok(Excluded::None) } else { answers::excluded(text).map(Excluded::Named) }
}

fn vendor_parameter(text: &str) -> Result<(String, String), String> {
    // The text is not repeated, because what follows `=` may be an external ID.
    let (vendor, name) =
        text.split_once('=').ok_or("write VENDOR=NAME, such as `trelica=/account-onboarding/trelica/id`")?;
    Ok((vendor.to_owned(), external_id_parameter(name)?))
}

fn vendor_region(text: &str) -> Result<(String, String), String> {
    let (vendor, region) = text.split_once('=').ok_or("write VENDOR=REGION, such as `workload-security=us-1`")?;
    Ok((vendor.to_owned(), region.to_owned()))
}
