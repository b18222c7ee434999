//! The accounts of the organization with their emails, and the requests for accounts that are in progress.

use onboarding_core::error::ApiError;
use onboarding_core::new_account::{AccountEmail, AccountName};

use crate::pages::read_pages;
use crate::ports::{AccountRequest, ManageAccounts, Member, MemberPage, RequestPage, UnreadableAccount};

/// The accounts of the organization.
#[derive(Debug, Default)]
pub struct Members {
    /// Those that can be read, the management account included.
    pub members: Vec<Member>,
    /// Those whose description cannot be read.
    pub unreadable: Vec<UnreadableAccount>,
}

impl Members {
    /// The account with this email.
    pub(super) fn with_email(&self, email: &AccountEmail) -> Option<&Member> {
        let has_email = |member: &&Member| member.email.as_ref().is_some_and(|found| email.is_same(found.raw()));
        self.members.iter().find(has_email)
    }
}

/// Lists all accounts of the organization.
///
/// # Errors
/// When a page cannot be read, or leads back to one that was read.
pub async fn all_members(world: &impl ManageAccounts) -> Result<Members, ApiError> {
    let mut all = Members::default();
    read_pages("organizations:ListAccounts", async |from| {
        let MemberPage { members, unreadable, next } = world.members(from).await?;
        all.members.extend(members);
        all.unreadable.extend(unreadable);
        Ok(next)
    })
    .await?;
    Ok(all)
}

/// The requests in progress for accounts of this name.
pub(super) async fn requests_for(world: &impl ManageAccounts, name: &AccountName) -> Result<Vec<String>, ApiError> {
    let requests = requests_in_progress(world).await?;
    Ok(with_name(&requests, name))
}

/// The IDs of the requests for accounts of this name.
pub(super) fn with_name(requests: &[AccountRequest], name: &AccountName) -> Vec<String> {
    let found = requests.iter().filter(|request| request.name == name.as_str());
    found.map(|request| request.id.clone()).collect()
}

/// All requests in progress.
pub(super) async fn requests_in_progress(world: &impl ManageAccounts) -> Result<Vec<AccountRequest>, ApiError> {
    let mut all = Vec::new();
    read_pages("organizations:ListCreateAccountStatus", async |from| {
        let RequestPage { requests, next } = world.requests_in_progress(from).await?;
        all.extend(requests);
        Ok(next)
    })
    .await?;
    Ok(all)
}
