//! The engine: brings one account to its blueprint, and reports how that ended.
//!
//! Start with [`Engine`] in `engine.rs`: `plan` and `apply` are there from top to bottom. Each step has a file of its own:
//!
//! | File | Step |
//! |---|---|
//! | `open` | look the account up, make its blueprint, assume the access role, confirm the account, read it |
//! | `look` | finds, for a sweep, that an account needs nothing |
//! | `departure` | confirms that an account departed, when an event says so |
//! | `deregister` | removes the registrations of a departed account that this tool made |
//! | `tenants` | the external IDs that vendors return |
//! | `converge` | compare, acquire the lease, execute, read again, verify; `next_step` decides and is pure |
//! | `ledger` | every change of a run and its result |
//! | `open_record` | one run at a time writes in an account, and what is remembered about it |
//! | `record_batch` | the records of several accounts, read and written together |
//! | `vendors` | registrations with vendors, and who executes a change |
//! | `governed/` | makes every call wait for the rate of its API, and limits the requests in flight |
//! | `all_accounts` | lists the organization |
//! | `audit` | the audit of many accounts, from the records or live |
//! | `trust_audit` | who outside the organization can assume the roles of many accounts |
//! | `units`, `select_accounts` | the organizational units; the accounts that a command is for |
//! | `while_listing` | processes accounts while the list of accounts is still being read |
//! | `organization`, `interrupt` | plan or apply for many accounts at the same time, until the user interrupts it |
//! | `new_accounts/` | creates accounts, moves them and onboards them |
//! | `handoffs` | what a person still has to do at vendors; no account is accessed |
//! | `account_facts` | the units and tags that targets depend on |
//! | `unit_tree`, `unit_names`, `shown_units` | the organizational units by their names; the names of the units that accounts are in |
//! | `callers` | the principals that must keep their access to the access role |
//! | `retry` | pauses between attempts, and calls that hang |
//! | `verify` | what `onboard verify` needs besides a plan: the state that was found |
//! | `undo` | restores what the trust policy of the access role was before a run |
//! | `write_ahead` | records what that policy was before it is changed |
//! | `configuration` | reads the deployed configuration, with its files |
//! | `secrets` | external IDs and API keys in parameters, read once |
//! | `panicked` | the report of an account for which this program failed |
//! | `run` | what one run has and has found, which becomes its report |
//!
//! What to do is decided in [`onboarding_core`]. Whatever touches the outside world is behind a trait in [`ports`].

mod access_denied;
mod account_facts;
mod all_accounts;
mod assume;
mod assumed;
mod audit;
mod cache;
mod callers;
mod configuration;
mod converge;
mod creation;
mod departure;
mod deregister;
mod engine;
mod first_look;
mod governed;
mod handoffs;
mod interrupt;
mod job;
mod known_organization;
mod ledger;
mod look;
mod new_accounts;
mod observe;
mod open;
mod open_record;
mod organization;
mod pages;
mod panicked;
pub mod ports;
mod prepare;
mod record_batch;
mod removed;
mod retry;
mod run;
mod secrets;
mod select_accounts;
mod shown_units;
mod target;
mod tenants;
mod trust_audit;
mod undo;
mod unit_names;
mod unit_tree;
mod units;
mod vendors;
mod verify;
mod while_listing;
mod write_ahead;

pub use account_facts::target_units;
pub use all_accounts::{AllAccounts, all_accounts};
pub use audit::all_records;
pub use configuration::{ConfigurationError, DeployedConfiguration, parameters_below};
pub use departure::Departed;
pub use deregister::Deregistering;
pub use first_look::FirstLook;
pub use governed::{Governed, GovernedSession};
pub use interrupt::Interrupt;
pub use job::{Engine, Job};
pub use known_organization::Organization;
pub use new_accounts::{CreationRun, Members, SurveyError, all_members};
pub use open_record::OpenRecord;
pub use organization::{AccountReport, AccountToProcess, OrganizationRun};
pub use pages::Pages;
pub use record_batch::{load_records, save_records};
pub use retry::{timed_out, timeout_at};
pub use run::Processed;
pub use secrets::{Unusable, Use, read_parameters};
pub use select_accounts::{SelectError, SelectedPage, SelectedPages, select_accounts};
pub use target::TargetAccount;
pub use trust_audit::organization_accounts;
pub use units::unit_paths;
pub use verify::Verified;
pub use while_listing::WhileListing;
