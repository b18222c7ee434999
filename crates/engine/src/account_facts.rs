//! The facts that are read about an account to decide which parts of the configuration are for it.
//!
//! The path of an account comes with its description, so that units that are configured by their IDs, and accounts, cost no
//! call. Only if an answer depends on it, the units that are configured by their names are looked up, from the root downwards:
//! one listing for each unit on a configured path, whatever the number of accounts, once for the lifetime of an engine (the
//! function makes a new one every minute). Where a part is removed from accounts that are not selected, a listing also shows that the
//! units exist that are configured by their IDs. And only if an answer still depends on them, the tags of the account are read, which
//! costs a call for each account.

use std::sync::Arc;

use onboarding_core::account::{Account, AccountAge, AccountId};
use onboarding_core::code::Code;
use onboarding_core::config::Config;
use onboarding_core::doctor::TagDecisions;
use onboarding_core::error::ApiError;
use onboarding_core::organizational_unit::{Unit, UnitId, UnitSelector};
use onboarding_core::outcome::Stop;
use onboarding_core::targets::{AccountFacts, Tags, TargetDecision, Targets, UnitIds, Unknown};

use crate::job::Engine;
use crate::pages::read_pages;
use crate::ports::{Clock, Directory, ManageAccounts, TagPage, World};
use crate::unit_tree::UnitTree;

/// The error code of a listing below a unit that does not exist.
///
/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOrganizationalUnitsForParent.html>.
const NO_UNIT: &str = "ParentNotFoundException";

/// The facts that were read about an account.
#[derive(Debug, Default)]
pub(crate) struct KnownFacts {
    units: Option<Arc<UnitIds>>,
    tags: Option<Result<Tags, Stop>>,
}

impl KnownFacts {
    /// Together with the account.
    pub(crate) fn about<'a>(&'a self, account: &'a Account) -> AccountFacts<'a> {
        AccountFacts::new(account, self.units.as_deref(), self.tags.as_ref())
    }
}

impl<W: World> Engine<W> {
    /// Reads what is needed to decide which parts of the configuration are for an account.
    ///
    /// # Errors
    /// When a call fails in a way that passes with time. Any other failure is reported by the parts that depend on the answer.
    pub(crate) async fn known_facts(&self, account: &Account) -> Result<KnownFacts, Stop> {
        let mut known = KnownFacts::default();
        loop {
            let unknown: Vec<_> = self
                .config
                .targets()
                .filter_map(|targets| match targets.decide(&known.about(account)) {
                    TargetDecision::NotKnown(unknown) => Some(unknown),
                    TargetDecision::Selected | TargetDecision::NotSelected => None,
                })
                .collect();
            if known.units.is_none() && unknown.contains(&Unknown::Units) {
                known.units = Some(self.unit_ids(account).await?);
            } else if known.tags.is_none() && unknown.contains(&Unknown::Tags) {
                known.tags = Some(self.tags_of(&account.id).await?);
                self.cache.tag_decisions.lock().await.add(&self.config, &known.about(account));
            } else {
                return Ok(known);
            }
        }
    }

    /// What the tags of the accounts that were processed say about the targets of the configuration.
    pub async fn tag_decisions(&self) -> TagDecisions {
        self.cache.tag_decisions.lock().await.clone()
    }

    /// The units of the configuration that have to be looked up. They are the same for every account, so that runs wait for the first
    /// of them to look them up.
    async fn unit_ids(&self, account: &Account) -> Result<Arc<UnitIds>, Stop> {
        let mut cache = self.cache.units.lock().await;
        if let Some(units) = &*cache {
            return Ok(units.clone());
        }
        let all =
            |stop: Stop| Arc::new(to_look_up(&self.config).map(|unit| (unit.clone(), Err(stop.clone()))).collect());
        let Some(root) = root_of(account) else { return Ok(all(Unknown::Path.stop(&account.id))) };
        match find_units(&self.world, root, &self.config).await {
            Ok(units) => Ok(cache.insert(Arc::new(units)).clone()),
            // It is not kept: the next account asks again.
            Err(error) => lasting(&error).map(all),
        }
    }

    async fn tags_of(&self, account: &AccountId) -> Result<Result<Tags, Stop>, Stop> {
        match account_tags(&self.world, account).await {
            Ok(tags) => Ok(Ok(tags)),
            Err(error) => lasting(&error).map(Err),
        }
    }
}

/// The tags of an account in Organizations.
pub(crate) async fn account_tags(world: &impl Directory, account: &AccountId) -> Result<Tags, ApiError> {
    let mut tags = Tags::new();
    read_pages("organizations:ListTagsForResource", async |from| {
        let TagPage { tags: page, next } = world.account_tags(account, from).await?;
        tags.extend(page);
        Ok(next)
    })
    .await?;
    Ok(tags)
}

/// The units of the targets of a configuration that have to be looked up, and those that it names by their IDs and that none of these
/// accounts is in. The root is found in the path of an account; without such an account, units cannot be looked up by their names.
///
/// # Errors
/// When a call fails.
pub async fn target_units(
    world: &(impl ManageAccounts + Clock),
    config: &Config,
    accounts: &[Account],
) -> Result<UnitIds, ApiError> {
    let mut units = match accounts.iter().find_map(root_of) {
        Some(root) => find_units(world, root, config).await?,
        None => UnitIds::new(),
    };
    for unit in config.targets().flat_map(Targets::units) {
        if let UnitSelector::Id(id) = unit
            && !id.is_root()
            && !units.contains_key(unit)
            && !accounts.iter().any(|account| account.is_in(id))
        {
            let found = world.unit(id).await?.map(|_| id.clone());
            units.insert(unit.clone(), found.ok_or_else(|| no_unit(id)));
        }
    }
    Ok(units)
}

async fn find_units(world: &(impl Directory + Clock), root: Unit, config: &Config) -> Result<UnitIds, ApiError> {
    let mut tree = UnitTree::new(world);
    let mut units = UnitIds::new();
    for unit in to_look_up(config) {
        let found = match unit {
            UnitSelector::Path(names) => {
                let found = tree.find(root.clone(), names).await?;
                found.map(|unit| unit.id).map_err(|problem| unknown_unit(&problem))
            }
            UnitSelector::Id(id) => match tree.below(id).await {
                Ok(_) => Ok(id.clone()),
                Err(error) if error.code == NO_UNIT => Err(no_unit(id)),
                Err(error) => return Err(error),
            },
        };
        units.insert(unit.clone(), found);
    }
    Ok(units)
}

/// The units in the targets of a configuration that have to be looked up.
fn to_look_up(config: &Config) -> impl Iterator<Item = &UnitSelector> {
    config.targets().flat_map(Targets::units_to_look_up)
}

/// An error that does not pass with time.
///
/// # Errors
/// How the run ends if it does.
fn lasting(error: &ApiError) -> Result<Stop, Stop> {
    match Stop::from_error(error, AccountAge::Established) {
        stop @ (Stop::Blocked(_) | Stop::Ignored(_)) => Ok(stop),
        stop @ (Stop::Wait(_) | Stop::Reopen(_)) => Err(stop),
    }
}

fn no_unit(id: &UnitId) -> Stop {
    unknown_unit(&format!("the organization has no unit `{id}`"))
}

fn unknown_unit(problem: &str) -> Stop {
    Stop::blocked(
        Code::Configuration,
        problem,
        "correct `targets` in the configuration, or create the unit, then run again",
    )
}

/// The root of the organization, from the path of an account.
fn root_of(account: &Account) -> Option<Unit> {
    let mut ids = account.ou_path.as_deref()?.split('/').filter_map(|part| part.parse::<UnitId>().ok());
    // The name of the root cannot be changed.
    ids.find(UnitId::is_root).map(|id| Unit { id, name: "Root".into() })
}
