//! The accounts of the organization, from AWS Organizations.

use aws_sdk_organizations::types::{Account as Wire, CreateAccountState, OrganizationalUnit};

use super::Aws;
use super::error::malformed;
use onboarding_core::account::{Account, AccountId, AccountState, JoinMethod, Partition};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::organizational_unit::{Unit, UnitId};
use onboarding_core::time::from_unix_seconds;
use onboarding_engine::ports::{AccountPage, Creation, Directory, TagPage, UnitPage, UnreadableAccount};

impl Directory for Aws {
    async fn account(&self, id: &AccountId) -> Result<Option<Account>, ApiError> {
        const CALL: &str = "organizations:DescribeAccount";
        let response = self.send_as_management(CALL, |management| {
            management.organizations.describe_account().account_id(id.as_str()).send()
        });
        match response.await {
            Ok(response) => {
                account(CALL, response.account.as_ref().ok_or_else(|| malformed(CALL, "account"))?).map(Some)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn accounts(&self, from: Option<String>) -> Result<AccountPage, ApiError> {
        const CALL: &str = "organizations:ListAccounts";
        let response = self.send_as_management(CALL, |management| {
            management.organizations.list_accounts().set_next_token(from.clone()).send()
        });
        let response = response.await?;
        let mut page = AccountPage { next: response.next_token, ..AccountPage::default() };
        for wire in response.accounts.unwrap_or_default() {
            match account(CALL, &wire) {
                Ok(account) => page.accounts.push(account),
                Err(error) => page.unreadable.push(unreadable(&wire, &error)),
            }
        }
        Ok(page)
    }

    async fn account_tags(&self, id: &AccountId, from: Option<String>) -> Result<TagPage, ApiError> {
        const CALL: &str = "organizations:ListTagsForResource";
        let response = self.send_as_management(CALL, |management| {
            let list = management.organizations.list_tags_for_resource().resource_id(id.as_str());
            list.set_next_token(from.clone()).send()
        });
        let response = response.await?;
        let tags = response.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value));
        Ok(TagPage { tags: tags.collect(), next: response.next_token })
    }

    async fn account_creation(&self, request: &str) -> Result<Creation, ApiError> {
        const CALL: &str = "organizations:DescribeCreateAccountStatus";
        let response = self.send_as_management(CALL, |management| {
            management.organizations.describe_create_account_status().create_account_request_id(request).send()
        });
        let status = match response.await {
            Ok(response) => response.create_account_status.ok_or_else(|| malformed(CALL, "status"))?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Creation::Unknown),
            Err(error) => return Err(error),
        };
        match (&status.state, &status.account_id) {
            (Some(CreateAccountState::Succeeded), Some(id)) => {
                id.parse().map(Creation::Succeeded).map_err(|_| malformed(CALL, "12-digit account ID"))
            }
            (Some(CreateAccountState::Failed), _) => {
                let reason = status.failure_reason.as_ref().map_or("no reason given", |reason| reason.as_str());
                Ok(Creation::Failed(reason.to_owned()))
            }
            (Some(CreateAccountState::InProgress), _) => Ok(Creation::InProgress),
            _ => Err(malformed(CALL, "known state")),
        }
    }

    async fn units_below(&self, parent: &UnitId, from: Option<String>) -> Result<UnitPage, ApiError> {
        const CALL: &str = "organizations:ListOrganizationalUnitsForParent";
        let response = self.send_as_management(CALL, |management| {
            let list = management.organizations.list_organizational_units_for_parent().parent_id(parent.as_str());
            list.set_next_token(from.clone()).send()
        });
        let response = response.await?;
        let units = response.organizational_units.unwrap_or_default();
        let units = units.iter().map(|unit| to_unit(CALL, unit)).collect::<Result<_, _>>()?;
        Ok(UnitPage { units, next: response.next_token })
    }
}

/// Converts a unit.
pub(super) fn to_unit(call: &'static str, unit: &OrganizationalUnit) -> Result<Unit, ApiError> {
    let id = unit.id().and_then(|id| id.parse().ok()).ok_or_else(|| malformed(call, "ID of a unit"))?;
    Ok(Unit { id, name: unit.name().unwrap_or_default().into() })
}

/// An account whose description cannot be read.
pub(super) fn unreadable(wire: &Wire, error: &ApiError) -> UnreadableAccount {
    UnreadableAccount { id: id(wire), problem: error.to_string() }
}

/// The ID of an account. If it has none, its ARN ends with it.
fn id(wire: &Wire) -> Option<AccountId> {
    let in_arn = || wire.arn()?.rsplit('/').next();
    wire.id().or_else(in_arn)?.parse().ok()
}

/// Converts an account. Its ARN contains the management account, which saves a `DescribeOrganization` call:
/// `arn:PARTITION:organizations::MANAGEMENT:account/o-ORGANIZATION/ACCOUNT`.
///
/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>.
pub(super) fn account(call: &'static str, wire: &Wire) -> Result<Account, ApiError> {
    let missing = |what| malformed(call, what);
    let id = wire.id().and_then(|id| id.parse().ok()).ok_or_else(|| missing("12-digit account ID"))?;
    let arn = wire.arn().ok_or_else(|| missing("ARN"))?;
    let partition = Partition::from_arn(arn).map_err(|_| missing("ARN with a partition"))?;
    let management = AccountId::from_arn(arn).ok_or_else(|| missing("ARN that names the management account"))?;
    // `State` replaces the deprecated `Status`. Both have the same value for an active account.
    let status = wire.state().map(|state| state.as_str()).or_else(|| wire.status().map(|status| status.as_str()));
    let state = AccountState::from_wire(status.ok_or_else(|| missing("state"))?);
    let joined_at = wire.joined_timestamp().and_then(|time| from_unix_seconds(time.secs()));
    let joined = JoinMethod::from_wire(wire.joined_method().map(|method| method.as_str()));
    let name = wire.name().unwrap_or_default().into();
    // An account has one parent. With several paths it is not known which of them an exclusion is about.
    let ou_path = match wire.paths() {
        [path] => Some(path.clone()),
        _ => None,
    };
    Ok(Account { id, name, state, joined_at, joined, management, partition, ou_path })
}
