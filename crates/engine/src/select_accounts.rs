//! Finds the accounts that a command is for: lists the organization, and reads the units and the tags that the request names.
//!
//! Nothing is read in an account. Units are read only if the request names some, and tags only if it asks for tags.
//!
//! Listing 10,000 accounts takes more than a minute, because Organizations returns 20 of them with each call and allows few
//! calls a second. So the selected accounts of a page are known as soon as the page was read ([`SelectedPages`]). Only a request that
//! names accounts needs the whole list first: an account that is not in it is an error before anything is read in another.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_core::exclude::Exclude;
use onboarding_core::organizational_unit::UnitId;
use onboarding_core::selection::{Listing, Narrowing, NotFound, NothingSelected, Scope, Selected, Selection, find};
use onboarding_core::suggestion::counted;

use crate::account_facts::account_tags;
use crate::pages::Pages;
use crate::ports::{AccountPage, Directory, ManageAccounts};
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
    #[error(transparent)]
    Nothing(#[from] NothingSelected),
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
    let mut pages = SelectedPages::new(world, selection, excluded);
    let mut all = Selected::default();
    while let Some(page) = pages.next().await? {
        all.accounts.extend(page.selected.accounts);
        all.skipped.extend(page.selected.skipped);
    }
    all.accounts.sort_by(|a, b| a.id.cmp(&b.id));
    all.skipped.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// The selected accounts of a page of the list.
#[derive(Debug)]
pub struct SelectedPage {
    /// The accounts. Each is on one page only, even if Organizations returns it on several.
    pub selected: Selected,
    /// Whether the list ends with this page.
    pub is_last: bool,
}

/// The accounts that a request selects, page by page.
pub struct SelectedPages<'a, W> {
    world: &'a W,
    selection: &'a Selection,
    excluded: &'a BTreeSet<Exclude>,
    units: Units<'a, W>,
    /// The units that the request names, once they were found.
    named_units: Option<BTreeSet<UnitId>>,
    position: Position,
    pages: Pages,
    /// The accounts of the earlier pages.
    listed: BTreeSet<AccountId>,
    /// How many accounts are selected so far, before tags narrow them and after.
    found: usize,
    with_tags: usize,
}

/// Which page comes next.
enum Position {
    First,
    Page(String),
    End,
}

impl<'a, W: ManageAccounts> SelectedPages<'a, W> {
    /// No page yet. `excluded` is what the configuration excludes.
    pub fn new(world: &'a W, selection: &'a Selection, excluded: &'a BTreeSet<Exclude>) -> Self {
        Self {
            world,
            selection,
            excluded,
            units: Units::new(world),
            named_units: None,
            position: Position::First,
            pages: Pages::new("organizations:ListAccounts"),
            listed: BTreeSet::new(),
            found: 0,
            with_tags: 0,
        }
    }

    /// The next page with its selected accounts, ordered by their IDs; `None` after the last page. If the request names accounts,
    /// the whole list is one page.
    ///
    /// # Errors
    /// When a call fails, when the request names something that the organization does not have, and after the last page when no
    /// account is selected.
    pub async fn next(&mut self) -> Result<Option<SelectedPage>, SelectError> {
        if matches!(self.position, Position::End) {
            return Ok(None);
        }
        let needs_whole_list = matches!(&self.selection.scope, Scope::Named { accounts, .. } if !accounts.is_empty());
        let mut listing = Listing::default();
        self.read_page(&mut listing).await?;
        while needs_whole_list && !matches!(self.position, Position::End) {
            self.read_page(&mut listing).await?;
        }
        let selected = self.select(listing).await?;
        let is_last = matches!(self.position, Position::End);
        if is_last && self.found == 0 {
            return Err(NothingSelected::new(self.selection, Narrowing::Scope).into());
        }
        if is_last && self.with_tags == 0 {
            return Err(NothingSelected::new(self.selection, Narrowing::Tags).into());
        }
        Ok(Some(SelectedPage { selected, is_last }))
    }

    /// Adds the accounts of the next page that were on no earlier page.
    async fn read_page(&mut self, listing: &mut Listing) -> Result<(), ApiError> {
        let from = match std::mem::replace(&mut self.position, Position::End) {
            Position::First => None,
            Position::Page(token) => Some(token),
            Position::End => return Ok(()),
        };
        let AccountPage { accounts, unreadable, next } = self.world.accounts(from).await?;
        self.position = self.pages.next(next)?.map_or(Position::End, Position::Page);
        listing.accounts.extend(accounts.into_iter().filter(|account| self.listed.insert(account.id.clone())));
        let mut is_new = |id: &Option<AccountId>| id.clone().is_none_or(|id| self.listed.insert(id));
        let unreadable = unreadable.into_iter().map(|account| (account.id, account.problem));
        listing.unreadable.extend(unreadable.filter(|(id, _)| is_new(id)));
        Ok(())
    }

    async fn select(&mut self, mut listing: Listing) -> Result<Selected, SelectError> {
        let mut not_found = NotFound::default();
        let named_units = match self.named_units.take() {
            Some(known) => known,
            None => self.find_units(&mut not_found).await?,
        };
        if named_units.iter().any(|unit| !unit.is_root()) {
            listing.units_above = of_accounts_without_path(&mut self.units, &listing.accounts).await?;
        }
        let mut selected = match find(&self.selection.scope, &named_units, listing, self.excluded) {
            Ok(selected) if not_found.is_empty() => selected,
            Ok(_) => return Err(not_found.into()),
            Err(problem) => return Err(NotFound { units: not_found.units, ..problem }.into()),
        };
        self.named_units = Some(named_units);
        self.found += selected.total();
        if !self.selection.tags.is_empty() && selected.total() > 0 {
            let tagged = tagged(self.world, self.selection, &selected).await?;
            selected.retain(|id| tagged.contains(id));
        }
        self.with_tags += selected.total();
        Ok(selected)
    }

    async fn find_units(&mut self, not_found: &mut NotFound) -> Result<BTreeSet<UnitId>, ApiError> {
        let mut found = BTreeSet::new();
        let Scope::Named { units: selectors, .. } = &self.selection.scope else { return Ok(found) };
        for selector in selectors {
            match self.units.find(selector).await? {
                Ok(unit) => {
                    found.insert(unit.id);
                }
                Err(problem) => not_found.units.push(problem),
            }
        }
        Ok(found)
    }
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
