//! The edge of account-onboarding: AWS's SDK, vendors' APIs, the Lambda function and the CLI.
//!
//! What to do is decided in [`onboarding_core`]; [`onboarding_engine`] carries it out through its ports.

pub mod aws;
pub mod cli;
pub mod lambda;
pub mod vendors;
