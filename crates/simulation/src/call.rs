//! The journal's record of a call.

use onboarding_core::account::AccountId;
use onboarding_core::role::RoleName;

/// One recorded API call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The account whose API was called; the management account for Organizations and SSM.
    pub account: AccountId,
    /// The action, such as `iam:CreateRole`.
    pub call: &'static str,
    /// The role that the call names, if any.
    pub role: Option<RoleName>,
    /// Whether the call is a write.
    pub write: bool,
    /// Whether the call succeeded. A read that finds nothing also succeeds.
    pub ok: bool,
}

/// The journal fields of a call that are known before it is performed.
#[derive(Clone, Copy)]
pub(super) struct CallInfo<'a> {
    pub(super) account: &'a AccountId,
    pub(super) call: &'static str,
    pub(super) role: Option<&'a RoleName>,
    pub(super) write: bool,
}
