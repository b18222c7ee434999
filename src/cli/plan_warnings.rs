//! What a plan for many accounts warns of, before its summary: targets that name units that do not exist or select no account, and
//! roles that accounts still have although the configuration dropped them.

use serde_json::{Value, json};

use super::accounts::warn_of_unit_ids;
use super::output::{eprint_lines, warn};
use onboarding_core::account::Account;
use onboarding_core::config::{Config, Dropped};
use onboarding_core::doctor::{self, Check, Status, not_read};
use onboarding_core::error::ApiError;
use onboarding_core::lines::Line;
use onboarding_core::organization::Overview;
use onboarding_core::selection::Selection;
use onboarding_core::targets::Targets;
use onboarding_engine::ports::{ManageAccounts, World};
use onboarding_engine::{Engine, target_units};

/// Something in the configuration that deserves attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlanWarning {
    /// The finding, and the remedy.
    text: String,
    /// The lines to add to the configuration.
    block: Vec<String>,
}

impl PlanWarning {
    pub(super) fn to_json(&self) -> Value {
        match self.block.as_slice() {
            [] => json!({ "text": self.text }),
            block => json!({ "text": self.text, "configuration": block.join("\n") }),
        }
    }

    fn print(&self) {
        warn(&self.text);
        eprint_lines(&self.block.iter().map(|line| Line::verbatim(4).text(line)).collect::<Vec<_>>());
    }
}

impl From<Check> for PlanWarning {
    fn from(Check { text, fix, .. }: Check) -> Self {
        let fix = fix.map(|fix| format!("; {fix}")).unwrap_or_default();
        Self { text: format!("targets: {text}{fix}"), block: Vec::new() }
    }
}

impl From<Dropped> for PlanWarning {
    fn from(Dropped { warning, block }: Dropped) -> Self {
        Self { text: warning, block }
    }
}

/// The accounts with which targets are compared: those of the whole organization, or none.
pub(super) struct TargetAccounts {
    is_compared: bool,
    accounts: Vec<Account>,
}

impl TargetAccounts {
    /// No account yet. Targets are not compared with the accounts of a part of the organization: the others may be selected.
    pub(super) fn new(config: &Config, selection: &Selection) -> Self {
        let has_targets = !config.targets().all(Targets::is_every_account);
        Self { is_compared: selection.is_whole_organization() && has_targets, accounts: Vec::new() }
    }

    /// Takes accounts that are processed.
    pub(super) fn listed(&mut self, accounts: &[Account]) {
        if self.is_compared {
            self.accounts.extend_from_slice(accounts);
        }
    }

    async fn checks<W: World + ManageAccounts>(&self, engine: &Engine<W>) -> Vec<Check> {
        if !self.is_compared {
            return Vec::new();
        }
        let Engine { world, config, .. } = engine;
        let read = async {
            let units = target_units(world, config, &self.accounts).await?;
            let tags = engine.tag_decisions().await;
            Ok::<_, ApiError>(doctor::targets(config, &self.accounts, &units, Some(&tags)))
        };
        read.await.unwrap_or_else(|error| vec![not_read("targets", &error)])
    }
}

/// Finds the warnings of a plan, and prints them to stderr. Without `targets`, those of the configuration are not compared.
pub(super) async fn warn_of_plan<W: World + ManageAccounts>(
    engine: &Engine<W>,
    targets: Option<&TargetAccounts>,
    overview: &Overview,
) -> Vec<PlanWarning> {
    if let Some(problem) = engine.unit_names_problem().await {
        warn_of_unit_ids(&problem);
    }
    let checks = match targets {
        Some(targets) => targets.checks(engine).await,
        None => Vec::new(),
    };
    let checks = checks.into_iter().filter(|check| check.status != Status::Ok);
    let dropped = overview.dropped(&engine.config);
    let warnings: Vec<_> = checks.map(PlanWarning::from).chain(dropped.into_iter().map(PlanWarning::from)).collect();
    warnings.iter().for_each(PlanWarning::print);
    warnings
}

#[cfg(test)]
#[path = "plan_warnings_tests.rs"]
mod tests;
