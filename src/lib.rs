//! Every new account of an AWS Organization comes out connected.

pub mod account;
#[cfg(feature = "edge")]
pub mod aws;
pub mod blueprint;
pub mod claim;
#[cfg(feature = "edge")]
pub mod cli;
pub mod config;
pub mod delivery;
pub mod fault;
mod json;
#[cfg(feature = "edge")]
pub mod lambda;
pub mod mode;
pub mod observed;
pub mod onboarding;
pub mod outcome;
pub mod plan;
pub mod policy;
pub mod ports;
mod reading;
pub mod registration;
pub mod report;
pub mod role;
pub mod session_policy;
pub mod simulation;
pub mod telling;
pub mod template;
pub mod trigger;
pub mod vendor;
pub mod wording;
