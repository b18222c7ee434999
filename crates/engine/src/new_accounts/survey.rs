//! Compares the accounts that are asked for with those that exist. Nothing is changed.

use std::collections::BTreeSet;

use onboarding_core::account::{AccountState, Partition};
use onboarding_core::eligibility::{Eligibility, eligibility};
use onboarding_core::error::ApiError;
use onboarding_core::exclude::Exclude;
use onboarding_core::new_account::{AccountPlan, AccountRow, Existing, RowError};
use onboarding_core::organizational_unit::Unit;

use super::members::{Members, all_members, requests_in_progress, with_name};
use crate::job::Engine;
use crate::ports::{AccountRequest, ManageAccounts, Member, World};
use crate::units::Units;

/// Why there is no plan.
#[derive(Debug)]
pub enum SurveyError {
    /// A call failed.
    Api(ApiError),
    /// Some of the accounts cannot be created or onboarded as they are asked for.
    Rows(Vec<RowError>),
}

impl From<ApiError> for SurveyError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// What exists.
struct Found {
    members: Members,
    requests: Vec<AccountRequest>,
}

impl<W: World + ManageAccounts> Engine<W> {
    /// What has to be done for each account.
    ///
    /// # Errors
    /// When a call fails, and with every account that cannot be created or onboarded: its unit or its access role does not exist, or
    /// its email is that of an account that cannot be onboarded.
    pub async fn survey(&self, rows: Vec<AccountRow>) -> Result<Vec<AccountPlan>, SurveyError> {
        let mut errors = Vec::new();
        let mut valid = Vec::new();
        for AccountRow { line, account } in rows {
            match account.with_access_role(&self.config) {
                Ok(account) => valid.push(AccountRow { line, account }),
                Err(problem) => errors.push(RowError { line, column: Some("role-name"), problem }),
            }
        }
        // In this order, so that a request that ends in between is found as an account.
        let requests = requests_in_progress(&self.world).await?;
        let found = Found { requests, members: all_members(&self.world).await? };
        let new = valid.iter().filter(|row| found.members.with_email(&row.account.email).is_none()).count();
        let known = found.members.members.len() + found.members.unreadable.len();
        let partition = found.members.members.first().map(|member| member.account.partition.clone());
        let mut units = Units::new(&self.world);
        let mut plans = Vec::new();
        for row in valid {
            match self.compare_row(row, &found, &mut units, known + new, partition.as_ref()).await? {
                Ok(plan) => plans.push(plan),
                Err(error) => errors.push(error),
            }
        }
        errors.sort_by_key(|error| error.line);
        if errors.is_empty() { Ok(plans) } else { Err(SurveyError::Rows(errors)) }
    }

    async fn compare_row(
        &self,
        row: AccountRow,
        found: &Found,
        units: &mut Units<'_, W>,
        quota_needed: usize,
        partition: Option<&Partition>,
    ) -> Result<Result<AccountPlan, RowError>, ApiError> {
        let line = row.line;
        let failed = |column, problem| Ok(Err(RowError { line, column: Some(column), problem }));
        let unit = match &row.account.unit {
            None => None,
            Some(selector) => match units.find(selector).await? {
                Ok(unit) => Some(unit),
                Err(problem) => return failed("ou", problem),
            },
        };
        let existing = match found.members.with_email(&row.account.email) {
            Some(member) => match unsuitable(member, &self.config.excluded) {
                Some(problem) => return failed("email", problem),
                None => existing(member, unit.as_ref(), units).await?,
            },
            None => match with_name(&found.requests, &row.account.name) {
                requests if requests.is_empty() => Existing::Nothing,
                requests => Existing::InProgress(requests),
            },
        };
        Ok(Ok(AccountPlan { row, unit, existing, quota_needed, partition: partition.cloned() }))
    }
}

/// An account that exists, and the unit that it is moved from.
async fn existing<W: ManageAccounts>(
    Member { account, .. }: &Member,
    unit: Option<&Unit>,
    units: &mut Units<'_, W>,
) -> Result<Existing, ApiError> {
    let moved_from = match unit {
        None => None,
        // The path of a listing may be older than a move.
        Some(unit) => match units.parent(&account.id).await? {
            parent if parent == unit.id => None,
            parent => {
                let named = units.by_id(&parent).await?;
                Some(named.unwrap_or_else(|| Unit { id: parent.clone(), name: parent.as_str().into() }))
            }
        },
    };
    Ok(Existing::Member { id: account.id.clone(), name: account.name.clone(), moved_from })
}

/// Why the account that has an email cannot be the one that is asked for.
fn unsuitable(Member { account, email }: &Member, excluded: &BTreeSet<Exclude>) -> Option<String> {
    let email = email.as_ref().map(ToString::to_string).unwrap_or_default();
    let id = &account.id;
    let reason = if account.is_management() {
        "which is the management account".to_owned()
    } else if eligibility(account, excluded) == Eligibility::Excluded {
        "which the configuration excludes".to_owned()
    } else if account.state != AccountState::Active && account.state != AccountState::PendingActivation {
        format!("which is {}", account.state)
    } else {
        return None;
    };
    Some(format!("`{email}` is the email of account {id}, {reason}; use another email"))
}
