//! `onboard accounts list`: the accounts of the organization.

use futures_util::stream::{StreamExt, TryStreamExt, iter};

use super::accounts_args::{ListAccounts, ListFormat};
use super::common_args::Aws;
use super::exit::Exit;
use super::explained::explained_error;
use super::output::warn;
use onboarding_core::account::Account;
use onboarding_core::account_list::{ListedAccount, Recorded, account_csv, account_json, account_lines};
use onboarding_core::lines::render;
use onboarding_core::suggestion::counted;
use onboarding_core::text::escaped_json;
use onboarding_engine::ports::{Clock, ManageAccounts, Records};
use onboarding_engine::{all_members, unit_paths};

/// How many records are read at the same time.
const CONCURRENT_RECORDS: usize = 16;

pub(super) async fn list<W: ManageAccounts + Records + Clock>(
    ListAccounts { format, aws }: ListAccounts,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let world = connect(&aws).await?;
    let (accounts, unreadable) = read(&world).await?;
    if unreadable > 0 {
        warn(format_args!(
            "{} could not be listed, because what AWS returned about it cannot be read",
            counted(unreadable, "account")
        ));
    }
    match format {
        ListFormat::Text => print_text!("{}", render(&account_lines(&accounts))),
        ListFormat::Csv => print_text!("{}", account_csv(&accounts)),
        ListFormat::Json => {
            print_line!("{}", escaped_json(&serde_json::to_string_pretty(&account_json(&accounts))?));
        }
    }
    Ok(Exit::Done)
}

/// The accounts, sorted by name and ID, and the number of those that cannot be read.
async fn read(world: &(impl ManageAccounts + Records + Clock)) -> anyhow::Result<(Vec<ListedAccount>, usize)> {
    let cannot_list = |error| explained_error("cannot list the accounts of the organization", &error);
    let found = all_members(world).await.map_err(cannot_list)?;
    let mut accounts: Vec<Account> = found.members.into_iter().map(|member| member.account).collect();
    accounts.sort_by(|a, b| (a.name.raw(), &a.id).cmp(&(b.name.raw(), &b.id)));
    let units = unit_paths(world, &accounts).await;
    let units = units.map_err(|error| explained_error("cannot read the units of the organization", &error))?;
    let listed = async |account: &Account| {
        let recorded = recorded(world, account).await?;
        anyhow::Ok(ListedAccount::new(account, units.get(&account.id).map_or("", String::as_str), recorded))
    };
    let accounts = iter(&accounts).map(listed).buffered(CONCURRENT_RECORDS).try_collect().await?;
    Ok((accounts, found.unreadable.len()))
}

async fn recorded(world: &impl Records, account: &Account) -> anyhow::Result<Option<Recorded>> {
    if !world.records_enabled() {
        return Ok(None);
    }
    let record = world
        .load_record(account.id.as_str())
        .await
        .map_err(|error| explained_error(&format!("cannot read the record of account {}", account.id), &error))?;
    Ok(Some(Recorded::new(record.result.as_ref())))
}

#[cfg(test)]
#[path = "list_accounts_tests.rs"]
mod tests;
