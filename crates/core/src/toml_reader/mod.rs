//! Files that people write, read so that every mistake is told at once, each with its place.

mod location;
mod nearest;
mod policies;
mod table;
mod validators;

pub use location::{Location, Problem, Problems};

pub(crate) use location::SourceFile;
pub(crate) use nearest::{did_you_mean, list_of};
pub(crate) use policies::{check_quota, permissions_policy};
pub(crate) use table::{Table, Value};
#[cfg(test)]
pub(crate) use validators::sample_account;
pub(crate) use validators::{
    check_count_of_managed, description, identity_or_account, managed_policy_arn, parameter_name, path, policy_name,
    service, session_seconds, tags, template,
};
