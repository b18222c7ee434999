//! `onboard vendors`: list and show the vendor catalogue, and the documents to install a vendor's role manually.

use std::path::Path;

use anyhow::anyhow;

use super::config::errors;
use super::exit::Exit;
use super::input::read;
use super::output::eprint_lines;
use super::vendor_args::{DocumentAccount, VendorDocument, VendorShow};
use onboarding_core::account::Partition;
use onboarding_core::config::{Config, Files, Folder};
use onboarding_core::lines::{Line, Style, render};
use onboarding_core::suggestion::{did_you_mean, list_of};
use onboarding_core::vendor::{self, Catalogue, ExternalIdRule, Vendor};
use onboarding_core::vendor_documents::{Destination, JsonValues, VendorDocuments};

pub(super) fn list(config: Option<&str>) -> anyhow::Result<Exit> {
    print_text!("{}", render(&vendor::list(&catalogue(config)?)));
    Ok(Exit::Done)
}

pub(super) fn show(arguments: &VendorShow) -> anyhow::Result<Exit> {
    let VendorShow { name, config, document, .. } = arguments;
    let catalogue = catalogue(config.as_deref())?;
    let Some(vendor) = catalogue.get(name) else {
        let hint = did_you_mean(name, catalogue.names());
        anyhow::bail!("unknown vendor `{name}`; known vendors are {}{hint}", list_of(catalogue.names()));
    };
    if document.is_any() {
        return show_document(arguments, vendor);
    }
    print_text!("{}", render(&vendor::show(vendor)));
    Ok(Exit::Done)
}

/// Prints a document on stdout, and on stderr what else to know.
fn show_document(arguments: &VendorShow, vendor: &Vendor) -> anyhow::Result<Exit> {
    let VendorShow { name, config, document, destination, account, partition } = arguments;
    let text = config.as_deref().map(read).transpose()?.unwrap_or_default();
    let files = folder(config.as_deref().unwrap_or_default());
    let role = Config::vendor_role(&text, &files, name).map_err(errors)?;
    let role = role.ok_or_else(|| anyhow!("unknown vendor `{name}`"))?;
    let hint = match &vendor.external_id {
        ExternalIdRule::Required { hint } => hint.clone(),
        ExternalIdRule::NoneBecause(_) => None,
    };
    let destination = match destination {
        DocumentAccount::Member => Destination::Member,
        DocumentAccount::Management => Destination::Management,
    };
    let documents = VendorDocuments::new(&role, hint.as_deref(), destination)?;
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

fn catalogue(config: Option<&str>) -> anyhow::Result<Catalogue> {
    let Some(file) = config else { return Ok(Catalogue::built_in()) };
    Config::catalogue(&read(file)?, &folder(file)).map_err(errors)
}

fn folder(file: &str) -> impl Files {
    Folder::containing(Path::new(file))
}
