//! AWS Organizations (accounts, their creation requests) and the SSM parameters of the management account.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use secrecy::SecretString;

use crate::account::SimAccount;
use crate::call::CallInfo;
use crate::manage_accounts::unit_id;
use crate::organization::FakeOrganization;
use crate::rejection::Rejection;
use crate::state::State;
use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::organizational_unit::{Unit, UnitId};
use onboarding_core::time::since;
use onboarding_engine::ports::{
    AccountPage, Creation, Directory, ParameterKind, ParameterPage, ParameterValue, Secrets, TagPage, UnitPage,
    UnreadableAccount,
};

impl Directory for FakeOrganization {
    async fn account(&self, id: &AccountId) -> Result<Option<Account>, ApiError> {
        let acting = self.acting().await?;
        let management = self.lock().management.clone();
        let info = CallInfo { account: &management, call: "organizations:DescribeAccount", role: None, write: false };
        self.perform_call(info, |state| {
            acting.check_organization(state, info.call)?;
            Ok(state.accounts.get(id).map(|account| described(state, id, account)))
        })
        .await
    }

    async fn accounts(&self, from: Option<String>) -> Result<AccountPage, ApiError> {
        let acting = self.acting().await?;
        let management = self.lock().management.clone();
        let info = CallInfo { account: &management, call: "organizations:ListAccounts", role: None, write: false };
        self.perform_call(info, |state| {
            acting.check_organization(state, info.call)?;
            // The pagination token is the last id of the previous page.
            if from.as_ref().is_some_and(|from| !state.accounts.keys().any(|id| id.as_str() == from)) {
                return Err(Rejection::new("InvalidInputException", "You provided a token that is not valid."));
            }
            let repeats = state.repeats_accounts;
            let is_repeated = |id: &AccountId, from: &String| repeats && id.as_str() == from;
            let after =
                |id: &&AccountId| from.as_ref().is_none_or(|from| id.as_str() > from.as_str() || is_repeated(id, from));
            let mut remaining = state.accounts.keys().filter(after).skip(state.page_size).peekable();
            let more = remaining.peek().is_some();
            let listed = state.accounts.iter().filter(|(id, _)| after(id)).take(state.page_size);
            let listed: Vec<_> = listed.collect();
            let next = listed.last().filter(|_| more).map(|(id, _)| id.as_str().to_owned());
            let (unreadable, readable): (Vec<_>, Vec<_>) =
                listed.into_iter().partition(|(id, _)| state.unreadable.contains(*id));
            let unreadable = unreadable.into_iter().map(|(id, _)| UnreadableAccount {
                id: Some(id.clone()),
                problem: "organizations:ListAccounts failed: MalformedAnswer: the response has no state".to_owned(),
            });
            Ok(AccountPage {
                unreadable: unreadable.collect(),
                accounts: readable.into_iter().map(|(id, account)| described(state, id, account)).collect(),
                next,
            })
        })
        .await
    }

    async fn account_tags(&self, id: &AccountId, from: Option<String>) -> Result<TagPage, ApiError> {
        let acting = self.acting().await?;
        let management = self.lock().management.clone();
        let call = "organizations:ListTagsForResource";
        self.perform_call(CallInfo { account: &management, call, role: None, write: false }, |state| {
            acting.check_organization(state, call)?;
            if state.unreadable_tags.contains(id) {
                let message = "You don't have permissions to access this resource.";
                return Err(Rejection::new("AccessDeniedException", message));
            }
            let Some(account) = state.accounts.get(id) else {
                return Err(Rejection::new("TargetNotFoundException", "You specified a target that doesn't exist."));
            };
            // The pagination token is the last key of the previous page.
            let after = account.tags.iter().filter(|(key, _)| from.as_ref().is_none_or(|from| *key > from));
            let mut after = after.map(|(key, value)| (key.clone(), value.clone()));
            let tags: BTreeMap<_, _> = after.by_ref().take(state.page_size).collect();
            let last = tags.keys().last().cloned();
            Ok(TagPage { next: after.next().and(last), tags })
        })
        .await
    }

    async fn account_creation(&self, request: &str) -> Result<Creation, ApiError> {
        let acting = self.acting().await?;
        let management = self.lock().management.clone();
        let call = "organizations:DescribeCreateAccountStatus";
        self.perform_call(CallInfo { account: &management, call, role: None, write: false }, |state| {
            acting.check_organization(state, call)?;
            // The quota is two requests per second: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
            let now = state.now;
            state.polls.retain(|at| since(*at, now) < Duration::from_secs(1));
            if state.polls.len() >= 2 {
                return Err(Rejection::new("TooManyRequestsException", "Rate exceeded"));
            }
            state.polls.push(now);
            let Some(pending) = state.creations.get_mut(request) else { return Ok(Creation::Unknown) };
            pending.polls += 1;
            Ok(match (pending.done, &pending.settings.failure, &pending.id) {
                (false, ..) => Creation::InProgress,
                (true, None, Some(id)) => Creation::Succeeded(id.clone()),
                (true, Some(reason), _) => Creation::Failed(reason.clone()),
                (true, None, None) => Creation::Failed("INTERNAL_FAILURE".to_owned()),
            })
        })
        .await
    }

    async fn units_below(&self, parent: &UnitId, from: Option<String>) -> Result<UnitPage, ApiError> {
        self.organizations("organizations:ListOrganizationalUnitsForParent", false, |state| {
            if !state.account_factory.has_unit(parent.as_str()) {
                return Err(Rejection::new("ParentNotFoundException", "You specified parent that doesn't exist."));
            }
            let below = state.account_factory.units.iter().filter(|(_, (_, above))| above == parent.as_str());
            let after = below.filter(|(id, _)| from.as_ref().is_none_or(|from| *id > from));
            let units = after.map(|(id, (name, _))| Ok(Unit { id: unit_id(id)?, name: name.as_str().into() }));
            let mut units: Vec<_> = units.collect::<Result<_, Rejection>>()?;
            let more = units.len() > state.page_size;
            units.truncate(state.page_size);
            let next = units.last().filter(|_| more).map(|unit| unit.id.to_string());
            Ok(UnitPage { units, next })
        })
        .await
    }
}

fn described(state: &State, id: &AccountId, account: &SimAccount) -> Account {
    Account {
        id: id.clone(),
        name: account.name.as_str().into(),
        state: account.state.clone(),
        joined_at: account.joined_at,
        joined: account.joined,
        management: state.management.clone(),
        partition: state.partition.clone(),
        ou_path: account.ou_path.clone(),
    }
}

impl Secrets for FakeOrganization {
    async fn parameter(&self, name: &str) -> Result<SecretString, ApiError> {
        let management = self.lock().management.clone();
        let info = CallInfo { account: &management, call: "ssm:GetParameter", role: None, write: false };
        self.perform_call(info, |state| match state.parameters.get(name) {
            Some(value) => Ok(SecretString::from(value.as_str())),
            None => Err(Rejection::new("ParameterNotFound", "")),
        })
        .await
    }

    async fn parameters(&self, names: &[&str]) -> Result<BTreeMap<String, ParameterValue>, ApiError> {
        let management = self.lock().management.clone();
        let info = CallInfo { account: &management, call: "ssm:GetParameters", role: None, write: false };
        self.perform_call(info, |state| {
            if names.len() > 10 {
                return Err(Rejection::new("ValidationException", "names failed to satisfy constraint: length"));
            }
            let found = names.iter().filter_map(|name| {
                let value = SecretString::from(state.parameters.get(*name)?.as_str());
                let kind = state.parameter_kind(name);
                Some(((*name).to_owned(), ParameterValue { value, kind }))
            });
            Ok(found.collect())
        })
        .await
    }

    async fn parameters_below(&self, path: &str, from: Option<String>) -> Result<ParameterPage, ApiError> {
        let management = self.lock().management.clone();
        let info = CallInfo { account: &management, call: "ssm:GetParametersByPath", role: None, write: false };
        let below = format!("{path}/");
        self.perform_call(info, |state| {
            let rest = state
                .parameters
                .range::<str, _>((Bound::Excluded(from.as_deref().unwrap_or(&below)), Bound::Unbounded));
            let mut rest = rest.take_while(|(name, _)| name.starts_with(&below));
            // Without decryption, the value of a SecureString is its ciphertext.
            let shown = |(name, value): (&String, &String)| {
                let is_encrypted = state.parameter_kind(name) == ParameterKind::Secure;
                let value = if is_encrypted { "AQICAHh…".to_owned() } else { value.clone() };
                (name.clone(), value)
            };
            let parameters: Vec<_> = rest.by_ref().take(PARAMETERS_PER_PAGE).map(shown).collect();
            let last = parameters.last().map(|(name, _)| name.clone());
            Ok(ParameterPage { parameters, next: rest.next().and(last) })
        })
        .await
    }
}

/// The most parameters of a page of `GetParametersByPath`.
const PARAMETERS_PER_PAGE: usize = 10;

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
