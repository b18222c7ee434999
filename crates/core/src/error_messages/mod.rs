//! Information that AWS returns only in error messages and not in error codes. No other module parses messages.
//!
//! Every phrase comes from an AWS page or a public report, which is linked next to it. An unknown message yields no
//! information; nothing is guessed.

mod denial;
mod quota;

pub use denial::{Denial, DeniedBy};
pub use quota::Quota;

/// Whether IAM rejects a policy because of a principal that does not exist (yet). The error code is the same as for every
/// malformed policy.
///
/// See <https://github.com/hashicorp/terraform-provider-aws/pull/12436>.
#[must_use]
pub(crate) fn is_unknown_principal(message: &str) -> bool {
    message.contains("Invalid principal in policy")
}
