//! A new `onboarding.toml`, from the answers to the questions of `onboard init`.
//!
//! Each answer passes the validator of the key that it is written to, so that the file is valid. What a validator accepts and
//! `plan` would refuse later, such as an account ID of the AWS documentation, is found by [`Config::parse`] as for every other
//! file. The file never contains an external ID: it names the SSM parameter that has it.

use std::collections::BTreeSet;

use super::examples::{self, Certainty};
use crate::account::AccountId;
use crate::console::PermissionSet;
use crate::exclude::Exclude;
use crate::policy::{InvalidPrincipal, Principal};
use crate::text::Untrusted;
use crate::toml_reader::{parameter_name, template};
use crate::vendor::{Endpoint, ExternalIdRule, Vendor};

/// The function can read the parameters below this path, and no others, except its configuration.
///
/// See `ReadConfiguration` in `template.yaml`.
const READABLE: &str = "/account-onboarding/";

/// What a new configuration contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starter {
    /// The account in which people sign in.
    pub identity_account: AccountId,
    /// Who of it may assume the access role.
    pub granted: Granted,
    /// The vendors whose roles are installed.
    pub vendors: Vec<StarterVendor>,
    /// The accounts that are never changed.
    pub excluded: BTreeSet<Exclude>,
}

/// Who of the identity account may assume the access role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// Everyone whom the policies of the identity account allow it.
    Account(Mfa),
    /// These roles and users. MFA concerns the users.
    Principals(Vec<String>, Mfa),
    /// Everyone who is assigned one of these permission sets of IAM Identity Center in the identity account.
    PermissionSets(Vec<String>),
}

/// Whether IAM users must have signed in with MFA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mfa {
    /// `aws:MultiFactorAuthPresent` must be true. Only users can meet this: sessions of roles, among them those of IAM Identity
    /// Center, do not have the key.
    ///
    /// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html>.
    Required,
    /// The key is not looked at.
    NotRequired,
}

/// A vendor of a new configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StarterVendor {
    /// The name in the catalogue.
    pub(super) name: String,
    pub(super) title: String,
    /// Where users find their external ID.
    pub(super) hint: Option<String>,
    /// The SSM parameter with the external ID; none if the vendor uses none, or its API returns it.
    pub(super) parameter: Option<String>,
    /// Whether accounts can be registered through an API of the vendor.
    pub(super) has_registration: bool,
    /// The region of the API with which accounts are registered.
    pub(super) region: Option<String>,
}

impl StarterVendor {
    /// A vendor of the catalogue. Its external ID is in this parameter, or in the [default one](default_parameter).
    #[must_use]
    pub fn new(vendor: &Vendor, parameter: Option<String>) -> Self {
        let (hint, parameter) = match &vendor.external_id {
            ExternalIdRule::Required { hint } => {
                (hint.clone(), Some(parameter.unwrap_or_else(|| default_parameter(&vendor.name))))
            }
            ExternalIdRule::NoneBecause(_) => (None, None),
        };
        Self {
            name: vendor.name.clone(),
            title: vendor.title.clone(),
            hint,
            parameter,
            has_registration: vendor.registration_api.is_some(),
            region: None,
        }
    }

    /// A vendor whose API in this region registers the accounts. It also returns the external ID, unless a parameter has it.
    #[must_use]
    pub fn registered(vendor: &Vendor, region: String, parameter: Option<String>) -> Self {
        let given = parameter.clone();
        Self { parameter: given, region: Some(region), ..Self::new(vendor, parameter) }
    }

    /// The SSM parameter with the API key, if accounts are registered.
    #[must_use]
    pub fn key_parameter(&self) -> Option<String> {
        self.region.as_ref().map(|_| key_parameter(&self.name))
    }

    /// The display name.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The SSM parameter that must exist before the first run, and where users find its value.
    #[must_use]
    pub fn parameter(&self) -> Option<(&str, &str)> {
        Some((self.parameter.as_deref()?, self.hint.as_deref().unwrap_or("the vendor's console")))
    }
}

/// The parameter that holds the external ID of a vendor, unless another one is chosen. The stack uses the same names.
#[must_use]
pub fn default_parameter(vendor: &str) -> String {
    format!("{READABLE}{vendor}/external-id")
}

/// The parameter that holds the API key of a vendor. The stack uses the same name.
pub(super) fn key_parameter(vendor: &str) -> String {
    format!("{READABLE}{vendor}/api-key")
}

/// Validates the region of a vendor's API.
///
/// # Errors
/// If the vendor has no API, or not in this region.
pub fn registration_region(vendor: &Vendor, text: &str) -> Result<String, String> {
    let none = || format!("{} has no API that registers accounts", vendor.title);
    let api = vendor.registration_api.ok_or_else(none)?;
    Endpoint::from_region(api, text).map(|_| text.to_owned())
}

/// Refuses an account ID of the AWS documentation, as `plan` would.
///
/// # Errors
/// What it is, and what to write.
pub fn refuse_example(id: &AccountId) -> Result<(), String> {
    match examples::account(id.as_str()) {
        Some(Certainty::Certain) => {
            Err(format!("{id} is an account ID of the AWS documentation; write the ID of an account of yours"))
        }
        Some(Certainty::Likely) | None => Ok(()),
    }
}

/// Validates a role or user of the identity account.
///
/// # Errors
/// The part that is not valid, and what to write.
pub fn principal(identity_account: &AccountId, text: &str) -> Result<String, String> {
    let not_an_arn = || format!("`{}` is not the ARN of a role or user of the identity account", Untrusted::new(text));
    let readable = |error: InvalidPrincipal| match error {
        InvalidPrincipal::Form(_) => not_an_arn(),
        other => other.to_string(),
    };
    let is_own = |expanded: &str| match Principal::to_grant(expanded).map_err(readable)? {
        principal @ Principal::Arn(_) if principal.account().as_ref() == Some(identity_account) => Ok(()),
        Principal::Arn(_) => Err(format!(
            "`{}` is not in the identity account {identity_account}; write the ARN of one of its roles or users",
            Untrusted::new(text)
        )),
        _ => Err(not_an_arn()),
    };
    if text.contains(":role/aws-reserved/sso.amazonaws.com/") {
        return Err(
            "the role of a permission set gets another name when it is assigned again; choose permission sets, and \
                    write their names"
                .to_owned(),
        );
    }
    template(text, is_own).map(|template| template.0)
}

/// Validates the name of a permission set of IAM Identity Center.
///
/// See <https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html>.
///
/// # Errors
/// The part that is not valid, and what to write.
pub fn permission_set(text: &str) -> Result<String, String> {
    text.parse::<PermissionSet>().map(|set| set.to_string()).map_err(|_| {
        format!(
            "`{}` is not a valid name of a permission set; write the name that IAM Identity Center shows, 1 to 32 letters, digits \
             and `_+=,.@-`",
            Untrusted::new(text)
        )
    })
}

/// Validates the name of the SSM parameter with an external ID. The text is not repeated, because it may be the external ID.
///
/// # Errors
/// The part that is not valid, and what to write.
pub fn external_id_parameter(text: &str) -> Result<String, String> {
    let name = parameter_name(text).map_err(|error| {
        format!("this {error}. The external ID itself is not written to the file: store it in the parameter later")
    })?;
    if !name.starts_with(READABLE) {
        return Err(format!("the function can only read parameters below `{READABLE}`; choose such a name"));
    }
    Ok(name)
}

/// The pattern of `aws:PrincipalArn` that the roles of a permission set match, and no others.
///
/// Their names end in characters that change with each assignment, and their path contains the region of IAM Identity Center,
/// except in us-east-1. A grant cannot name them, so that it is for the identity account, with this pattern in a condition with
/// `ArnLike`. The stack and the Terraform module make the same pattern from their inputs.
///
/// See <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>.
#[must_use]
pub fn permission_set_pattern(name: &str) -> String {
    // `_*` would also match permission sets whose names continue with `_`; AWS appends 16 characters.
    let suffix = "?".repeat(16);
    format!("arn:{{partition}}:iam::*:role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO_{name}_{suffix}")
}

#[cfg(test)]
#[path = "starter_tests.rs"]
mod tests;
