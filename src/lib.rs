//! Every new account of an AWS Organization comes out connected.

pub mod account;
pub mod aws;
pub mod blueprint;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod fault;
mod json;
pub mod lambda;
pub mod mode;
pub mod observed;
pub mod onboarding;
pub mod outcome;
pub mod plan;
pub mod policy;
pub mod ports;
mod reading;
pub mod report;
pub mod role;
pub mod session_policy;
pub mod simulation;
pub mod telling;
pub mod template;
pub mod trigger;
pub mod vendor;
pub mod wording;
