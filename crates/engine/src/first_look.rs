//! The reads about an account that are made before its run starts.

use futures_util::join;
use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::record::Record;

use crate::ports::{Directory, Records};

/// The account and its record, as far as they were read already. Reading them needs no configuration, so that the function
/// does it while the configuration is read. The first attempt of a run uses what is here, errors included, instead of
/// making the same calls; an attempt after a pause reads again.
#[derive(Debug, Default)]
pub struct FirstLook {
    /// The account, as Organizations describes it.
    pub account: Option<Result<Option<Account>, ApiError>>,
    /// The record of the account.
    pub record: Option<Result<Record, ApiError>>,
}

impl FirstLook {
    /// Reads both concurrently.
    pub async fn at(world: &(impl Directory + Records), account: &AccountId) -> Self {
        let record =
            async { if world.records_enabled() { Some(world.load_record(account.as_str()).await) } else { None } };
        let (account, record) = join!(world.account(account), record);
        Self { account: Some(account), record }
    }
}
