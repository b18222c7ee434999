//! The engine's parts, and one account to process.

use std::time::{Duration, SystemTime};

use onboarding_core::account::AccountId;
use onboarding_core::config::Config;
use onboarding_core::limits::COMMAND_LINE_GRACE;
use onboarding_core::plan::ConfirmedPlan;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::time::after;
use onboarding_core::trigger::TriggerKind;

use crate::cache::Cache;
use crate::ports::{Clock, Paced, ThroughManagement};

/// Everything that is needed to bring accounts to their blueprint.
pub struct Engine<W> {
    /// The outside world.
    pub world: W,
    /// What accounts should hold.
    pub config: Config,
    pub(crate) cache: Cache,
    /// Whether the reports of many accounts have the names of their units, for which calls are made.
    pub(crate) reads_unit_names: bool,
    /// Gets every secret that is read, so that the log can leave it out.
    pub(crate) known_secrets: KnownSecrets,
}

impl<W: Paced + ThroughManagement> Engine<W> {
    /// An engine that has read nothing yet. Its calls keep to the limits of the configuration, and are made through the role of the
    /// management account, if the configuration names one.
    pub fn new(world: W, config: Config) -> Self {
        world.set_limits(&config.limits);
        let world = match &config.management {
            Some(role) => world.through_management(role),
            None => world,
        };
        Self { world, config, cache: Cache::default(), reads_unit_names: false, known_secrets: KnownSecrets::default() }
    }

    /// The same, with the place to which every secret is added as soon as it is known: at once those of the configuration,
    /// and later those of parameters.
    #[must_use]
    pub fn with_known_secrets(mut self, known: KnownSecrets) -> Self {
        self.config.external_ids().iter().for_each(|id| id.add_to(&known));
        self.known_secrets = known;
        self
    }
}

impl<W: Clock> Engine<W> {
    /// The job of one of the accounts of a command, whose run has this name.
    pub(crate) fn command_line_job(&self, account: AccountId, run: &str, wait: Duration) -> Job {
        let deadline = after(self.world.now(), wait);
        Job {
            lease_owner: format!("{run}-{account}"),
            account,
            trigger: TriggerKind::CommandLine,
            session_suffix: "command-line".to_owned(),
            deadline,
            abandon_at: after(deadline, COMMAND_LINE_GRACE),
            confirmed_plan: None,
        }
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
    pub confirmed_plan: Option<ConfirmedPlan>,
}
