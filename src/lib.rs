//! Every new account of an AWS Organization comes out connected.

pub mod account;
pub mod blueprint;
pub mod config;
pub mod fault;
pub mod observed;
pub mod plan;
pub mod policy;
pub mod ports;
pub mod role;
pub mod simulation;
