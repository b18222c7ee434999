//! What AWS tells in words alone, where it gives no code: the one place where texts of services are read.
//!
//! Each phrase comes from a page of AWS or from a report that is named beside it. What is not known is not guessed at.

mod denial;
mod quota;

pub use denial::{Denial, DeniedBy};
pub use quota::Quota;

/// Whether IAM refuses a policy for a principal that it does not know. The code is that of every malformed policy.
///
/// See <https://github.com/hashicorp/terraform-provider-aws/pull/12436>.
#[must_use]
pub fn is_unknown_principal(message: &str) -> bool {
    message.contains("Invalid principal in policy")
}
