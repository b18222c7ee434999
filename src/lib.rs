//! The outer layer of account-onboarding: AWS SDK clients, vendor API clients, the Lambda function and the CLI.
//!
//! [`onboarding_core`] decides what to do, without I/O. [`onboarding_engine`] carries it out through ports, and this
//! crate implements the ports:
//!
//! - [`aws`]: AWS Organizations, STS, IAM, SSM, SQS and EventBridge.
//! - [`vendors`]: the vendors' APIs.
//! - [`lambda`]: the handler of the function.
//! - [`cli`]: the `onboard` command.

pub mod aws;
pub mod cli;
pub mod lambda;
pub mod vendors;
