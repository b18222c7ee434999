//! Information that AWS returns only in error messages and not in error codes. No other module parses messages.
//!
//! Every phrase comes from an AWS page or a public report, which is linked next to it. An unknown message yields no
//! information; nothing is guessed.

mod denial;
mod quota;
mod signed_request;

pub use denial::{Denial, DeniedBy};
pub use quota::Quota;
pub(crate) use signed_request::without_signed_request;

/// What a message says in addition to its error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hint {
    /// A principal in a policy does not exist (yet). The error code is the same as for every malformed policy.
    ///
    /// See <https://github.com/hashicorp/terraform-provider-aws/pull/12436>.
    UnknownPrincipal,
    /// A service principal does not exist. Services are not created, so that waiting does not help.
    UnknownService,
    /// The caller is the root user of an account, which cannot assume roles.
    ///
    /// See <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
    RootUser,
    /// The clock of the caller is wrong.
    ///
    /// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>.
    ClockSkew,
}

impl Hint {
    /// Parses a message.
    pub(crate) fn read(message: &str) -> Option<Self> {
        if let Some((_, principal)) = message.split_once("Invalid principal in policy") {
            let is_service =
                principal.trim_start_matches(':').trim_start().to_ascii_uppercase().starts_with("\"SERVICE\"");
            return Some(if is_service { Self::UnknownService } else { Self::UnknownPrincipal });
        }
        if message.contains("Roles may not be assumed by root accounts") {
            return Some(Self::RootUser);
        }
        let skew = message.contains("Signature expired") || message.contains("Signature not yet current");
        skew.then_some(Self::ClockSkew)
    }
}
