//! Profiles as sections of the file.
//!
//! See <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html> for the keys. aws-vault and granted read the
//! same ones.

use std::time::Duration;

use super::section::Section;
use super::values::{MfaSerial, ProfileName, RegionName, SessionName};
use crate::account::Account;
use crate::console::{AccessPortal, PermissionSet};
use crate::role::RoleName;

/// How the profiles get their credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// From an IAM user, who assumes the access role.
    User(UserAccess),
    /// From a session of IAM Identity Center.
    Sso(SsoAccess),
}

/// An IAM user of the identity account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAccess {
    /// The profile with the user's credentials.
    pub source_profile: ProfileName,
    /// The user's MFA device.
    pub mfa_serial: Option<MfaSerial>,
    /// The name of the sessions, which CloudTrail shows.
    pub session_name: Option<SessionName>,
    /// How long a session lasts.
    pub duration: Option<Duration>,
}

/// A session of IAM Identity Center, and what its users get in each account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoAccess {
    /// The name of the session.
    pub session: ProfileName,
    /// The permission set.
    pub permission_set: PermissionSet,
}

/// The `[sso-session]` that the profiles share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoSession {
    /// The name.
    pub name: ProfileName,
    /// The access portal.
    pub start_url: AccessPortal,
    /// The region of IAM Identity Center.
    pub region: RegionName,
}

/// The profile for an account. `role` is its access role.
#[must_use]
pub fn profile_section(
    name: &str,
    account: &Account,
    role: &RoleName,
    access: &Access,
    region: Option<&RegionName>,
) -> Section {
    let mut settings = match access {
        Access::User(user) => user_settings(account, role, user),
        Access::Sso(SsoAccess { session, permission_set }) => vec![
            ("sso_session", session.to_string()),
            ("sso_account_id", account.id.to_string()),
            ("sso_role_name", permission_set.to_string()),
        ],
    };
    settings.extend(region.map(|region| ("region", region.to_string())));
    section(format!("profile {name}"), settings)
}

fn user_settings(account: &Account, role: &RoleName, user: &UserAccess) -> Vec<(&'static str, String)> {
    let UserAccess { source_profile, mfa_serial, session_name, duration } = user;
    let mut settings = vec![
        ("role_arn", role.arn(&account.partition, &account.id, "/")),
        ("source_profile", source_profile.to_string()),
    ];
    settings.extend(mfa_serial.as_ref().map(|serial| ("mfa_serial", serial.to_string())));
    settings.extend(session_name.as_ref().map(|name| ("role_session_name", name.to_string())));
    settings.extend(duration.map(|duration| ("duration_seconds", duration.as_secs().to_string())));
    settings
}

/// The session that the profiles of [`SsoAccess`] refer to.
#[must_use]
pub fn session_section(session: &SsoSession) -> Section {
    let SsoSession { name, start_url, region } = session;
    let settings = vec![
        ("sso_start_url", start_url.to_string()),
        ("sso_region", region.to_string()),
        // The scope that `aws configure sso` writes; without a scope, tokens cannot be refreshed.
        ("sso_registration_scopes", "sso:account:access".to_owned()),
    ];
    section(format!("sso-session {name}"), settings)
}

fn section(header: String, settings: Vec<(&'static str, String)>) -> Section {
    Section { header, lines: settings.into_iter().map(|(key, value)| format!("{key} = {value}")).collect() }
}
