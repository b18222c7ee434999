//! `onboard verify`: which attempts to assume a role are made for real, what must come of each, and how the results are shown.
//!
//! The proofs of a report are evaluated: they say what the trust policies that exist mean. An attempt is a real `sts:AssumeRole`
//! with the credentials of a person or application, and also depends on what the proofs do not see: the caller's own policies,
//! control policies, and whether AWS reads a policy as this tool does. [`attempts`] decides what is tried, from the configuration,
//! the observed state, and the caller; nothing here makes a call.
//!
//! An attempt that must be refused is as important as one that must succeed: a trust policy that lets too many callers in looks
//! correct to everyone who is supposed to get in.

mod attempt;
mod caller;
mod external_id;
mod outcome;
mod permissions;
mod render;

pub use attempt::{Attempt, Attempts, Evaluated, Expected, NotTried, NotTriedReason, PresentedId, attempts};
pub use caller::{KeyKind, UnusableCaller, VerifyCaller};
pub use outcome::{AttemptResult, Conclusion, RefusedBy, Trial};
pub use permissions::{RolePermissions, permissions};
pub use render::{Trials, Verification};

/// The session policy of an attempt: the session can do nothing. `sts:GetCallerIdentity`, which names the session, needs no
/// permission, and no policy can deny it.
///
/// See <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>.
pub const ATTEMPT_POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// The name of the session of an attempt, which CloudTrail shows.
pub const ATTEMPT_SESSION: &str = "account-onboarding-verify";
