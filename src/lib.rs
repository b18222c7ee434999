//! Every new account of an AWS Organization comes out connected.

pub mod account;
pub mod aws;
pub mod blueprint;
pub mod config;
pub mod fault;
pub mod mode;
pub mod observed;
pub mod onboarding;
pub mod outcome;
pub mod plan;
pub mod policy;
pub mod ports;
pub mod report;
pub mod role;
pub mod session_policy;
pub mod simulation;
