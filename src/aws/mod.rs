//! The ports, implemented with the AWS SDK. Only these files use the `aws_sdk_*` crates.

mod ambiguous;
mod clients;
mod clock;
mod directory;
mod error;
mod http;
mod iam;
mod leases;
mod notifier;
mod parameters;
mod queue;
mod sessions;
mod write;

pub use clients::{ClientsError, cli_config, function_config};
pub use clock::SystemClock;
pub use directory::Organizations;
pub use http::HttpClient;
pub use leases::SsmLeases;
pub use notifier::EventBridgeNotifier;
pub use parameters::Parameters;
pub use queue::Sqs;
pub use sessions::Sts;
