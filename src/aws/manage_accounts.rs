//! Creating and moving accounts, and the organizational units, for `onboard accounts`.

use aws_sdk_organizations::config::Builder;
use aws_sdk_organizations::config::retry::RetryConfig;
use aws_sdk_organizations::operation::create_account::CreateAccountError;
use aws_sdk_organizations::types::{CreateAccountState, IamUserAccessToBilling, Tag};

use super::Aws;
use super::directory::{account as to_account, to_unit, unreadable};
use super::error::malformed;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::new_account::{BillingAccess, NewAccount};
use onboarding_core::organizational_unit::{Unit, UnitId};
use onboarding_core::role::RoleName;
use onboarding_engine::ports::{AccountRequest, ManageAccounts, Member, MemberPage, RequestPage};

impl ManageAccounts for Aws {
    async fn members(&self, from: Option<String>) -> Result<MemberPage, ApiError> {
        const CALL: &str = "organizations:ListAccounts";
        let send = self.organizations.list_accounts().set_next_token(from).send();
        let response = send.await.map_err(self.caller_error(CALL))?;
        let mut page = MemberPage { next: response.next_token, ..MemberPage::default() };
        for wire in response.accounts.unwrap_or_default() {
            match to_account(CALL, &wire) {
                Ok(account) => page.members.push(Member { account, email: wire.email.map(Into::into) }),
                Err(error) => page.unreadable.push(unreadable(&wire, &error)),
            }
        }
        Ok(page)
    }

    async fn request_account(&self, account: &NewAccount) -> Result<String, ApiError> {
        const CALL: &str = "organizations:CreateAccount";
        let NewAccount { name, email, role_name, billing, tags, unit: _ } = account;
        let billing = match billing {
            BillingAccess::Allow => IamUserAccessToBilling::Allow,
            BillingAccess::Deny => IamUserAccessToBilling::Deny,
        };
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let tags: Vec<_> = tags.collect::<Result<_, _>>().map_err(|_| malformed(CALL, "valid tag"))?;
        let request = self.organizations.create_account().account_name(name.as_str()).email(email.as_str());
        let request = request.set_role_name(role_name.as_ref().map(RoleName::to_string));
        let request = request.iam_user_access_to_billing(billing);
        let request = if tags.is_empty() { request } else { request.set_tags(Some(tags)) };
        // A request whose response is lost may be in progress. The engine looks for it before it makes another.
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let response = request.customize().config_override(once).send().await.map_err(|error| {
            let reason = match error.as_service_error() {
                Some(CreateAccountError::ConstraintViolationException(violation)) => violation.reason().cloned(),
                _ => None,
            };
            let mut error = self.caller_error(CALL)(error);
            if let Some(reason) = reason {
                error.code = reason.as_str().to_owned();
            }
            error
        })?;
        let id = response.create_account_status.and_then(|status| status.id);
        id.ok_or_else(|| malformed(CALL, "ID of the request"))
    }

    async fn requests_in_progress(&self, from: Option<String>) -> Result<RequestPage, ApiError> {
        const CALL: &str = "organizations:ListCreateAccountStatus";
        let list = self.organizations.list_create_account_status().states(CreateAccountState::InProgress);
        let response = list.set_next_token(from).send().await.map_err(self.caller_error(CALL))?;
        let statuses = response.create_account_statuses.unwrap_or_default().into_iter();
        let in_progress = statuses.filter(|status| status.state == Some(CreateAccountState::InProgress));
        let requests = in_progress.filter_map(|status| {
            Some(AccountRequest { id: status.id?, name: status.account_name.unwrap_or_default().into() })
        });
        Ok(RequestPage { requests: requests.collect(), next: response.next_token })
    }

    async fn parent(&self, account: &AccountId) -> Result<UnitId, ApiError> {
        const CALL: &str = "organizations:ListParents";
        let send = self.organizations.list_parents().child_id(account.as_str()).send();
        let parents = send.await.map_err(self.caller_error(CALL))?.parents.unwrap_or_default();
        let id = parents.first().and_then(|parent| parent.id()?.parse().ok());
        id.ok_or_else(|| malformed(CALL, "parent"))
    }

    async fn move_account(&self, account: &AccountId, from: &UnitId, to: &UnitId) -> Result<(), ApiError> {
        const CALL: &str = "organizations:MoveAccount";
        let request = self.organizations.move_account().account_id(account.as_str());
        let request = request.source_parent_id(from.as_str()).destination_parent_id(to.as_str());
        request.send().await.map(|_| ()).map_err(self.caller_error(CALL))
    }

    async fn root(&self) -> Result<Unit, ApiError> {
        const CALL: &str = "organizations:ListRoots";
        let roots = self.send_as_management(CALL, |management| management.organizations.list_roots().send()).await?;
        let roots = roots.roots.unwrap_or_default();
        let root = roots.first().ok_or_else(|| malformed(CALL, "root"))?;
        let id = root.id().and_then(|id| id.parse().ok()).ok_or_else(|| malformed(CALL, "ID of the root"))?;
        Ok(Unit { id, name: root.name().unwrap_or("Root").into() })
    }

    async fn unit(&self, id: &UnitId) -> Result<Option<Unit>, ApiError> {
        const CALL: &str = "organizations:DescribeOrganizationalUnit";
        let response = self.send_as_management(CALL, |management| {
            management.organizations.describe_organizational_unit().organizational_unit_id(id.as_str()).send()
        });
        match response.await {
            Ok(response) => response.organizational_unit.as_ref().map(|unit| to_unit(CALL, unit)).transpose(),
            Err(error) if error.code == "OrganizationalUnitNotFoundException" => Ok(None),
            Err(error) => Err(error),
        }
    }
}
