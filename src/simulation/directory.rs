//! The register of accounts, and the parameters of the management account.

use secrecy::SecretString;

use super::account::Failure;
use super::journal::About;
use super::organization::Organization;
use crate::account::{Account, AccountId};
use crate::fault::ApiError;
use crate::ports::{Creation, Directory, Secrets};

impl Directory for Organization {
    async fn account(&self, id: &AccountId) -> Result<Option<Account>, ApiError> {
        let management = self.lock().management.clone();
        let about = About { account: &management, call: "organizations:DescribeAccount", role: None, write: false };
        self.perform_call(about, |state| {
            Ok(state.accounts.get(id).map(|account| Account {
                id: id.clone(),
                name: account.name.clone(),
                state: account.state.clone(),
                joined_at: account.joined_at,
                management: state.management.clone(),
                partition: state.partition.clone(),
            }))
        })
        .await
    }

    async fn creation(&self, request: &str) -> Result<Creation, ApiError> {
        let management = self.lock().management.clone();
        let call = "organizations:DescribeCreateAccountStatus";
        self.perform_call(About { account: &management, call, role: None, write: false }, |state| {
            // Two requests a second: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
            let now = state.now;
            state.polls.retain(|at| now - at < 1.0);
            if state.polls.len() >= 2 {
                return Err(Failure::new("TooManyRequestsException", "Rate exceeded"));
            }
            state.polls.push(now);
            let Some(birth) = state.births.get_mut(request) else { return Ok(Creation::Unknown) };
            birth.polls += 1;
            Ok(match (birth.done, &birth.newborn.fails, &birth.id) {
                (false, ..) => Creation::InProgress,
                (true, None, Some(id)) => Creation::Succeeded(id.clone()),
                (true, Some(reason), _) => Creation::Failed(reason.clone()),
                (true, None, None) => Creation::Failed("INTERNAL_FAILURE".to_owned()),
            })
        })
        .await
    }
}

impl Secrets for Organization {
    async fn parameter(&self, name: &str) -> Result<SecretString, ApiError> {
        let management = self.lock().management.clone();
        let about = About { account: &management, call: "ssm:GetParameter", role: None, write: false };
        self.perform_call(about, |state| match state.parameters.get(name) {
            Some(value) => Ok(SecretString::from(value.as_str())),
            None => Err(Failure::new("ParameterNotFound", "")),
        })
        .await
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
