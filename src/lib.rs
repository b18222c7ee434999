//! Every new account of an AWS Organization comes out connected.

pub mod account;
pub mod blueprint;
pub mod config;
pub mod fault;
pub mod mode;
pub mod observed;
pub mod plan;
pub mod policy;
pub mod ports;
pub mod reading;
pub mod role;
pub mod template;
pub mod trigger;
pub mod vendor;
