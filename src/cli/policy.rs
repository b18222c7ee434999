//! `onboard policy`: explain and edit trust policies offline.

use std::fmt::Display;

use anyhow::Context;
use serde_json::json;

use super::args::{Explain, Grant};
use super::common_args::Format;
use super::exit::Exit;
use super::input::{input_name, read};
use super::output::{eprint_lines, print_error};
use onboarding_core::account::Partition;
use onboarding_core::config::check_no_references;
use onboarding_core::lines::{Line, Style, render, widest};
use onboarding_core::policy::{
    self, AssumeAction, AssumeActions, Can, Condition, Document, Effect, ExternalIdDisplay, PastedPolicy, PolicyError,
    PolicyOrigin, PrincipalAccess, PrincipalKind, Refusal,
};
use onboarding_core::text::escaped_json;

/// Maximum length of a trust policy in characters: by default, and with quota L-C07B4B0D raised to its maximum.
const QUOTA: (usize, usize) = (2048, 8192);

/// Maximum size of an input file, many times what IAM accepts.
const MAX_FILE_BYTES: usize = 64 << 10;

/// Prints the edited policy to stdout, which gets nothing but JSON. Notes and errors go to stderr.
pub(super) fn grant(args: &Grant) -> anyhow::Result<Exit> {
    let partition = named_partition(args)?;
    let PastedPolicy { document, origin, .. } = parse(&args.file)?;
    let condition = args.condition.as_deref().map(condition).transpose()?.unwrap_or_default();
    let partition = partition.map_or_else(|| partition_of(&document), Ok)?;
    let is_from_iam = args.from_iam || origin == PolicyOrigin::Iam;
    let start = if args.prune_orphans && is_from_iam { pruned(&document)? } else { document };
    let principal = args.principal.principal.clone();
    let grant = policy::Grant { principal, condition, actions: actions(&args.actions)? };
    let edit = policy::add_grants(&start, std::slice::from_ref(&grant), &partition)?;
    if let Some((index, orphan)) = edit.document.orphans().next() {
        let name = edit.document.name_of(index);
        print_error(format_args!(
            "{name} names {orphan}; if IAM returned this policy, it is the ID of a deleted role or user, and IAM would reject the policy; {}",
            match (args.prune_orphans, is_from_iam) {
                (true, true) => "it is in `NotPrincipal`, so remove it manually",
                (true, false) =>
                    "it is not removed, because the input does not show that IAM returned it: pass the whole answer of `aws iam \
                     get-role --role-name NAME`, or `--from-iam`; if the role or user exists, write its ARN",
                (false, _) => "pass `--prune-orphans` to remove it, or write the ARN if the role or user exists",
            }
        ));
        return Ok(Exit::Blocked);
    }
    // IAM accepts what it returned, even if that is not known here.
    let refusals = if is_from_iam { Vec::new() } else { policy::refusals(&start) };
    if !refusals.is_empty() {
        for refusal in refusals {
            print_error(format_args!("IAM would reject the policy: {refusal}"));
        }
        print_note("if IAM returned this policy, pass `--from-iam`");
        return Ok(Exit::Blocked);
    }
    if let Some(by) = policy::denied(&edit.document, &grant, &partition) {
        let name = edit.document.name_of(by);
        let principal = &grant.principal;
        print_error(format_args!(
            "the grant would have no effect: {name} denies {principal} regardless of other grants; remove the deny statement first"
        ));
        return Ok(Exit::Blocked);
    }
    if let Some(why) = policy::without_effect(&start, &edit, &grant, &partition) {
        let principal = &grant.principal;
        print_error(format_args!(
            "the grant would have no effect: {principal} can never assume the role, because {why}"
        ));
        return Ok(Exit::Blocked);
    }
    edit.notices.iter().for_each(print_note);
    let length = edit.document.to_json().len();
    if length > QUOTA.1 {
        print_error(format_args!(
            "the policy would have {length} characters and IAM allows {} at most; remove grants or shorten conditions",
            QUOTA.1
        ));
        return Ok(Exit::Blocked);
    }
    if length > QUOTA.0 {
        print_note(format_args!(
            "the policy has {length} characters, more than IAM's default limit of {}; raise the quota L-C07B4B0D",
            QUOTA.0
        ));
    }
    print_line!("{}", escaped_json(&edit.document.to_pretty()));
    Ok(Exit::Done)
}

/// The actions of the grant, which include the one that assumes the role.
fn actions(actions: &[AssumeAction]) -> anyhow::Result<AssumeActions> {
    let assumes = AssumeAction::AssumeRole;
    for action in actions {
        anyhow::ensure!(
            !matches!(action, AssumeAction::AssumeRoleWithSaml | AssumeAction::AssumeRoleWithWebIdentity),
            "accounts, roles and users cannot use `{}`; they assume a role by `{}`",
            action.as_str(),
            assumes.as_str()
        );
    }
    anyhow::ensure!(
        actions.contains(&assumes),
        "without `{0}` the principal cannot assume the role; add `--action {0}`",
        assumes.as_str()
    );
    Ok(actions.iter().copied().collect())
}

/// The policy without the unique IDs among its principals, and a note about each that was removed.
fn pruned(document: &Document) -> Result<Document, PolicyError> {
    let pruned = policy::prune_orphans(document)?;
    let left: Vec<_> = pruned.orphans().map(|(_, orphan)| orphan.clone()).collect();
    for (index, orphan) in document.orphans().filter(|(_, orphan)| !left.contains(orphan)) {
        let name = document.name_of(index);
        print_note(format_args!(
            "{orphan} is removed from {name}: in a policy that IAM returned, it is the ID of a deleted role or user"
        ));
    }
    Ok(pruned)
}

/// Prints a note to stderr.
fn print_note(note: impl Display) {
    eprint_lines(&[Line::verbatim(0).styled(Style::Warning, "note:").text(format!(" {note}"))]);
}

pub(super) fn explain(args: &Explain) -> anyhow::Result<Exit> {
    let external_ids = if args.reveal { ExternalIdDisplay::Revealed } else { ExternalIdDisplay::Hidden };
    let PastedPolicy { document, origin, .. } = parse(&args.file)?;
    let entries = policy::explain(&document, external_ids);
    let refusals = if origin == PolicyOrigin::Iam { Vec::new() } else { policy::refusals(&document) };
    match args.format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&json!({"version": 1, "entries": entries, "refusals": refusals}))?;
            print_line!("{}", escaped_json(&json));
        }
        Format::Text => {
            let title = match refusals.is_empty() {
                true => "Who can assume this role",
                false => "Who could assume this role if IAM accepted the policy",
            };
            let lines: Vec<_> = refused_lines(&refusals).into_iter().chain(lines(title, &entries)).collect();
            print_text!("{}", render(&lines));
        }
    }
    Ok(Exit::Done)
}

fn parse(file: &str) -> anyhow::Result<PastedPolicy> {
    let text = read(file)?;
    let name = input_name(file);
    anyhow::ensure!(
        !text.trim().is_empty(),
        "{name} is empty; if the output of the command goes to the file that it reads, write it to another one"
    );
    anyhow::ensure!(
        text.len() <= MAX_FILE_BYTES,
        "{name} is larger than 64 KiB, and IAM accepts no trust policy of that size; check that it is the right file"
    );
    let pasted = PastedPolicy::parse(&text).map_err(anyhow::Error::msg);
    let pasted = pasted.with_context(|| format!("{name} is not a valid trust policy"))?;
    pasted.notes.iter().for_each(|note| print_note(format_args!("{note}; it was unwrapped")));
    Ok(pasted)
}

fn condition(text: &str) -> anyhow::Result<Condition> {
    let condition = Condition::parse_text(text).map_err(|error| match error {
        PolicyError::NotJson(why) => anyhow::anyhow!("`--condition` is not JSON: {why}"),
        PolicyError::NotAnObject => anyhow::anyhow!("`--condition` is not a JSON object; write it as `{{…}}`"),
        error => anyhow::anyhow!("`--condition`: {error}"),
    })?;
    if let Some(refusal) = policy::refused_clauses(&condition).first() {
        anyhow::bail!("`--condition`: {refusal}");
    }
    for value in condition.clauses().iter().flat_map(|clause| &clause.values) {
        check_no_references(value).map_err(|error| anyhow::anyhow!("`--condition`: {error}"))?;
    }
    Ok(condition)
}

/// The partition of `--partition` and of the principal, which must not contradict each other.
fn named_partition(args: &Grant) -> anyhow::Result<Option<Partition>> {
    if let (Some(option), Some(principal)) = (&args.partition, &args.principal.partition) {
        anyhow::ensure!(
            option == principal,
            "`--partition` is `{option}`, and the ARN of `--principal` is in the partition `{principal}`; remove `--partition`"
        );
    }
    let partition = args.partition.as_ref().or(args.principal.partition.as_ref());
    if let Some(unknown) = partition.filter(|partition| !partition.is_known()) {
        print_note(format_args!("`{unknown}` is not a partition that this version knows; check its name"));
    }
    Ok(partition.cloned())
}

/// The partition of the principals in the document if they agree, else `aws`.
fn partition_of(document: &Document) -> anyhow::Result<Partition> {
    let partitions = document.partitions();
    if let (Some(partition), 1) = (partitions.first(), partitions.len()) {
        return Ok(partition.clone());
    }
    if !partitions.is_empty() {
        print_note(
            "the policy names principals of several partitions, and the grant is for `aws`; pass `--partition` for another",
        );
    }
    Ok("aws".parse()?)
}

/// What IAM refuses, above who could assume the role if IAM accepted the policy.
fn refused_lines(refusals: &[Refusal]) -> Vec<Line> {
    if refusals.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::heading("IAM would reject this policy")];
    lines.extend(refusals.iter().map(|refusal| Line::at(2).text(refusal)));
    lines.push(Line::blank());
    lines
}

fn lines(title: &str, entries: &[PrincipalAccess]) -> Vec<Line> {
    let (allowed, denied): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.effect == Effect::Allow);
    let mut lines = match allowed.as_slice() {
        [] => vec![Line::at(0).styled(Style::Warning, "No principal can assume this role.")],
        allowed => section(title, allowed),
    };
    if !denied.is_empty() {
        lines.extend(section("Denied principals", &denied));
    }
    lines
}

fn section(title: &str, entries: &[&PrincipalAccess]) -> Vec<Line> {
    let width = widest(entries.iter().map(|entry| &entry.principal));
    let mut lines = vec![Line::heading(title)];
    for entry in entries {
        let (style, label) = access_label(entry);
        let line = Line::verbatim(2).column(Style::Plain, &entry.principal, width).column(style, label, LABEL);
        lines.push(line.styled(Style::Faint, format!("({})", entry.statement)));
        let detail = |text: String| Line::at(6).text(text);
        if entry.actions.iter().any(|action| action != "sts:AssumeRole") {
            lines.push(detail(format!("using {}", entry.actions.join(", "))));
        }
        lines.extend(entry.conditions.iter().map(|condition| detail(format!("when {condition}"))));
        lines.extend(entry.why.as_ref().map(|why| Line::at(6).styled(Style::Faint, why)));
    }
    lines
}

/// The length of the longest label.
const LABEL: usize = 13;

fn access_label(entry: &PrincipalAccess) -> (Style, &'static str) {
    match (entry.effect, entry.can) {
        (Effect::Allow, Can::Always) if matches!(entry.kind, PrincipalKind::Anyone | PrincipalKind::Others) => {
            (Style::Error, "always")
        }
        (Effect::Allow, Can::Always) => (Style::Success, "always"),
        (_, Can::Conditionally) => (Style::Warning, "conditionally"),
        (Effect::Allow, Can::Never) => (Style::Error, "never"),
        (Effect::Deny, _) => (Style::Error, "always"),
    }
}
