//! The policies as JSON, for the AWS CLI and the console.

use serde_json::{Map, Value};

use super::documents::{chosen, map_strings};
use super::kind::{AccountKind, Prerequisite};
use super::settings::{Settings, TagKey};

/// A policy names its own account, and the ID is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{prerequisite}` names the {0} account; pass `--{0}-account ID`", .account.as_str())]
pub struct MissingAccount {
    prerequisite: Prerequisite,
    account: AccountKind,
}

/// One policy document, or an object with each document by its name if there are several.
///
/// # Errors
/// If a document names its account, and the settings do not have its ID.
pub fn json(selected: &[Prerequisite], settings: &Settings) -> Result<Value, MissingAccount> {
    if let [one] = selected {
        return policy(*one, settings);
    }
    let named = |one: &Prerequisite| policy(*one, settings).map(|document| (one.as_str().to_owned(), document));
    selected.iter().map(named).collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

fn policy(prerequisite: Prerequisite, settings: &Settings) -> Result<Value, MissingAccount> {
    let document = chosen(prerequisite, settings);
    let account = match prerequisite.account() {
        AccountKind::Identity => &settings.identity_account,
        AccountKind::Management => &settings.management_account,
    };
    if account.is_none() && document.to_string().contains("{account}") {
        return Err(MissingAccount { prerequisite, account: prerequisite.account() });
    }
    let account = account.as_ref().map_or("", |account| account.as_str());
    let replace = |text: &str| {
        let text = text.replace("{partition}", settings.partition.as_str()).replace("{account}", account);
        names(&text, settings)
    };
    Ok(map_strings(&document, &replace))
}

/// A string with the names that users choose, which are written as they are in JSON and in Terraform.
pub(super) fn names(text: &str, settings: &Settings) -> String {
    text.replace("{access-role}", settings.access_role.as_str())
        .replace("{application-service}", settings.service())
        .replace("{application-target}", settings.application_target.as_str())
        .replace("{account-creation-role}", settings.account_creation_role.as_str())
        .replace("{session-tag}", settings.session_tag.as_ref().map_or("", TagKey::as_str))
}
