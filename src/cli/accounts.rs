//! The accounts of the organization, their records, and the access role of each: for `links`, `aws-config` and `accounts list`.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use futures_util::stream::{StreamExt, TryStreamExt, iter};

use super::access_args::Roles;
use super::config;
use super::explained::{explained, explained_error};
use super::output::warn;
use onboarding_core::account::{Account, AccountId};
use onboarding_core::config::Config;
use onboarding_core::console::can_assume_access_role;
use onboarding_core::error::ApiError;
use onboarding_core::last_result::LastResult;
use onboarding_core::lines::{Line, Style};
use onboarding_core::record::Record;
use onboarding_core::role::RoleName;
use onboarding_core::selection::{Listing, Scope, Selected, SkippedAccount, find};
use onboarding_core::suggestion::{counted, did_you_mean, list_of};
use onboarding_engine::ports::{Clock, Directory, Records, World};
use onboarding_engine::{AllAccounts, Engine, all_accounts};

/// How many records are read at the same time.
pub(super) const CONCURRENT_RECORDS: usize = 16;

/// How many skipped accounts the text names.
const SHOWN: usize = 10;

/// The accounts of an organization.
#[derive(Default)]
pub(super) struct Listed {
    /// The active member accounts that the configuration does not exclude, sorted by name and ID.
    pub(super) accounts: Vec<Account>,
    /// The others.
    pub(super) skipped: Vec<SkippedAccount>,
    /// The management account.
    pub(super) management: Option<AccountId>,
}

/// Lists the accounts of the organization.
pub(super) async fn list(world: &(impl Directory + Clock), config: &Config) -> anyhow::Result<Listed> {
    let AllAccounts { accounts, unreadable } = all_accounts(world).await.map_err(cannot_list)?;
    let management = accounts.first().map(|account| account.management.clone());
    let unreadable = unreadable.into_iter().map(|account| (account.id, account.problem)).collect();
    let listing = Listing { accounts, unreadable, ..Listing::default() };
    let Selected { mut accounts, skipped } = find(&Scope::All, &BTreeSet::new(), listing, &config.excluded)?;
    sort(&mut accounts);
    Ok(Listed { accounts, skipped, management })
}

pub(super) fn cannot_list(error: ApiError) -> anyhow::Error {
    explained_error("cannot list the accounts of the organization", &error)
}

/// Sorts accounts by name and ID.
pub(super) fn sort(accounts: &mut [Account]) {
    accounts.sort_by(|a, b| (a.name.raw(), &a.id).cmp(&(b.name.raw(), &b.id)));
}

/// Warns of accounts that a list leaves out.
pub(super) fn warn_of_unreadable(count: usize) {
    if count > 0 {
        let accounts = counted(count, "account");
        warn(format_args!("{accounts} could not be listed, because what AWS returned about it cannot be read"));
    }
}

/// Warns that units are shown with their IDs.
pub(super) fn warn_of_unit_ids(problem: &str) {
    warn(format_args!("the names of the units cannot be read, so that their IDs are shown: {problem}"));
}

/// The record of an account; `None` without the table.
pub(super) async fn record(world: &impl Records, account: &Account) -> anyhow::Result<Option<Record>> {
    if !world.records_enabled() {
        return Ok(None);
    }
    let record = world.load_record(account.id.as_str()).await;
    let what = || format!("cannot read the record of account {}", account.id);
    Ok(Some(record.map_err(|error| explained_error(&what(), &error))?))
}

/// Looks up one account, which must be an active member that the configuration does not exclude.
pub(super) async fn one<W: World>(engine: &Engine<W>, id: &AccountId) -> anyhow::Result<Listed> {
    let account = engine.member(id).await.map_err(explained)?;
    Ok(Listed { management: Some(account.management.clone()), accounts: vec![account], ..Listed::default() })
}

impl Listed {
    /// Which accounts were skipped, and why.
    pub(super) fn skipped_lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        if !self.skipped.is_empty() {
            lines.push(Line::blank());
        }
        for skipped in self.skipped.iter().take(SHOWN) {
            lines.push(Line::at(0).styled(Style::Faint, format!("Skipped: {skipped}")));
        }
        if let Some(more) = self.skipped.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            lines.push(Line::at(0).styled(Style::Faint, format!("Skipped: {more} more accounts")));
        }
        lines
    }
}

/// The configuration, with the options of the command line.
pub(super) fn configuration(roles: &Roles) -> anyhow::Result<Config> {
    let mut config = config::load(&roles.config)?;
    if let Some(portal) = &roles.access_portal {
        config.console.access_portal = Some(portal.clone());
    }
    if let Some(set) = &roles.permission_set {
        config.console.permission_set = Some(set.clone());
    }
    if let Some(role) = &roles.access_role {
        let names = || config.access_role.all_names().map(RoleName::as_str);
        ensure!(
            names().any(|name| name == role.as_str()),
            "`{role}` is not an access role; the configuration has {}{}",
            list_of(names()),
            did_you_mean(role.as_str(), names())
        );
    }
    Ok(config)
}

/// The access role of each account: that of the option, or the one that the record of the account names, or the first of the
/// configuration that is granted to an identity account.
pub(super) async fn access_roles(
    world: &impl Records,
    config: &Config,
    accounts: &[Account],
    option: Option<&RoleName>,
) -> anyhow::Result<Vec<RoleName>> {
    let names = &config.access_role.names;
    let first = names.first().context("the configuration has no access role")?;
    let role_of = async |account: &Account| {
        if let Some(role) = option {
            return Ok(role.clone());
        }
        let recorded = record(world, account).await?.and_then(|record| record.result);
        let is_recorded = |name: &&RoleName| {
            let is_the_role = |result: &LastResult| match &result.access_role {
                Some(role) => role == name.as_str(),
                // Records of earlier versions do not name it, but it is among the requirements.
                None => result.requirements.contains_key(name.as_str()),
            };
            recorded.as_ref().is_some_and(is_the_role)
        };
        let is_granted = |name: &&RoleName| !can_assume_access_role(config, account, name).is_empty();
        let role = config.access_role.all_names().find(is_recorded).or_else(|| names.iter().find(is_granted));
        anyhow::Ok(role.unwrap_or(first).clone())
    };
    iter(accounts).map(role_of).buffered(CONCURRENT_RECORDS).try_collect().await
}
