//! Lists every account of the organization, page by page.

use onboarding_core::account::Account;
use onboarding_core::error::ApiError;

use crate::pages::read_pages;
use crate::ports::{AccountPage, Directory, UnreadableAccount};

/// The accounts of an organization, as Organizations lists them.
#[derive(Default)]
pub struct AllAccounts {
    /// Those that can be read, the management account included.
    pub accounts: Vec<Account>,
    /// Those whose description cannot be read.
    pub unreadable: Vec<UnreadableAccount>,
}

/// Lists all accounts of the organization.
///
/// # Errors
/// When a page cannot be read, or leads back to one that was read.
pub async fn all_accounts(world: &impl Directory) -> Result<AllAccounts, ApiError> {
    let mut all = AllAccounts::default();
    read_pages("organizations:ListAccounts", async |from| {
        let AccountPage { accounts, unreadable, next } = world.accounts(from).await?;
        all.accounts.extend(accounts);
        all.unreadable.extend(unreadable);
        Ok(next)
    })
    .await?;
    Ok(all)
}
