//! The port of `onboard verify --as`: attempts to assume roles with the credentials of a profile of the user.

use std::error::Error;
use std::future::Future;

use secrecy::SecretString;

use onboarding_core::error::ApiError;
use onboarding_core::verify::{Attempt, KeyKind};

/// The profiles of the user.
pub trait Profiles: Sync {
    /// A profile with its credentials.
    type Profile: TryAccess;
    /// Why a profile cannot be used.
    type ProfileError: Error + Send + Sync + 'static;

    /// Loads the credentials of a profile.
    fn profile(&self, name: &str) -> impl Future<Output = Result<Self::Profile, Self::ProfileError>> + Send;
}

/// Credentials with which access is tried. They are never those of this tool's own runs.
pub trait TryAccess: Send + Sync + Sized {
    /// The MFA device that the profile names (`mfa_serial`).
    fn mfa_serial(&self) -> Option<&str>;

    /// `sts:GetCallerIdentity`: the ARN of the caller, and the kind of its keys.
    fn identity(&self) -> impl Future<Output = Result<(String, KeyKind), ApiError>> + Send;

    /// `sts:GetSessionToken` for 900 seconds: credentials of the same user, with MFA. A code is valid once, and one such session is
    /// enough for all attempts.
    fn with_mfa(&self, serial: &str, code: &SecretString) -> impl Future<Output = Result<Self, ApiError>> + Send;

    /// `sts:AssumeRole` for 900 seconds with a session policy that denies everything, and then `sts:GetCallerIdentity` with the new
    /// credentials, which are not kept: the ARN of the session.
    fn assume_and_identify(&self, attempt: &Attempt) -> impl Future<Output = Result<String, ApiError>> + Send;
}
