//! The arguments that select accounts: those of every command that is for many accounts.

use anyhow::anyhow;
use clap::{Args as ClapArgs, ValueHint};
use clap_complete::ArgValueCandidates;

use super::common_args::account_id;
use super::completion;
use super::explained::explained_error;
use super::input::{input_name, read};
use onboarding_core::account::AccountId;
use onboarding_core::organizational_unit::UnitSelector;
use onboarding_core::selection::{RequestedId, Scope, Selection, TagFilter, parse_account_file};
use onboarding_core::suggestion::thousands;
use onboarding_engine::SelectError;

/// How many errors of a file are printed.
const SHOWN: usize = 20;

/// Units and accounts are added up; tags narrow them.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(super) struct SelectionArgs {
    /// Every account of the organization
    #[arg(long, conflicts_with_all = ["ou", "account", "accounts_file"])]
    pub(super) all: bool,
    /// Accounts of an organizational unit and the units below it: an ID, or a path of names such as Workloads/Production; repeat
    /// the option for several
    #[arg(long, value_name = "UNIT")]
    pub(super) ou: Vec<UnitSelector>,
    /// Account ID, 12 digits; repeat the option for several
    #[arg(long, value_name = "ID", value_parser = account_id, add = ArgValueCandidates::new(completion::accounts))]
    pub(super) account: Vec<AccountId>,
    /// File with account IDs, or `-` for stdin: one on each line, or a CSV file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) accounts_file: Option<String>,
    /// Only the accounts with this tag; repeat the option for other values of the tag, and for other tags that must be present, too
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) tag: Vec<TagFilter>,
}

impl SelectionArgs {
    /// What the options ask for; `None` if there is none of them. Reads the file of `--accounts-file`.
    pub(super) fn selection(&self) -> anyhow::Result<Option<Selection>> {
        let names_some = !self.ou.is_empty() || !self.account.is_empty() || self.accounts_file.is_some();
        if !self.all && !names_some && self.tag.is_empty() {
            return Ok(None);
        }
        let tags = self.tag.clone();
        if !names_some {
            return Ok(Some(Selection { scope: Scope::All, tags }));
        }
        let mut accounts: Vec<_> = self.account.iter().map(|id| RequestedId { id: id.clone(), place: None }).collect();
        if let Some(file) = &self.accounts_file {
            accounts.extend(accounts_of(file)?);
        }
        Ok(Some(Selection { scope: Scope::Named { units: self.ou.clone(), accounts }, tags }))
    }
}

/// The accounts of a file.
fn accounts_of(file: &str) -> anyhow::Result<Vec<RequestedId>> {
    let text = read(file)?;
    let name = if file == "-" { input_name(file) } else { file.to_owned() };
    let accounts = parse_account_file(&text).map_err(|errors| {
        let mut lines: Vec<_> = errors.iter().take(SHOWN).map(|error| format!("{name}:{error}")).collect();
        if let Some(more) = errors.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            lines.push(format!("and {more} more errors"));
        }
        anyhow!("{}", lines.join("\n"))
    })?;
    let requested = |(line, id)| RequestedId { id, place: Some(format!("{name}:{line}")) };
    Ok(accounts.into_iter().map(requested).collect())
}

/// Why no account is selected, as an error of the command line.
pub(super) fn cannot_select(error: SelectError) -> anyhow::Error {
    match error {
        SelectError::Api(error) => explained_error("cannot list the accounts of the organization", &error),
        error @ (SelectError::NotFound(_) | SelectError::Nothing(_)) => anyhow!("{error}"),
    }
}

/// The same after accounts were read while the list was read: nothing is made of a part of them that could look like all.
pub(super) fn cannot_list_all(error: SelectError, read: usize, what: &str) -> anyhow::Error {
    let error = cannot_select(error);
    if read == 0 {
        return error;
    }
    let plural = if read == 1 { "" } else { "s" };
    let read = thousands(read);
    anyhow!(
        "{error}; {read} account{plural} had been read by then, no {what} is made of a part, and nothing was changed"
    )
}
