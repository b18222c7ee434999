//! Finds organizational units by their paths of names, and the paths of the units that accounts are in: for the selection of
//! accounts, and for accounts that are created.

use std::collections::{BTreeMap, BTreeSet};

use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::organizational_unit::{Unit, UnitId, UnitSelector};

use crate::ports::ManageAccounts;
use crate::unit_tree::UnitTree;

/// The units that were read, each parent once.
pub(crate) struct Units<'a, W> {
    world: &'a W,
    root: Option<Unit>,
    tree: UnitTree<'a, W>,
    by_id: BTreeMap<UnitId, Option<Unit>>,
}

impl<'a, W: ManageAccounts> Units<'a, W> {
    pub(crate) fn new(world: &'a W) -> Self {
        Self { world, root: None, tree: UnitTree::new(world), by_id: BTreeMap::new() }
    }

    pub(crate) async fn root(&mut self) -> Result<Unit, ApiError> {
        if let Some(root) = &self.root {
            return Ok(root.clone());
        }
        let root = self.world.root().await?;
        Ok(self.root.insert(root).clone())
    }

    /// The unit that an account is in.
    pub(crate) async fn parent(&self, account: &AccountId) -> Result<UnitId, ApiError> {
        self.world.parent(account).await
    }

    /// The unit that a person selects, or why there is none.
    pub(crate) async fn find(&mut self, selector: &UnitSelector) -> Result<Result<Unit, String>, ApiError> {
        match selector {
            UnitSelector::Id(id) => {
                let found = self.by_id(id).await?;
                Ok(found.ok_or_else(|| format!("the organization has no unit `{id}`")))
            }
            UnitSelector::Path(names) => {
                let root = self.root().await?;
                self.tree.find(root, names).await
            }
        }
    }

    /// The unit with an ID.
    pub(crate) async fn by_id(&mut self, id: &UnitId) -> Result<Option<Unit>, ApiError> {
        if id.is_root() {
            return Ok(Some(self.root().await?).filter(|root| root.id == *id));
        }
        if let Some(found) = self.by_id.get(id) {
            return Ok(found.clone());
        }
        let found = self.world.unit(id).await?;
        self.by_id.insert(id.clone(), found.clone());
        Ok(found)
    }

    /// Every unit with the ID of its parent. The name of each is its path.
    async fn all(&mut self) -> Result<Vec<(UnitId, Unit)>, ApiError> {
        let mut all = Vec::new();
        let mut seen = BTreeSet::new();
        let mut left = vec![(self.root().await?.id, String::new())];
        while let Some((parent, path)) = left.pop() {
            for unit in self.tree.below(&parent).await?.to_vec() {
                let name = unit.name.raw();
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
                // Organizations has no circles; one that an answer shows is not followed.
                if seen.insert(unit.id.clone()) {
                    left.push((unit.id.clone(), path.clone()));
                    all.push((parent.clone(), Unit { id: unit.id, name: path.as_str().into() }));
                }
            }
        }
        Ok(all)
    }
}

/// The path of names of the unit that each account is in; an ID for a unit that is not known. The root has its own name.
///
/// # Errors
/// When the units, or the unit of an account, cannot be read.
pub async fn unit_paths(
    world: &impl ManageAccounts,
    accounts: &[Account],
) -> Result<BTreeMap<AccountId, String>, ApiError> {
    let mut units = Units::new(world);
    let names = names_of_all(&mut units).await?;
    let mut paths = BTreeMap::new();
    for account in accounts {
        let in_path = |path: &String| path.split('/').rev().find_map(|part| part.parse::<UnitId>().ok());
        let unit = match account.ou_path.as_ref().and_then(in_path) {
            Some(unit) => unit,
            None => units.parent(&account.id).await?,
        };
        let path = names.get(&unit).cloned().unwrap_or_else(|| unit.to_string());
        paths.insert(account.id.clone(), path);
    }
    Ok(paths)
}

/// The path of names of every unit.
async fn names_of_all<W: ManageAccounts>(units: &mut Units<'_, W>) -> Result<BTreeMap<UnitId, String>, ApiError> {
    let root = units.root().await?;
    let mut paths = BTreeMap::from([(root.id, root.name.raw().to_owned())]);
    for (_, unit) in units.all().await? {
        paths.insert(unit.id, unit.name.raw().to_owned());
    }
    Ok(paths)
}

/// The unit of each of these accounts and those above it, for accounts of which Organizations returned no path.
///
/// # Errors
/// When the units, or the unit of an account, cannot be read.
pub(crate) async fn units_above<W: ManageAccounts>(
    units: &mut Units<'_, W>,
    accounts: &[&AccountId],
) -> Result<BTreeMap<AccountId, BTreeSet<UnitId>>, ApiError> {
    let parents: BTreeMap<_, _> = units.all().await?.into_iter().map(|(parent, unit)| (unit.id, parent)).collect();
    let mut above = BTreeMap::new();
    for account in accounts {
        let mut found = BTreeSet::new();
        let mut unit = Some(units.parent(account).await?);
        // Organizations has no circles; one that an answer shows is not followed.
        while let Some(next) = unit.filter(|unit| found.insert(unit.clone())) {
            unit = parents.get(&next).cloned();
        }
        above.insert((*account).clone(), found);
    }
    Ok(above)
}
