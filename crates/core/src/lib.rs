//! The decision logic of account-onboarding, without I/O: no clock, environment, network or async code.
//!
//! The main path through the crate is [`config`] (what the user wants) → [`blueprint`] (what one account should contain)
//! → [`plan`] (the difference to what was [`observed`]). [`trigger`] parses the events that start a run, [`policy`] parses
//! and evaluates IAM policy documents, and [`outcome`] and [`report`] describe the result. `onboarding-engine` calls AWS.

pub mod account;
pub mod account_list;
pub mod attributes;
pub mod aws_config;
pub mod blueprint;
pub mod code;
pub mod config;
pub mod console;
mod csv_line;
pub mod display_name;
pub mod doctor;
pub mod eligibility;
pub mod error;
pub mod error_messages;
pub mod exclude;
pub mod handoff;
pub mod handoff_list;
mod hcl;
mod json;
pub mod last_result;
pub mod lease;
pub mod limits;
pub mod lines;
pub mod message_action;
pub mod mode;
pub mod new_account;
pub mod notification;
pub mod observed;
pub mod organization;
pub mod organizational_unit;
pub mod outcome;
pub mod owner;
pub mod plan;
pub mod policy;
pub mod prerequisites;
pub mod rate;
pub mod record;
pub mod redaction;
pub mod report;
pub mod role;
pub mod role_id;
pub mod role_settings;
pub mod selection;
pub mod session_policy;
pub mod suggestion;
pub mod sweep_mode;
pub mod template;
pub mod text;
pub mod time;
mod toml_reader;
pub mod trigger;
pub mod vendor;
pub mod vendor_documents;
pub mod vendor_read;
pub mod verify;
mod yaml;
