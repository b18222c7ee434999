//! The role that the documents describe.

use std::collections::BTreeSet;

use secrecy::SecretString;

use super::symbols::Symbols;
use crate::blueprint::{BlueprintError, ConfiguredPart, RoleSpec, SecretValues, role_of_account};
use crate::config::{ExternalIdSource, RoleTemplate};
use crate::owner::OWNER_TAG;
use crate::policy::Document;
use crate::suggestion::list_of;

/// Where the role is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// In a member account, where a run installs it as well.
    Member,
    /// In the management account, which this tool never changes.
    Management,
}

/// A description of an external ID, whose value is never printed.
pub(super) struct ExternalIdPlace {
    /// Where it is, as the end of a sentence that begins with `the external ID`.
    pub(super) text: String,
    /// Whether it is a pattern with wildcards.
    pub(super) is_pattern: bool,
}

/// The documents of one vendor's role.
pub struct VendorDocuments {
    pub(super) role: RoleSpec,
    pub(super) symbols: Symbols,
    pub(super) external_ids: Vec<ExternalIdPlace>,
    /// The actions that are left out, because AWS allows them in the management account only.
    left_out: BTreeSet<String>,
}

impl VendorDocuments {
    /// The documents of a role. `hint` says where the vendor shows the external ID.
    ///
    /// # Errors
    /// When the role cannot be built in any account.
    pub fn new(template: &RoleTemplate, hint: Option<&str>, destination: Destination) -> Result<Self, BlueprintError> {
        let mut template = template.clone();
        let only = template.management_only.take();
        let left_out = match (destination, only) {
            (Destination::Management, Some(only)) => {
                template.policies = only.policies;
                BTreeSet::new()
            }
            (Destination::Member, Some(only)) => only.actions,
            (_, None) => BTreeSet::new(),
        };
        // The key of the API and the registration itself have no part in the documents.
        template.registration = None;
        let sources: Vec<_> = template.trust.iter().flat_map(|spec| spec.external_ids.iter().cloned()).collect();
        let text = format!("{template:?}");
        let symbols = Symbols::absent_from(&text, sources.len()).ok_or_else(|| BlueprintError {
            part: ConfiguredPart::Role {
                owner: template.definition.owner.clone(),
                name: template.definition.name.clone(),
            },
            problem: "no placeholder can be found that does not occur in the role".to_owned(),
            stop: None,
        })?;
        let mut next = symbols.external_ids().iter();
        let mut secrets = SecretValues::default();
        for source in template.trust.iter_mut().flat_map(|spec| &mut spec.external_ids) {
            let Some(symbol) = next.next() else { break };
            *source = match source {
                // A pattern must have a wildcard.
                ExternalIdSource::Pattern(pattern) => match format!("{symbol}*").parse() {
                    Ok(symbol) => ExternalIdSource::Pattern(symbol),
                    Err(_) => ExternalIdSource::Pattern(pattern.clone()),
                },
                ExternalIdSource::Literal(_)
                | ExternalIdSource::Template(_)
                | ExternalIdSource::Parameter(_)
                | ExternalIdSource::Tenant(_) => {
                    secrets.parameters.insert(symbol.clone(), Ok(SecretString::from(symbol.as_str())));
                    ExternalIdSource::Parameter(symbol.clone())
                }
            };
        }
        let mut role = role_of_account(&template, &symbols.account(), &secrets)?;
        role.definition.settings.tags.remove(OWNER_TAG);
        Ok(Self { role, symbols, external_ids: sources.iter().map(|source| place(source, hint)).collect(), left_out })
    }

    /// The permissions policy of the role, if it has one.
    pub(super) fn permissions(&self) -> Option<(&str, &Document)> {
        self.role.policies.first_key_value().map(|(name, policy)| (name.as_str(), policy))
    }

    /// What the documents do not contain, for people.
    #[must_use]
    pub fn left_out(&self) -> Option<String> {
        (!self.left_out.is_empty()).then(|| {
            format!(
                "{} is left out, because AWS allows it only to the management account and to delegated administrators; `--for management` prints the document for the management account, \
                 in which this tool installs nothing",
                list_of(self.left_out.iter().map(String::as_str))
            )
        })
    }
}

fn place(source: &ExternalIdSource, hint: Option<&str>) -> ExternalIdPlace {
    let hint = hint.map(|hint| format!(": {hint}")).unwrap_or_default();
    let (text, is_pattern) = match source {
        ExternalIdSource::Literal(_) => (format!("of the configuration{hint}"), false),
        ExternalIdSource::Template(_) => {
            (format!("of the configuration, with its placeholders replaced for the account{hint}"), false)
        }
        ExternalIdSource::Parameter(name) => (format!("from the SSM parameter {name}{hint}"), false),
        ExternalIdSource::Tenant(_) => (format!("that the vendor's API returns{hint}"), false),
        ExternalIdSource::Pattern(_) => (format!("as a pattern such as PREFIX-*{hint}"), true),
    };
    ExternalIdPlace { text, is_pattern }
}

#[cfg(test)]
#[path = "role_tests.rs"]
mod tests;
