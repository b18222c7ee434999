//! The port of `onboard accounts`: creates accounts and moves them in the organization. The function has no such permission.

use std::future::Future;

use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::new_account::NewAccount;
use onboarding_core::organizational_unit::{Unit, UnitId};
use onboarding_core::text::Untrusted;

use super::{Directory, UnreadableAccount};

/// Creates accounts, and reads and changes where they are.
pub trait ManageAccounts: Directory {
    /// `organizations:ListAccounts`, one page, with the emails.
    fn members(&self, from: Option<String>) -> impl Future<Output = Result<MemberPage, ApiError>> + Send;

    /// `organizations:CreateAccount`: returns the ID of the request. The call is not repeated if its result is ambiguous.
    fn request_account(&self, account: &NewAccount) -> impl Future<Output = Result<String, ApiError>> + Send;

    /// `organizations:ListCreateAccountStatus`, one page of the requests that are in progress.
    fn requests_in_progress(&self, from: Option<String>) -> impl Future<Output = Result<RequestPage, ApiError>> + Send;

    /// `organizations:ListParents`: the unit that an account is in.
    fn parent(&self, account: &AccountId) -> impl Future<Output = Result<UnitId, ApiError>> + Send;

    /// `organizations:MoveAccount`.
    fn move_account(
        &self,
        account: &AccountId,
        from: &UnitId,
        to: &UnitId,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// `organizations:ListRoots`: the root of the organization.
    fn root(&self) -> impl Future<Output = Result<Unit, ApiError>> + Send;

    /// `organizations:DescribeOrganizationalUnit`; `None` if there is no such unit.
    fn unit(&self, id: &UnitId) -> impl Future<Output = Result<Option<Unit>, ApiError>> + Send;
}

/// An account, and the email address of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The account.
    pub account: Account,
    /// The email address, if Organizations returned one.
    pub email: Option<Untrusted>,
}

/// One page of accounts, and the token of the next page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberPage {
    /// The accounts.
    pub members: Vec<Member>,
    /// The accounts whose description is incomplete or not understood.
    pub unreadable: Vec<UnreadableAccount>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// A request for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRequest {
    /// Its ID, such as `car-…`.
    pub id: String,
    /// The name of the account. Organizations does not return the email.
    pub name: Untrusted,
}

/// One page of requests, and the token of the next page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestPage {
    /// The requests.
    pub requests: Vec<AccountRequest>,
    /// Where the next page starts.
    pub next: Option<String>,
}
