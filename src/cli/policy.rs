//! `onboard policy`: trust policies, offline.

use anyhow::Context;
use serde_json::json;

use super::args::{Format, Grant};
use super::{Exit, complain, read};
use onboarding_core::account::Partition;
use onboarding_core::policy::{
    self, Can, Condition, Document, Effect, PolicyError, PolicyNotice, Principal, PrincipalAccess,
};
use onboarding_core::report::paint;
use onboarding_core::text;

/// A trust policy has 2,048 characters by default, and 8,192 where the quota L-C07B4B0D was raised.
const QUOTA: (usize, usize) = (2048, 8192);

/// Many times what IAM takes.
const LONGEST: usize = 64 << 10;

/// Prints the edited policy on standard output, JSON alone; what a person should know goes to standard error.
pub(super) fn grant(args: &Grant) -> anyhow::Result<Exit> {
    let document = parse(&args.file)?;
    let condition = args.condition.as_deref().map(condition).transpose()?.unwrap_or_default();
    let partition = partition(args, &document)?;
    let start = if args.prune_orphans { policy::prune_orphans(&document)? } else { document };
    let grant = policy::Grant { principal: args.principal.clone(), condition };
    let edit = policy::add_grants(&start, &[grant], &partition)?;
    if let Some((index, orphan)) = edit.document.orphans().next() {
        let name = edit.document.name_of(index);
        complain(format_args!(
            "{name} names {orphan}: IAM refuses to save that; {}",
            if args.prune_orphans {
                "it stands in `NotPrincipal`: remove it by hand"
            } else {
                "give `--prune-orphans`, or remove it"
            }
        ));
        return Ok(Exit::Blocked);
    }
    for notice in &edit.notices {
        if let PolicyNotice::Denied { conditional: false, .. } = notice {
            complain(format_args!("the grant would have no effect: {notice}; remove the deny statement first"));
            return Ok(Exit::Blocked);
        }
        whisper!("{} {notice}", paint::careful("note:"));
    }
    let length = edit.document.to_json().len();
    if length > QUOTA.1 {
        complain(format_args!(
            "the policy would have {length} characters and IAM takes {} at most; grant less",
            QUOTA.1
        ));
        return Ok(Exit::Blocked);
    }
    if length > QUOTA.0 {
        let note = paint::careful("note:");
        whisper!("{note} {length} characters are over IAM's default of {}; raise the quota L-C07B4B0D", QUOTA.0);
    }
    sayln!("{}", edit.document.to_pretty());
    Ok(Exit::Done)
}

pub(super) fn explain(file: &str, format: Format, reveal: bool) -> anyhow::Result<Exit> {
    let entries = policy::explain(&parse(file)?, reveal);
    match format {
        Format::Json => sayln!("{}", serde_json::to_string_pretty(&json!({"version": 1, "entries": entries}))?),
        Format::Text => say!("{}", text(&entries)),
    }
    Ok(Exit::Done)
}

fn parse(file: &str) -> anyhow::Result<Document> {
    let text = read(file)?;
    anyhow::ensure!(text.len() <= LONGEST, "`{file}` is longer than 64 KiB; no trust policy is");
    Document::parse(text.trim_start_matches('\u{feff}')).with_context(|| format!("`{file}` is no trust policy"))
}

fn condition(text: &str) -> anyhow::Result<Condition> {
    Condition::parse_text(text).map_err(|error| match error {
        PolicyError::NotJson(why) => anyhow::anyhow!("`--condition` is not JSON: {why}"),
        PolicyError::NotAnObject => anyhow::anyhow!("`--condition` is not a JSON object; it starts with `{{`"),
        error => anyhow::anyhow!("`--condition`: {error}"),
    })
}

/// The partition that somebody named: an option, the principal, or a principal that is there already.
fn partition(args: &Grant, document: &Document) -> anyhow::Result<Partition> {
    if let Some(partition) = &args.partition {
        return Ok(partition.clone());
    }
    let named = |principal: &Principal| match principal {
        Principal::Arn(arn) => Partition::from_arn(arn).ok(),
        _ => None,
    };
    if let Some(partition) = named(&args.principal).or_else(|| document.partition()) {
        return Ok(partition);
    }
    Ok("aws".parse()?)
}

fn text(entries: &[PrincipalAccess]) -> String {
    let (allowed, denied): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.effect == Effect::Allow);
    let mut text = match allowed.as_slice() {
        [] => format!("{}\n", paint::careful("Nobody can assume this role.")),
        allowed => section("Who can assume this role", allowed),
    };
    if !denied.is_empty() {
        text.push_str(&section("Who is denied", &denied));
    }
    text
}

fn section(title: &str, entries: &[&PrincipalAccess]) -> String {
    let name = |entry: &PrincipalAccess| text::printable(&entry.principal);
    let width = entries.iter().map(|entry| name(entry).chars().count()).max().unwrap_or(0);
    let mut text = format!("{}\n", paint::strong(title));
    for entry in entries {
        let statement = paint::faint(format!("({})", entry.statement));
        text.push_str(&format!("  {:width$}  {}  {statement}\n", name(entry), word(entry)));
        if entry.actions.iter().any(|action| action != "sts:AssumeRole") {
            text.push_str(&format!("      by {}\n", entry.actions.join(", ")));
        }
        for condition in &entry.conditions {
            text.push_str(&format!("      when {}\n", text::printable(&condition.to_string())));
        }
        if let Some(why) = &entry.why {
            text.push_str(&format!("      {}\n", paint::faint(text::printable(why))));
        }
    }
    text
}

fn word(entry: &PrincipalAccess) -> String {
    match (entry.effect, entry.can) {
        (Effect::Allow, Can::Always) if entry.kind == "anyone" => paint::bad("always       "),
        (Effect::Allow, Can::Always) => paint::good("always       "),
        (_, Can::Conditionally) => paint::careful("conditionally"),
        (Effect::Allow, Can::Never) => paint::bad("never        "),
        (Effect::Deny, _) => paint::bad("always       "),
    }
}
