//! The audit: every account of the organization × every requirement of the configuration, with the status, since when, and what to
//! do.
//!
//! An [`Audit`] is made from one of two sources. The *records* say what the last run found in each account: reading them costs a scan
//! of one table, and no account is accessed. The *live* source is a plan for each account, made now: it also has the policies that
//! exist. In both cases the list of accounts comes from Organizations, so that an account that was never processed appears as
//! `never_seen`, and one that is not processed appears as `skipped` with the reason.
//!
//! [`audit_lines`], [`audit_json`], [`audit_csv`] and [`audit_html`] render it.

mod account;
mod attention;
mod coverage;
mod csv;
mod departed;
mod details;
mod html;
mod json;
mod lines;
mod live;
mod recorded;
mod requirement;
mod summary;

pub use account::{AccountStatus, AuditHandoff, AuditedAccount, ConfigurationMatch, RequirementResult, Status};
pub use csv::audit_csv;
pub use departed::DepartedAccount;
pub use details::RoleDetails;
pub use html::audit_html;
pub use json::audit_json;
pub use lines::audit_lines;
pub use live::{LiveAccount, live_account};
pub use recorded::recorded_account;
pub use requirement::{AuditRequirement, RequirementKind, audit_requirements};
pub use summary::{Audit, AuditSource};

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
