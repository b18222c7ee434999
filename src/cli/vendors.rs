//! `onboard vendors`: list and show the vendor catalogue, and the documents to install a vendor's role manually.

use std::path::Path;

use anyhow::anyhow;

use super::config::{errors, text_and_files};
use super::exit::Exit;
use super::output::eprint_lines;
use super::vendor_args::{DocumentAccount, VendorDocument, VendorShow};
use onboarding_core::account::Partition;
use onboarding_core::config::{Config, Folder, RoleTemplate};
use onboarding_core::lines::{Line, Style, render};
use onboarding_core::suggestion::{did_you_mean, list_of};
use onboarding_core::vendor::{self, ExternalIdRule, Vendor};
use onboarding_core::vendor_documents::{Destination, JsonValues, VendorDocuments};

pub(super) fn list(config: Option<&str>) -> anyhow::Result<Exit> {
    let (text, files) = configuration(config)?;
    let catalogue = Config::catalogue(&text, &files).map_err(errors)?;
    print_text!("{}", render(&vendor::list(&catalogue)));
    Ok(Exit::Done)
}

pub(super) fn show(arguments: &VendorShow) -> anyhow::Result<Exit> {
    let VendorShow { name, config, document, .. } = arguments;
    let (text, files) = configuration(config.as_deref())?;
    let catalogue = Config::catalogue(&text, &files).map_err(errors)?;
    let Some(vendor) = catalogue.get(name) else {
        let hint = did_you_mean(name, catalogue.names());
        anyhow::bail!("unknown vendor `{name}`; known vendors are {}{hint}", list_of(catalogue.names()));
    };
    if document.is_any() {
        let role = Config::vendor_role(&text, &files, name).map_err(errors)?;
        let role = role.ok_or_else(|| anyhow!("unknown vendor `{name}`"))?;
        return show_document(arguments, vendor, &role);
    }
    print_text!("{}", render(&vendor::show(vendor)));
    Ok(Exit::Done)
}

/// Prints a document on stdout, and on stderr what else to know.
fn show_document(arguments: &VendorShow, vendor: &Vendor, role: &RoleTemplate) -> anyhow::Result<Exit> {
    let VendorShow { name, document, destination, account, partition, .. } = arguments;
    let hint = match &vendor.external_id {
        ExternalIdRule::Required { hint } => hint.clone(),
        ExternalIdRule::NoneBecause(_) => None,
    };
    let destination = match destination {
        DocumentAccount::Member => Destination::Member,
        DocumentAccount::Management => Destination::Management,
    };
    let documents = VendorDocuments::new(role, hint.as_deref(), destination)?;
    let partition = match partition {
        Some(partition) => partition.clone(),
        None => "aws".parse::<Partition>()?,
    };
    let values = JsonValues { account: account.clone(), partition };
    let json = match document {
        VendorDocument { policy: true, .. } => Some(documents.policy_json(&values).ok_or_else(|| {
            anyhow!(
                "the role of `{name}` has no policy of its own; `--cloudformation` shows the policies that are attached"
            )
        })?),
        VendorDocument { trust: true, .. } => Some(documents.trust_json(&values)),
        _ => None,
    };
    let mut notes = json.as_ref().map(|json| documents.notes_for_json(json, &values)).unwrap_or_default();
    notes.extend(documents.left_out().filter(|_| !document.trust));
    match json {
        Some(json) => print_line!("{json}"),
        None if document.cloudformation => print_text!("{}", documents.cloudformation()),
        None => print_text!("{}", documents.terraform()),
    }
    for note in notes {
        eprint_lines(&[Line::verbatim(0).styled(Style::Strong, "note:").text(format!(" {note}"))]);
    }
    Ok(Exit::Done)
}

/// The configuration of `--config`, which is empty without the option. It may come from stdin, so that it is read once.
fn configuration(file: Option<&str>) -> anyhow::Result<(String, Folder)> {
    file.map_or_else(|| Ok((String::new(), Folder::containing(Path::new("")))), text_and_files)
}
