//! The records of several accounts, read and written together.

use std::collections::BTreeMap;
use std::time::SystemTime;

use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::record::{Record, RecordUpdate};

use crate::open_record::save_update;
use crate::ports::{Clock, Records, SavedTogether};
use crate::retry::timeout_at;

/// Reads the records of several accounts. `None` if no records are stored.
///
/// # Errors
/// When the table does not return all of them.
pub async fn load_records(
    world: &(impl Records + Clock),
    accounts: &[&AccountId],
    end: SystemTime,
) -> Result<Option<BTreeMap<String, Record>>, ApiError> {
    if !world.records_enabled() {
        return Ok(None);
    }
    let subjects: Vec<_> = accounts.iter().map(|id| id.as_str()).collect();
    let loaded = timeout_at(world, end, world.load_records(&subjects)).await;
    loaded
        .unwrap_or_else(|| Err(ApiError::new("dynamodb:BatchGetItem", "Timeout", "no response before the timeout")))
        .map(Some)
}

/// Writes the records of runs that held no lease. If a run holds the lease of one of them, or the call fails, each is written by
/// itself. Returns those that were not written, with the reason.
pub async fn save_records(
    world: &(impl Records + Clock),
    updates: Vec<(String, RecordUpdate)>,
    end: SystemTime,
) -> Vec<(String, ApiError)> {
    if updates.is_empty() {
        return Vec::new();
    }
    if let Some(Ok(SavedTogether::All)) = timeout_at(world, end, world.save_records(&updates)).await {
        return Vec::new();
    }
    let mut failed = Vec::new();
    for (subject, update) in updates {
        if let Err(error) = save_update(world, &subject, &update, end).await {
            failed.push((subject, error));
        }
    }
    failed
}
