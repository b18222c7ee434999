//! The organizational units below the root, as far as they were read: the units of each parent once.

use std::collections::BTreeMap;

use onboarding_core::error::ApiError;
use onboarding_core::organizational_unit::{Unit, UnitId, UnitSelector};

use crate::pages::read_pages;
use crate::ports::{Directory, UnitPage};

/// The units that were read.
pub(crate) struct UnitTree<'a, W> {
    world: &'a W,
    below: BTreeMap<UnitId, Vec<Unit>>,
}

impl<'a, W: Directory> UnitTree<'a, W> {
    pub(crate) fn new(world: &'a W) -> Self {
        Self { world, below: BTreeMap::new() }
    }

    /// The unit at a path of names, or why there is none.
    pub(crate) async fn find(&mut self, root: Unit, names: &[String]) -> Result<Result<Unit, String>, ApiError> {
        let mut unit = root;
        let mut path = String::new();
        let mut with_slash = None;
        for (index, name) in names.iter().enumerate() {
            let below = self.below(&unit.id).await?;
            let rest = names.get(index..).unwrap_or_default();
            with_slash = with_slash.or_else(|| UnitSelector::name_with_slash(rest, below));
            let Some(found) = below.iter().find(|unit| unit.name == name.as_str()) else {
                // The console shows the root in front of the units.
                if path.is_empty() && unit.name == name.as_str() {
                    continue;
                }
                let parent = if path.is_empty() { unit.name.raw() } else { path.as_str() };
                return Ok(Err(with_slash.unwrap_or_else(|| UnitSelector::unknown_name(name, parent, below))));
            };
            path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            unit = Unit { id: found.id.clone(), name: path.as_str().into() };
        }
        Ok(Ok(unit))
    }

    /// The units directly below a unit or the root.
    pub(crate) async fn below(&mut self, parent: &UnitId) -> Result<&[Unit], ApiError> {
        if !self.below.contains_key(parent) {
            self.below.insert(parent.clone(), read_units_below(self.world, parent).await?);
        }
        Ok(self.below.get(parent).map_or(&[], Vec::as_slice))
    }
}

/// Reads the units directly below a unit or the root.
pub(crate) async fn read_units_below(world: &impl Directory, parent: &UnitId) -> Result<Vec<Unit>, ApiError> {
    let mut units = Vec::new();
    read_pages("organizations:ListOrganizationalUnitsForParent", async |from| {
        let UnitPage { units: page, next } = world.units_below(parent, from).await?;
        units.extend(page);
        Ok(next)
    })
    .await?;
    Ok(units)
}
