//! AWS Organizations as `onboard accounts` uses it: creating and moving accounts, and the organizational units.

use crate::account::ROOT;
use crate::account_factory::ROOT_NAME;
use crate::call::CallInfo;
use crate::organization::FakeOrganization;
use crate::rejection::Rejection;
use crate::state::State;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::new_account::NewAccount;
use onboarding_core::organizational_unit::{Unit, UnitId};
use onboarding_engine::ports::{AccountRequest, Directory, ManageAccounts, Member, MemberPage, RequestPage};

impl FakeOrganization {
    pub(super) async fn organizations<T>(
        &self,
        call: &'static str,
        write: bool,
        answer: impl FnOnce(&mut State) -> Result<T, Rejection>,
    ) -> Result<T, ApiError> {
        let management = self.lock().management.clone();
        self.perform_call(CallInfo { account: &management, call, role: None, write }, answer).await
    }
}

impl ManageAccounts for FakeOrganization {
    async fn members(&self, from: Option<String>) -> Result<MemberPage, ApiError> {
        let page = self.accounts(from).await?;
        let state = self.lock();
        let email = |id: &AccountId| state.accounts.get(id)?.email.as_deref().map(Into::into);
        let members = page.accounts.into_iter().map(|account| Member { email: email(&account.id), account });
        Ok(MemberPage { members: members.collect(), unreadable: page.unreadable, next: page.next })
    }

    async fn request_account(&self, account: &NewAccount) -> Result<String, ApiError> {
        self.organizations("organizations:CreateAccount", true, |state| state.create_requested(account)).await
    }

    async fn requests_in_progress(&self, from: Option<String>) -> Result<RequestPage, ApiError> {
        self.organizations("organizations:ListCreateAccountStatus", false, |state| {
            let pending = state.creations.iter().filter(|(_, pending)| !pending.done);
            let after = pending.filter(|(id, _)| from.as_ref().is_none_or(|from| *id > from));
            let mut requests: Vec<_> = after
                .map(|(id, pending)| AccountRequest { id: id.clone(), name: pending.name.as_str().into() })
                .collect();
            let more = requests.len() > state.page_size;
            requests.truncate(state.page_size);
            let next = requests.last().filter(|_| more).map(|request| request.id.clone());
            Ok(RequestPage { requests, next })
        })
        .await
    }

    async fn parent(&self, account: &AccountId) -> Result<UnitId, ApiError> {
        self.organizations("organizations:ListParents", false, |state| match state.accounts.get(account) {
            Some(account) => unit_id(&account.unit),
            None => Err(Rejection::new("ChildNotFoundException", "You specified a child that doesn't exist.")),
        })
        .await
    }

    async fn move_account(&self, account: &AccountId, from: &UnitId, to: &UnitId) -> Result<(), ApiError> {
        self.organizations("organizations:MoveAccount", true, |state| {
            let has_destination = state.account_factory.has_unit(to.as_str());
            let id = account;
            let Some(account) = state.accounts.get_mut(id) else {
                return Err(Rejection::new("AccountNotFoundException", "You specified an account that doesn't exist."));
            };
            if !has_destination {
                return Err(Rejection::new("DestinationParentNotFoundException", ""));
            }
            if account.unit == to.as_str() {
                return Err(Rejection::new("DuplicateAccountException", "The account is already present."));
            }
            if account.unit != from.as_str() {
                return Err(Rejection::new("SourceParentNotFoundException", ""));
            }
            to.as_str().clone_into(&mut account.unit);
            state.update_path(id);
            Ok(())
        })
        .await
    }

    async fn root(&self) -> Result<Unit, ApiError> {
        let root = |_: &mut State| Ok(Unit { id: unit_id(ROOT)?, name: ROOT_NAME.into() });
        self.organizations("organizations:ListRoots", false, root).await
    }

    async fn unit(&self, id: &UnitId) -> Result<Option<Unit>, ApiError> {
        self.organizations("organizations:DescribeOrganizationalUnit", false, |state| {
            let found = state.account_factory.units.get(id.as_str());
            Ok(found.map(|(name, _)| Unit { id: id.clone(), name: name.as_str().into() }))
        })
        .await
    }
}

pub(super) fn unit_id(text: &str) -> Result<UnitId, Rejection> {
    text.parse().map_err(|_| Rejection::new("InvalidInputException", format!("`{text}` is not a unit")))
}
