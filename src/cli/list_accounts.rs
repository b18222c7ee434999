//! `onboard accounts list`: the accounts of the organization.

use futures_util::stream::{StreamExt, TryStreamExt, iter};

use super::accounts::{CONCURRENT_RECORDS, cannot_list, record, sort, warn_of_unreadable};
use super::accounts_args::{ListAccounts, ListFormat};
use super::common_args::Aws;
use super::exit::Exit;
use super::explained::explained_error;
use onboarding_core::account::Account;
use onboarding_core::account_list::{ListedAccount, Recorded, account_csv, account_json, account_lines};
use onboarding_core::lines::render;
use onboarding_core::text::escaped_json;
use onboarding_engine::ports::{Clock, ManageAccounts, Records};
use onboarding_engine::{all_members, unit_paths};

pub(super) async fn list<W: ManageAccounts + Records + Clock>(
    ListAccounts { format, aws }: ListAccounts,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let world = connect(&aws).await?;
    let (accounts, unreadable) = read(&world).await?;
    warn_of_unreadable(unreadable);
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
    let found = all_members(world).await.map_err(cannot_list)?;
    let mut accounts: Vec<Account> = found.members.into_iter().map(|member| member.account).collect();
    sort(&mut accounts);
    let units = unit_paths(world, &accounts).await;
    let units = units.map_err(|error| explained_error("cannot read the units of the organization", &error))?;
    let listed = async |account: &Account| {
        let recorded = record(world, account).await?.map(|record| Recorded::new(record.result.as_ref()));
        anyhow::Ok(ListedAccount::new(account, units.get(&account.id).map_or("", String::as_str), recorded))
    };
    let accounts = iter(&accounts).map(listed).buffered(CONCURRENT_RECORDS).try_collect().await?;
    Ok((accounts, found.unreadable.len()))
}

#[cfg(test)]
#[path = "list_accounts_tests.rs"]
mod tests;
