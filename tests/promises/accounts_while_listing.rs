//! Accounts are read while the organization is still listed. Each is read once, and a list that cannot be read to its end is an error.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding_core::account::AccountId;
use onboarding_core::outcome::Outcome;
use onboarding_core::selection::{RequestedId, Scope, Selected, Selection};
use onboarding_engine::ports::{ManageAccounts, World};
use onboarding_engine::{
    Engine, Interrupt, OrganizationRun, SelectError, SelectedPages, WhileListing, select_accounts,
};
use onboarding_simulation::{FakeOrganization, Injection, Script};

use crate::common::{CONFIG, OLD, create_accounts, engine, id, organization, run, scripted_engine};

const LISTING: &str = "organizations:ListAccounts";
/// The management account, the identity account, the established one and the created ones, five on each page.
const CREATED: usize = 57;
const PAGES: usize = 12;

fn of_many_pages() -> (FakeOrganization, BTreeSet<AccountId>) {
    let organization = organization();
    let mut accounts: BTreeSet<_> = create_accounts(&organization, CREATED).into_iter().collect();
    accounts.extend([id(OLD), id(crate::common::IDENTITY)]);
    organization.set_page_size(5);
    organization.clear_journal();
    (organization, accounts)
}

fn organization_run(concurrency: usize) -> OrganizationRun {
    OrganizationRun {
        concurrency,
        wait: Duration::from_secs(60),
        name: "while-listing".to_owned(),
        interrupt: Interrupt::default(),
    }
}

/// What happened, in order.
#[derive(Default)]
struct Seen {
    listed: Selected,
    is_listed: bool,
    read: Vec<AccountId>,
    not_started: usize,
}

fn plan<W: World + ManageAccounts>(
    engine: &Engine<W>,
    selection: &Selection,
    organization_run: &OrganizationRun,
    mut also: impl FnMut(&Seen),
) -> (Seen, Result<(), SelectError>) {
    let pages = SelectedPages::new(&engine.world, selection, &engine.config.excluded);
    let mut seen = Seen::default();
    let planned = run(engine.plan_selected(pages, organization_run, |step| {
        match step {
            WhileListing::Listed(page) => {
                assert!(!seen.is_listed, "a page after the last one");
                seen.is_listed = page.is_last;
                seen.listed.accounts.extend(page.selected.accounts);
                seen.listed.skipped.extend(page.selected.skipped);
            }
            WhileListing::Ended((account, Some(report))) => {
                assert!(seen.listed.accounts.iter().any(|listed| listed.id == account.id), "listed before it is read");
                assert!(!matches!(report.outcome, Outcome::Ignored(_)), "{:?}", report.outcome);
                seen.read.push(account.id);
            }
            WhileListing::Ended((_, None)) => seen.not_started += 1,
        }
        also(&seen);
    }));
    (seen, planned)
}

/// The calls that list accounts and those that open a session in one.
fn calls(organization: &FakeOrganization) -> Vec<&'static str> {
    let calls = organization.journal().into_iter().map(|made| made.call);
    calls.filter(|call| [LISTING, "sts:AssumeRole"].contains(call)).collect()
}

/// How many sessions were opened before the last page was asked for.
fn sessions_while_listing(organization: &FakeOrganization) -> usize {
    let calls = calls(organization);
    let last = calls.iter().rposition(|call| *call == LISTING).unwrap();
    calls[..last].iter().filter(|call| **call != LISTING).count()
}

#[test]
fn every_account_is_read_once_and_the_first_ones_before_the_last_page() {
    let (organization, accounts) = of_many_pages();
    organization.set_latency(Duration::from_secs(1));
    let (seen, planned) = plan(&engine(&organization, CONFIG), &Selection::all(), &organization_run(8), |_| ());
    planned.unwrap();
    assert!(seen.is_listed);
    assert_eq!(seen.read.len(), accounts.len());
    assert_eq!(seen.read.into_iter().collect::<BTreeSet<_>>(), accounts);
    assert_eq!(seen.listed.skipped.len(), 1, "the management account");
    assert_eq!(calls(&organization).iter().filter(|call| **call == LISTING).count(), PAGES);
    let sessions = sessions_while_listing(&organization);
    assert!(sessions >= 20, "{sessions} of {}", accounts.len());
}

#[test]
fn listing_goes_on_while_as_many_accounts_as_allowed_are_in_progress() {
    let (organization, accounts) = of_many_pages();
    organization.set_latency(Duration::from_secs(1));
    let (seen, planned) = plan(&engine(&organization, CONFIG), &Selection::all(), &organization_run(1), |_| ());
    planned.unwrap();
    assert_eq!(seen.read.len(), accounts.len());
    // One account at a time takes two seconds or more, and a page one second.
    let sessions = sessions_while_listing(&organization);
    assert!((1..=PAGES).contains(&sessions), "{sessions}");
}

#[test]
fn account_that_is_on_two_pages_is_read_once() {
    let (organization, accounts) = of_many_pages();
    let once = run(select_accounts(&organization, &Selection::all(), &BTreeSet::new())).unwrap();
    organization.repeat_accounts_on_pages();
    organization.clear_journal();
    let engine = engine(&organization, CONFIG);
    let (seen, planned) = plan(&engine, &Selection::all(), &organization_run(8), |_| ());
    planned.unwrap();
    assert!(calls(&organization).iter().filter(|call| **call == LISTING).count() > PAGES, "accounts are repeated");
    assert_eq!(seen.read.len(), accounts.len());
    assert_eq!(seen.read.into_iter().collect::<BTreeSet<_>>(), accounts);
    assert_eq!(run(select_accounts(&organization, &Selection::all(), &BTreeSet::new())).unwrap(), once);
}

#[test]
fn page_that_cannot_be_read_is_an_error_after_the_accounts_before_it() {
    let (organization, accounts) = of_many_pages();
    organization.set_latency(Duration::from_secs(1));
    let script = Script::during(6, usize::MAX, Injection::InternalError).only(LISTING);
    let engine = scripted_engine(&organization, &script, CONFIG);
    let (seen, planned) = plan(&engine, &Selection::all(), &organization_run(8), |_| ());
    assert!(matches!(planned, Err(SelectError::Api(error)) if error.to_string().contains(LISTING)));
    assert!(!seen.is_listed);
    assert!(!seen.read.is_empty() && seen.read.len() < accounts.len(), "{}", seen.read.len());
    assert_eq!(organization.writes(), []);
}

#[test]
fn interrupt_reads_no_further_page_and_starts_no_other_account() {
    let (organization, accounts) = of_many_pages();
    organization.set_latency(Duration::from_secs(1));
    let organization_run = organization_run(4);
    let interrupt = organization_run.interrupt.clone();
    let stop = |seen: &Seen| {
        if seen.read.len() == 2 {
            interrupt.set();
        }
    };
    let (seen, planned) = plan(&engine(&organization, CONFIG), &Selection::all(), &organization_run, stop);
    planned.unwrap();
    assert!(!seen.is_listed);
    assert!((2..=6).contains(&seen.read.len()), "{}", seen.read.len());
    assert_eq!(seen.read.len() + seen.not_started, seen.listed.accounts.len(), "every listed account is accounted for");
    assert!(seen.listed.accounts.len() < accounts.len());
}

/// An account that is not in the organization is an error before another account is read, so that the whole list is read first.
#[test]
fn accounts_that_are_named_are_read_after_the_whole_list() {
    let (organization, accounts) = of_many_pages();
    organization.set_latency(Duration::from_secs(1));
    let requested = |id: &AccountId| RequestedId { id: id.clone(), place: None };
    let named = |accounts: Vec<RequestedId>| Selection {
        scope: Scope::Named { units: Vec::new(), accounts },
        tags: Vec::new(),
    };
    let some: Vec<_> = accounts.iter().step_by(20).map(requested).collect();
    let engine = engine(&organization, CONFIG);
    let (seen, planned) = plan(&engine, &named(some.clone()), &organization_run(8), |_| ());
    planned.unwrap();
    assert_eq!(seen.read.len(), some.len());
    assert_eq!(sessions_while_listing(&organization), 0);

    organization.clear_journal();
    let with_unknown = [some, vec![requested(&id("999999999999"))]].concat();
    let (seen, planned) = plan(&engine, &named(with_unknown), &organization_run(8), |_| ());
    assert!(matches!(planned, Err(SelectError::NotFound(_))));
    assert!(seen.read.is_empty());
    assert!(organization.journal().iter().all(|made| made.call == LISTING));
}
