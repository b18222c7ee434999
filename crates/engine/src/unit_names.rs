//! The names of the organizational units that accounts are in, for what a person reads.
//!
//! The path of an account comes with its description, and contains the IDs of the units. Their names are read while accounts are
//! processed, when the first account below a unit needs them: one listing for each unit that contains units with accounts, however
//! many accounts there are. If a listing fails, nothing more is read, and the units are shown with their IDs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use onboarding_core::error::ApiError;
use onboarding_core::organizational_unit::{ShownUnit, UnitId};
use onboarding_core::text::{Untrusted, printable};

use crate::ports::Directory;
use crate::unit_tree::read_units_below;

/// The names that were read.
#[derive(Default)]
pub(crate) struct UnitNames {
    names: BTreeMap<UnitId, Untrusted>,
    /// The root and the units whose units were read.
    read: BTreeSet<UnitId>,
    /// The units as they are shown.
    shown: BTreeMap<UnitId, Arc<ShownUnit>>,
    /// Why the names cannot be read.
    problem: Option<String>,
}

impl UnitNames {
    /// Why the names cannot be read.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The unit at the end of the path of an account.
    pub(crate) async fn shown(&mut self, world: &impl Directory, path: &str) -> Option<Arc<ShownUnit>> {
        let units: Vec<UnitId> = path.split('/').filter_map(|part| part.parse().ok()).collect();
        let unit = units.last()?;
        if let Some(shown) = self.shown.get(unit) {
            return Some(shown.clone());
        }
        let shown = Arc::new(match self.names_of(world, &units).await {
            Some(names) => ShownUnit::new(unit.clone(), &names),
            None => ShownUnit::without_names(unit.clone()),
        });
        self.shown.insert(unit.clone(), shown.clone());
        Some(shown)
    }

    /// The names of the units from below the root to the last one. `None` if one of them is not known.
    async fn names_of(&mut self, world: &impl Directory, units: &[UnitId]) -> Option<Vec<Untrusted>> {
        let (root, below) = units.split_first().filter(|(root, _)| root.is_root())?;
        if below.is_empty() {
            // The name of the root cannot be changed.
            return Some(vec!["Root".into()]);
        }
        let mut names = Vec::new();
        for (parent, unit) in [root].into_iter().chain(below).zip(below) {
            if let Err(error) = self.read_below(world, parent).await {
                self.problem = Some(printable(&error.to_string()));
            }
            names.push(self.names.get(unit)?.clone());
        }
        Some(names)
    }

    async fn read_below(&mut self, world: &impl Directory, parent: &UnitId) -> Result<(), ApiError> {
        if self.problem.is_none() && self.read.insert(parent.clone()) {
            let units = read_units_below(world, parent).await?;
            self.names.extend(units.into_iter().map(|unit| (unit.id, unit.name)));
        }
        Ok(())
    }
}
