//! The checks of `onboard doctor`: facts about the environment and the deployment, judged by pure functions.
//!
//! A fact that cannot be read is a warning that names the permission, so that the other checks still count.

mod check;
mod deployment;
mod environment;
mod tag_decisions;
mod targets;

pub use check::{Check, Diagnosis, Status, not_read};
pub use deployment::{
    FunctionFacts, FunctionState, PUBLISHED_ACTIONS, QueueFacts, RuleFacts, dead_letters, function, inbox, parameter,
    role, rules, table, unreadable_parameter,
};
pub use environment::{
    OrganizationFacts, TrailFacts, account, credentials, organization, region, tool, trails, trails_elsewhere,
};
pub use tag_decisions::TagDecisions;
pub use targets::targets;
