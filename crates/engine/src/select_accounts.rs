//! Finds the accounts that a command is for: lists the organization, and reads the units and the tags that the request names.
//!
//! Nothing is read in an account. Units are read only if the request names some, and tags only if it asks for tags.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::exclude::Exclude;
use onboarding_core::organizational_unit::UnitId;
use onboarding_core::selection::{Listing, NotFound, Scope, Selected, Selection, find};
use onboarding_core::suggestion::counted;

use crate::all_accounts::{AllAccounts, all_accounts};
use crate::pages::read_pages;
use crate::ports::{Directory, ManageAccounts, TagPage};
use crate::units::{Units, units_above};

/// How many accounts' tags are read at the same time: enough for the rate that Organizations allows, if an answer takes less than
/// 400 ms.
const CONCURRENT_TAG_READS: usize = 4;

/// Why no account is selected.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// A call failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The request names units or accounts that the organization does not have.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// No account is in the units that are named, or has the tags.
    #[error("no account is selected: {0}")]
    Nothing(&'static str),
}

/// The accounts that a request selects. `excluded` is what the configuration excludes.
///
/// # Errors
/// When a call fails, when the request names something that the organization does not have, and when it selects no account.
pub async fn select_accounts(
    world: &impl ManageAccounts,
    selection: &Selection,
    excluded: &BTreeSet<Exclude>,
) -> Result<Selected, SelectError> {
    let AllAccounts { accounts, unreadable } = all_accounts(world).await?;
    let unreadable = unreadable.into_iter().map(|account| (account.id, account.problem)).collect();
    let mut listing = Listing { accounts, unreadable, units_above: BTreeMap::new() };
    let mut units = Units::new(world);
    let mut not_found = NotFound::default();
    let mut named_units = BTreeSet::new();
    if let Scope::Named { units: selectors, .. } = &selection.scope {
        for selector in selectors {
            match units.find(selector).await? {
                Ok(unit) => {
                    named_units.insert(unit.id);
                }
                Err(problem) => not_found.units.push(problem),
            }
        }
    }
    if named_units.iter().any(|unit| !unit.is_root()) {
        listing.units_above = of_accounts_without_path(&mut units, &listing.accounts).await?;
    }
    let mut selected = match find(&selection.scope, &named_units, listing, excluded) {
        Ok(selected) if not_found.is_empty() => selected,
        Ok(_) => return Err(not_found.into()),
        Err(problem) => return Err(NotFound { units: not_found.units, ..problem }.into()),
    };
    if selected.total() == 0 {
        return Err(SelectError::Nothing("the units that are named contain no account"));
    }
    if !selection.tags.is_empty() {
        let tagged = tagged(world, selection, &selected).await?;
        selected.retain(|id| tagged.contains(id));
        if selected.total() == 0 {
            return Err(SelectError::Nothing("none of them has the tags"));
        }
    }
    Ok(selected)
}

async fn of_accounts_without_path<W: ManageAccounts>(
    units: &mut Units<'_, W>,
    accounts: &[Account],
) -> Result<BTreeMap<AccountId, BTreeSet<UnitId>>, ApiError> {
    let without_path: Vec<_> =
        accounts.iter().filter(|account| account.ou_path.is_none()).map(|account| &account.id).collect();
    if without_path.is_empty() {
        return Ok(BTreeMap::new());
    }
    units_above(units, &without_path).await
}

/// The accounts with the tags that are asked for.
async fn tagged(
    world: &impl Directory,
    selection: &Selection,
    selected: &Selected,
) -> Result<BTreeSet<AccountId>, ApiError> {
    let skipped = selected.skipped.iter().filter_map(|skipped| skipped.id.as_ref());
    let ids: Vec<_> = selected.accounts.iter().map(|account| &account.id).chain(skipped).collect();
    tracing::debug!("reading the tags of {}", counted(ids.len(), "account"));
    let read = async |id: &AccountId| {
        let tags = account_tags(world, id).await?;
        Ok::<_, ApiError>(selection.matches_tags(&tags).then(|| id.clone()))
    };
    let found = stream::iter(ids).map(read).buffered(CONCURRENT_TAG_READS);
    let found: Vec<_> = found.try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// The tags of an account in Organizations.
async fn account_tags(world: &impl Directory, id: &AccountId) -> Result<BTreeMap<String, String>, ApiError> {
    let mut all = BTreeMap::new();
    read_pages("organizations:ListTagsForResource", async |from| {
        let TagPage { tags, next } = world.account_tags(id, from).await?;
        all.extend(tags);
        Ok(next)
    })
    .await?;
    Ok(all)
}
