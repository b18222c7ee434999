//! The ports on the AWS SDK: the only files that name `aws_sdk_*`.

mod claims;
mod clients;
mod clock;
mod directory;
mod error;
mod iam;
mod lost;
mod notices;
mod parameters;
mod queue;
mod sessions;
mod web;
mod write;

pub use claims::SsmClaims;
pub use clients::{ClientsError, command_line, function};
pub use clock::SystemClock;
pub use directory::Organizations;
pub use notices::Notices;
pub use parameters::Parameters;
pub use queue::Sqs;
pub use sessions::Sts;
pub use web::Web;
