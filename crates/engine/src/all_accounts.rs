//! Lists every account of the organization, page by page and not faster than Organizations allows.

use std::time::Duration;

use onboarding_core::account::Account;
use onboarding_core::error::ApiError;
use onboarding_core::time::since;

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
/// When a page cannot be read, or leads to itself.
pub async fn all_accounts(world: &(impl Directory + Clock)) -> Result<AllAccounts, ApiError> {
    let mut all = AllAccounts::default();
    let mut from = None;
    loop {
        let started = world.now();
        let AccountPage { accounts, unreadable, next } = world.accounts(from.clone()).await?;
        all.accounts.extend(accounts);
        all.unreadable.extend(unreadable);
        if next.is_some() && next == from {
            let message = "the pagination token leads to the same page again";
            return Err(ApiError::new("organizations:ListAccounts", "MalformedAnswer", message));
        }
        let Some(next) = next else { return Ok(all) };
        from = Some(next);
        world.sleep(BETWEEN_PAGES.saturating_sub(since(started, world.now()))).await;
    }
}
