//! How many accounts have what is required: by requirement, and by unit.

use std::collections::BTreeMap;

use super::account::{AccountStatus, Status};
use super::summary::Audit;

/// The number of accounts by the status of a requirement.
pub(super) struct RequirementCoverage<'a> {
    pub(super) title: &'a str,
    pub(super) counts: BTreeMap<Status, usize>,
}

/// The number of accounts of a unit by status.
pub(super) struct UnitCoverage<'a> {
    pub(super) unit: &'a str,
    pub(super) counts: BTreeMap<AccountStatus, usize>,
}

impl RequirementCoverage<'_> {
    /// The number of accounts that have it.
    pub(super) fn holds(&self) -> usize {
        self.counts.iter().filter(|(status, _)| status.holds()).map(|(_, count)| count).sum()
    }

    /// The number of accounts that are required to have it.
    pub(super) fn required(&self) -> usize {
        self.counts.iter().filter(|(status, _)| status.is_required()).map(|(_, count)| count).sum()
    }
}

impl UnitCoverage<'_> {
    pub(super) fn converged(&self) -> usize {
        self.counts.get(&AccountStatus::Converged).copied().unwrap_or_default()
    }

    pub(super) fn total(&self) -> usize {
        self.counts.values().sum()
    }
}

/// The coverage by requirement, in the order of the configuration.
pub(super) fn by_requirement(audit: &Audit) -> Vec<RequirementCoverage<'_>> {
    let titles = audit.requirements.iter().map(|requirement| requirement.title.as_str());
    let mut all: Vec<_> = titles.map(|title| RequirementCoverage { title, counts: BTreeMap::new() }).collect();
    for account in &audit.accounts {
        for (coverage, result) in all.iter_mut().zip(&account.requirements) {
            *coverage.counts.entry(result.status).or_default() += 1;
        }
    }
    all
}

/// The coverage by unit: those with most accounts that did not converge come first.
pub(super) fn by_unit(audit: &Audit) -> Vec<UnitCoverage<'_>> {
    let mut units: BTreeMap<&str, BTreeMap<AccountStatus, usize>> = BTreeMap::new();
    for account in &audit.accounts {
        *units.entry(&account.unit).or_default().entry(account.status).or_default() += 1;
    }
    let mut all: Vec<_> = units.into_iter().map(|(unit, counts)| UnitCoverage { unit, counts }).collect();
    all.sort_by_key(|unit| std::cmp::Reverse(unit.total() - unit.converged()));
    all
}

/// A share in per cent, rounded down to a tenth, so that only everything is 100.
pub(super) fn percent(part: usize, whole: usize) -> String {
    match (part * 1000).checked_div(whole) {
        None => "–".to_owned(),
        Some(1000) => "100 %".to_owned(),
        Some(tenths) => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}
