//! Lists every account of the organization, page by page and not faster than Organizations allows.

use std::time::Duration;

use onboarding_core::account::Account;
use onboarding_core::error::ApiError;
use onboarding_core::time::since;

use crate::pages::Pages;
use crate::ports::{AccountPage, Clock, Directory, UnreadableAccount};

/// `ListAccounts` is limited to 8 requests per second.
///
/// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>.
const BETWEEN_PAGES: Duration = Duration::from_millis(125);

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
pub async fn all_accounts(world: &(impl Directory + Clock)) -> Result<AllAccounts, ApiError> {
    let mut all = AllAccounts::default();
    let mut pages = Pages::of("organizations:ListAccounts");
    let mut from = None;
    loop {
        let started = world.now();
        let AccountPage { accounts, unreadable, next } = world.accounts(from.clone()).await?;
        all.accounts.extend(accounts);
        all.unreadable.extend(unreadable);
        from = pages.next(next)?;
        if from.is_none() {
            return Ok(all);
        }
        world.sleep(BETWEEN_PAGES.saturating_sub(since(started, world.now()))).await;
    }
}
