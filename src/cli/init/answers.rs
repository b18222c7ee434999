//! Validates answers, whether they are typed or passed as options.

use std::collections::BTreeSet;

use crate::cli::common_args::account_id;
use crate::cli::config::has_endpoint_override;
use onboarding_core::account::AccountId;
use onboarding_core::config::starter::{self, refuse_example};
use onboarding_core::exclude::{Exclude, InvalidExclude};
use onboarding_core::suggestion::{did_you_mean, list_of};
use onboarding_core::text::Untrusted;
use onboarding_core::vendor::Catalogue;

/// The answer for an empty list.
pub(super) const NONE: &str = "none";

pub(super) fn identity_account(text: &str) -> Result<AccountId, String> {
    let id = account_id(text)?;
    // With the endpoint of an emulator, examples are real accounts.
    if !has_endpoint_override() {
        refuse_example(&id)?;
    }
    Ok(id)
}

pub(super) fn excluded(text: &str) -> Result<Exclude, String> {
    let excluded = text.parse().map_err(|error: InvalidExclude| match error {
        // Its message is about a value in TOML.
        InvalidExclude::Account(_) => account_id(text).err().unwrap_or_default(),
        other => other.to_string(),
    })?;
    if let Exclude::Account(id) = &excluded {
        identity_account(id.as_str())?;
    }
    Ok(excluded)
}

/// The vendors of the catalogue with these names.
pub(super) fn vendor_names(catalogue: &Catalogue, names: Vec<String>) -> Result<Vec<String>, String> {
    let mut seen = BTreeSet::new();
    for name in &names {
        if catalogue.get(name).is_none() {
            return Err(format!(
                "unknown vendor `{}`; known vendors are {}{}",
                Untrusted::new(name.as_str()),
                list_of(catalogue.names()),
                did_you_mean(name, catalogue.names())
            ));
        }
        if !seen.insert(name) {
            return Err(format!("`{name}` appears twice; write it once"));
        }
    }
    Ok(names)
}

pub(super) fn principals(identity_account: &AccountId, arns: Vec<String>) -> Result<Vec<String>, String> {
    arns.into_iter().map(|arn| starter::principal(identity_account, &arn)).collect()
}

/// Whether an answer allows a user, who can have MFA.
pub(super) fn has_user(principals: &[String]) -> bool {
    principals.iter().any(|arn| arn.contains(":user/"))
}

/// A list as people type it: separated by commas or spaces; empty for `none`.
pub(super) fn list(text: &str) -> Vec<String> {
    let words = text.split([',', ' ', '\t']).map(str::trim).filter(|word| !word.is_empty());
    let words: Vec<_> = words.map(str::to_owned).collect();
    if words == [NONE] { Vec::new() } else { words }
}
