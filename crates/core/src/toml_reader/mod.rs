//! Files that people write, read so that every mistake is told at once, each with its place.

mod forms;
mod nearest;
mod place;
mod policies;
mod table;

pub use place::{Place, Problem, Problems};

#[cfg(test)]
pub(crate) use forms::sample_account;
pub(crate) use forms::{
    check_count_of_managed, description, identity_or_account, managed_policy_arn, parameter_name, path, policy_name,
    service, session_seconds, tags, template,
};
pub(crate) use nearest::{did_you_mean, list_of};
pub(crate) use place::Source;
pub(crate) use policies::{check_quota, permissions_policy};
pub(crate) use table::{Table, Value};
