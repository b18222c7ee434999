//! Reads TOML files and reports all errors in one pass, each with file, line and column.
//!
//! `toml` with `serde` stops at the first error, which makes fixing a configuration tedious. This module works on the
//! parsed TOML tree instead: a [`Table`] rejects unknown keys when it is created, and each accessor of [`Table`] and
//! [`Value`] returns the value or `None`. In the latter case the problem is recorded in the [`SourceFile`] and reading
//! continues. After reading, [`SourceFile::into_problems`] returns the problems sorted by location. If there is one, the
//! values that were read are discarded.
//!
//! Messages never contain a value that may be a secret, such as an external ID.

mod actions;
mod conditions;
mod location;
mod pasted;
mod permissions;
mod policies;
mod references;
mod scalars;
mod table;
mod validators;

pub use location::{Location, Problem, Problems};
pub use references::check_no_references;

pub(crate) use actions::assume_actions;
pub(crate) use conditions::{permissions_condition, trust_condition};
pub(crate) use location::SourceFile;
pub(crate) use permissions::check_action;
pub(crate) use policies::{SHORTER_POLICIES, check_quota, inline_policies_size, permissions_policy};
pub(crate) use scalars::Scalar;
pub(crate) use table::{Table, Value};
pub(crate) use validators::{
    check_count_of_managed, description, external_id_template, identity_or_account, identity_provider,
    managed_policy_arn, parameter_name, path, policy_name, principal_to_revoke, sample_account, service,
    session_duration, tags, template,
};
