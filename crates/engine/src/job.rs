//! The engine's parts, and one account to process.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use onboarding_core::account::AccountId;
use onboarding_core::config::Config;
use onboarding_core::plan::{Change, RecordedGrant};
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use onboarding_core::trigger::TriggerKind;

use crate::secrets::SecretCache;

/// Everything that is needed to bring accounts to their blueprint.
pub struct Engine<W> {
    /// The outside world.
    pub world: W,
    /// What accounts should hold.
    pub config: Config,
    pub(crate) secrets: SecretCache,
}

impl<W> Engine<W> {
    /// An engine that has read nothing yet.
    pub fn new(world: W, config: Config) -> Self {
        Self { world, config, secrets: SecretCache::default() }
    }
}

/// One account to process.
#[derive(Debug, Clone)]
pub struct Job {
    /// The account.
    pub account: AccountId,
    /// What started the job.
    pub trigger: TriggerKind,
    /// The end of the session's name, which CloudTrail shows in the account: the event or program that started the job.
    pub session_suffix: String,
    /// The owner of the account's lease: unique to this run.
    pub lease_owner: String,
    /// When to stop waiting.
    pub deadline: SystemTime,
    /// When to have answered: calls that are in flight then are abandoned.
    pub abandon_at: SystemTime,
    /// The plan that a person confirmed: no other is applied.
    pub confirmed_plan: Option<Vec<Change>>,
    /// The unique IDs of the account's roles that an earlier run has recorded as created by this tool.
    pub recorded_roles: BTreeMap<RoleName, RoleId>,
    /// The grants on the access role that an earlier run has recorded.
    pub recorded_grants: BTreeSet<RecordedGrant>,
}
