//! The profiles of a user, with which access is tried: IAM users and sessions of roles, with and without MFA.

use secrecy::{ExposeSecret, SecretString};

use crate::call::CallInfo;
use crate::organization::FakeOrganization;
use crate::profile_settings::ProfileSettings;
use crate::rejection::Rejection;
use crate::session::Presented;
use crate::target::Target;
use crate::validate;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::policy::Caller;
use onboarding_core::verify::{ATTEMPT_SESSION, Attempt, KeyKind};
use onboarding_engine::ports::{Profiles, TryAccess};

/// A profile, signed in.
#[derive(Debug, Clone)]
pub struct FakeProfile {
    organization: FakeOrganization,
    settings: ProfileSettings,
    has_mfa: bool,
}

/// The code that every MFA device shows.
const CODE: &str = "123456";

impl FakeOrganization {
    /// Adds a profile with access keys of the user, or credentials of the role session, that `arn` names.
    #[must_use]
    pub fn with_profile(self, name: &str, arn: &str, keys: KeyKind, mfa_serial: Option<&str>) -> Self {
        let settings = ProfileSettings { arn: arn.to_owned(), keys, mfa_serial: mfa_serial.map(str::to_owned) };
        self.change(|all| all.profiles.insert(name.to_owned(), settings));
        self
    }
}

impl Profiles for FakeOrganization {
    type Profile = FakeProfile;
    type ProfileError = ApiError;

    async fn profile(&self, name: &str) -> Result<FakeProfile, ApiError> {
        let settings = self.lock().profiles.get(name).cloned();
        let settings = settings.ok_or_else(|| ApiError::new("profile", "NoCredentials", "there is no such profile"))?;
        Ok(FakeProfile { organization: self.clone(), settings, has_mfa: false })
    }
}

impl FakeProfile {
    /// The user, or the role of the session.
    fn caller(&self) -> Option<Caller> {
        let account = AccountId::from_arn(&self.settings.arn)?;
        let arn = match self.settings.arn.split_once(":assumed-role/") {
            Some((_, rest)) => {
                let partition = self.organization.lock().partition.clone();
                format!("arn:{partition}:iam::{account}:role/{}", rest.split('/').next()?)
            }
            None => self.settings.arn.clone(),
        };
        Some(Caller { account, arn: Some(arn) })
    }
}

impl TryAccess for FakeProfile {
    fn mfa_serial(&self) -> Option<&str> {
        self.settings.mfa_serial.as_deref()
    }

    async fn identity(&self) -> Result<(String, KeyKind), ApiError> {
        Ok((self.settings.arn.clone(), self.settings.keys))
    }

    async fn with_mfa(&self, serial: &str, code: &SecretString) -> Result<Self, ApiError> {
        let is_valid = self.settings.mfa_serial.as_deref() == Some(serial) && code.expose_secret() == CODE;
        if self.settings.keys == KeyKind::Temporary || !is_valid {
            let message = "MultiFactorAuthentication failed with invalid MFA one time pass code.";
            return Err(ApiError::new("sts:GetSessionToken", "AccessDenied", message));
        }
        Ok(Self { has_mfa: true, ..self.clone() })
    }

    async fn assume_and_identify(&self, attempt: &Attempt) -> Result<String, ApiError> {
        let target = Target::from_arn(&attempt.role_arn);
        let caller = self.caller();
        let management = self.organization.lock().management.clone();
        let info = CallInfo {
            account: target.as_ref().map_or(&management, |target| &target.account),
            call: "sts:AssumeRole",
            role: target.as_ref().map(|target| &target.role),
            write: false,
        };
        let assume = |state: &mut crate::state::State| {
            let (Some(target), Some(caller)) = (&target, &caller) else {
                return Err(validate::invalid(format!("{} is invalid", attempt.role_arn)));
            };
            let role = state.accounts.get(&target.account).and_then(|account| account.role(&target.role)).cloned();
            let external_id = attempt.external_id().map(|id| id.expose_secret());
            let presented = Presented { external_id, has_mfa: self.has_mfa };
            state.check_trust(caller, target, role, ATTEMPT_SESSION, presented)?;
            let Target { partition, account, role, .. } = target;
            Ok::<_, Rejection>(format!("arn:{partition}:sts::{account}:assumed-role/{role}/{ATTEMPT_SESSION}"))
        };
        self.organization.perform_call(info, assume).await
    }
}
