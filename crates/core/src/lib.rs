//! Values and decisions of account-onboarding: pure functions on plain values, without clock, environment, network or
//! async.

pub mod account;
pub mod blueprint;
pub mod config;
pub mod error;
pub mod error_messages;
mod json;
pub mod lease;
pub mod message_action;
pub mod mode;
pub mod notification;
pub mod observed;
pub mod outcome;
pub mod plan;
pub mod policy;
pub mod report;
pub mod role;
pub mod session_policy;
pub mod template;
pub mod text;
mod toml_reader;
pub mod trigger;
pub mod vendor;
