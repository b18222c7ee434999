//! Hand-offs: what a person does at a vendor for each account, because the vendor has no API for it.
//!
//! A vendor file declares a hand-off once ([`HandoffTemplate`]): a sentence, a link, and the fields of the vendor's form with
//! placeholders. For each account it becomes a [`Handoff`] with exactly the values to paste. A person pastes them and says so
//! (`onboard handoff done`); the record of the account then keeps the [fingerprint](Handoff::fingerprint). When the text
//! changes, for example because another region is configured, the fingerprint differs and the hand-off is open again.
//!
//! External IDs are secrets, so that no placeholder stands for one.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::account::Account;
use crate::config::{Config, RoleTemplate};
use crate::owner::Owner;
use crate::redaction::SecretRedactor;
use crate::role::RoleName;
use crate::text::{excerpt, hexadecimal, printable};
use crate::vendor::HandoffTemplate;

/// The hand-offs that were done for an account: the vendors, each with the fingerprint of the hand-off that was done.
pub type HandoffsDone = BTreeMap<String, String>;

/// The longest value of a field, in characters. An account name has at most 50.
const LONGEST_VALUE: usize = 512;

/// What a person does at a vendor for one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handoff {
    /// The name of the vendor in the configuration.
    pub vendor: String,
    /// The name of the vendor in output.
    pub title: String,
    /// The role that the vendor assumes.
    pub role: RoleName,
    /// What to do.
    pub instruction: String,
    /// Where, or the vendor's page about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What to paste.
    pub fields: Vec<HandoffField>,
    /// What to know before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Whether it was done.
    pub status: HandoffStatus,
    /// Whether it was done before its text changed, and is open again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}

/// A field of a vendor's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandoffField {
    /// The label.
    pub label: String,
    /// The value to paste.
    pub value: String,
}

/// Whether a hand-off was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffStatus {
    /// It was not done, or its text has changed since.
    Open,
    /// It was done.
    Done,
}

impl HandoffStatus {
    /// The word: `open` or `done`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
        }
    }
}

/// The hand-offs of an account with this configuration, in the order of its vendors. `done` is what its record has.
#[must_use]
pub fn handoffs(config: &Config, account: &Account, done: &HandoffsDone) -> Vec<Handoff> {
    if config.roles.iter().all(|role| role.handoff.is_none()) {
        return Vec::new();
    }
    let external_ids = config.external_ids_of(Some(account));
    let redactor = SecretRedactor::new(external_ids.iter().map(|id| id.expose()));
    let of_role = |role: &RoleTemplate| {
        let Owner::Vendor(vendor) = &role.definition.owner else { return None };
        Some(Handoff::new(vendor, role.handoff.as_ref()?, role, account, &redactor).compared_with(done))
    };
    config.roles.iter().filter_map(of_role).collect()
}

impl Handoff {
    fn new(
        vendor: &str,
        template: &HandoffTemplate,
        role: &RoleTemplate,
        account: &Account,
        redactor: &SecretRedactor,
    ) -> Self {
        let definition = &role.definition;
        let role_arn = definition.name.arn(&account.partition, &account.id, &definition.settings.path);
        let region = template.region.as_deref().unwrap_or_default();
        // The account name comes last, because it can be any text, such as `{role-arn}`.
        let values = [
            ("{account-id}", account.id.as_str()),
            ("{partition}", account.partition.as_str()),
            ("{region}", region),
            ("{role-name}", definition.name.as_str()),
            ("{role-arn}", role_arn.as_str()),
            ("{account-name}", account.name.raw()),
        ];
        let expanded = |text: &str| {
            let mut text = text.to_owned();
            // A vendor file could contain the external ID that the configuration contains. The values are not redacted: a
            // short external ID may occur in an account ID.
            redactor.redact(&mut text);
            let replace = |text: String, (placeholder, value): &(&str, &str)| text.replace(placeholder, value);
            excerpt(&values.iter().fold(text, replace), LONGEST_VALUE)
        };
        let once = role.once.iter().map(|step| printable(&format!("Once, for all accounts: {step}")));
        let field =
            |(label, value): &(String, String)| HandoffField { label: printable(label), value: expanded(value) };
        Self {
            vendor: vendor.to_owned(),
            title: definition.title.clone(),
            role: definition.name.clone(),
            instruction: expanded(&template.instruction),
            link: template.link.clone(),
            fields: template.fields.iter().map(field).collect(),
            notes: template.notes.iter().map(|note| printable(note)).chain(once).collect(),
            status: HandoffStatus::Open,
            changed: false,
        }
    }

    fn compared_with(mut self, done: &HandoffsDone) -> Self {
        match done.get(&self.vendor) {
            Some(fingerprint) if *fingerprint == self.fingerprint() => self.status = HandoffStatus::Done,
            Some(_) => self.changed = true,
            None => {}
        }
        self
    }

    /// Whether a person still has to do it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status == HandoffStatus::Open
    }

    /// A hash of what is to be done: the sentence, the link, and the fields. The notes are not included.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        let fields = self.fields.iter().flat_map(|field| [field.label.as_str(), field.value.as_str()]);
        let link = self.link.as_deref().unwrap_or_default();
        for text in [self.instruction.as_str(), link].into_iter().chain(fields) {
            // The length comes first, so that the same characters in two texts are not the same as in one.
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text);
        }
        hexadecimal(&hasher.finalize()).chars().take(32).collect()
    }
}

#[cfg(test)]
#[path = "handoff_tests.rs"]
mod tests;
