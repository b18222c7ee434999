//! `onboard audit`: every account × every requirement, from the records or live.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use anyhow::bail;

use super::account::run_name;
use super::accounts::warn_of_unit_ids;
use super::audit_args::{AuditArgs, AuditFormat};
use super::common_args::Aws;
use super::config;
use super::exit::Exit;
use super::explained::explained_error;
use super::output_file::{ensure_can_write, write_report};
use super::progress::Progress;
use super::selection_args::{cannot_list_all, cannot_select};
use onboarding_core::account::{Account, AccountId};
use onboarding_core::audit::{
    AccountStatus, Audit, AuditedAccount, ConfigurationMatch, audit_csv, audit_html, audit_json, audit_lines,
};
use onboarding_core::lines::{plain, render};
use onboarding_core::organizational_unit::UnitId;
use onboarding_core::selection::Selection;
use onboarding_core::suggestion::counted;
use onboarding_core::text::{escaped_json, printable};
use onboarding_engine::ports::{ManageAccounts, World};
use onboarding_engine::{Engine, SelectedPages, WhileListing, select_accounts, unit_paths};

pub(super) async fn audit<W: World + ManageAccounts>(
    arguments: AuditArgs,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let format = arguments.format();
    if format == AuditFormat::Html && arguments.out.is_none() && std::io::stdout().is_terminal() {
        bail!("HTML is for a browser, and stdout is a terminal; write the page to a file with `--out audit.html`");
    }
    arguments.out.as_deref().map_or(Ok(()), ensure_can_write)?;
    let config = config::load(&arguments.config)?;
    if arguments.live {
        config::refuse_example_values(&config)?;
    }
    let selection = arguments.selection.selection()?.unwrap_or_else(Selection::all);
    let engine = Engine::new(connect(&arguments.aws).await?, config);
    if !arguments.live && !engine.world.records_enabled() {
        bail!(
            "the audit needs the table of records; pass `--records TABLE` (output `RecordsTable` of the stack), or `--live` to read the \
             accounts themselves"
        );
    }
    let audit = if arguments.live {
        live(&engine, &selection, usize::from(arguments.concurrency)).await?
    } else {
        let selected = select_accounts(&engine.world, &selection, &engine.config.excluded).await;
        let selected = selected.map_err(cannot_select)?;
        let units = units(&engine.world, &selected.accounts).await;
        let audit = engine.audit_records(&selection, selected, &units).await;
        audit.map_err(|error| explained_error("cannot read the records", &error))?
    };
    show(&audit, format, &arguments)?;
    Ok(if arguments.check { exit(&audit) } else { Exit::Done })
}

/// The path of the unit of each account: of names, or of IDs if the names cannot be read.
async fn units(world: &(impl World + ManageAccounts), accounts: &[Account]) -> BTreeMap<AccountId, String> {
    match unit_paths(world, accounts).await {
        Ok(units) => units,
        Err(error) => {
            warn_of_unit_ids(&printable(&error.to_string()));
            let unit = |path: &str| path.split('/').rev().find_map(|part| part.parse::<UnitId>().ok());
            let known = accounts
                .iter()
                .filter_map(|account| Some((account.id.clone(), unit(account.ou_path.as_deref()?)?.to_string())));
            known.collect()
        }
    }
}

/// Plans for each account, while the accounts are listed.
async fn live<W: World + ManageAccounts>(
    engine: &Engine<W>,
    selection: &Selection,
    concurrency: usize,
) -> anyhow::Result<Audit> {
    let mut progress = Progress::new("Reading", None);
    let mut accounts = Vec::new();
    let mut read = 0;
    let pages = SelectedPages::new(&engine.world, selection, &engine.config.excluded);
    let run = run_name(&engine.world);
    let audit = engine.audit_live(pages, &run, concurrency, |step| match step {
        WhileListing::Listed(page) => {
            progress.listed(&page);
            accounts.extend(page.selected.accounts);
        }
        WhileListing::Ended(_) => {
            progress.advance();
            read += 1;
        }
    });
    let audit = audit.await;
    drop(progress);
    let mut audit = audit.map_err(|error| cannot_list_all(error, read, "audit"))?;
    audit.set_units(&units(&engine.world, &accounts).await);
    Ok(audit)
}

fn show(audit: &Audit, format: AuditFormat, arguments: &AuditArgs) -> anyhow::Result<()> {
    let Some(path) = &arguments.out else {
        // A page is written as it is: the filter of a terminal would change it.
        match format {
            AuditFormat::Text => print_text!("{}", render(&audit_lines(audit))),
            AuditFormat::Json => print_line!("{}", json(audit)?),
            AuditFormat::Csv => print_text!("{}", audit_csv(audit)),
            AuditFormat::Html => print_text!("{}", audit_html(audit)),
        }
        return Ok(());
    };
    let text = match format {
        AuditFormat::Text => plain(&audit_lines(audit)),
        AuditFormat::Json => json(audit)? + "\n",
        AuditFormat::Csv => audit_csv(audit),
        AuditFormat::Html => audit_html(audit),
    };
    let attention = audit.accounts.iter().filter(|account| account.needs_attention()).count();
    let converged = audit.count(AccountStatus::Converged);
    let total = counted(audit.accounts.len(), "account");
    let verb = if attention == 1 { "needs" } else { "need" };
    let departed = match audit.departed.len() {
        0 => String::new(),
        count => format!(", and {} no longer in the organization", counted(count, "account")),
    };
    write_report(path, &text, &format!("{total}, {converged} converged, {attention} {verb} attention{departed}"))
}

fn json(audit: &Audit) -> anyhow::Result<String> {
    Ok(escaped_json(&serde_json::to_string_pretty(&audit_json(audit))?))
}

/// The exit code of `--check`: the most severe status decides. What holds with another configuration is not known to hold.
fn exit(audit: &Audit) -> Exit {
    let of_account = |account: &AuditedAccount| match account.status {
        AccountStatus::Blocked => Exit::Blocked,
        AccountStatus::Waiting => Exit::Waiting,
        AccountStatus::Drift | AccountStatus::NeverSeen => Exit::Pending,
        AccountStatus::Converged if account.configuration == ConfigurationMatch::Different => Exit::Pending,
        AccountStatus::Converged => Exit::Done,
    };
    Exit::most_severe(audit.accounts.iter().map(of_account))
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
