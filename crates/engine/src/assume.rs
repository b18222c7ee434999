//! Assuming the access role: the first of the configured names that works, with as many sessions as the session policies
//! need.

use futures_util::future::try_join_all;
use onboarding_core::account::AccountAge;
use onboarding_core::blueprint::Blueprint;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Stop;
use onboarding_core::plan::Refusal;
use onboarding_core::role::RoleName;
use onboarding_core::session_policy::{MAX_LENGTH, scopes_within};

use crate::access_denied::diagnose;
use crate::assumed::AssumedAccount;
use crate::job::Engine;
use crate::ports::{AssumeRoleRequest, Sessions, World};

/// Sessions in an account, and the roles whose session policy would be too long.
type Assumed<W> = (AssumedAccount<<W as Sessions>::Session>, Vec<Refusal>);

impl<W: World> Engine<W> {
    /// Tries the access roles in their configured order.
    pub(crate) async fn assume(
        &self,
        blueprint: &Blueprint,
        age: AccountAge,
        mode: Mode,
        session_name: &str,
    ) -> Result<Assumed<W>, Stop> {
        let mut denied = Vec::new();
        for name in &self.config.access_role.names {
            match self.assume_split(blueprint, age, name, mode, session_name).await {
                Ok(assumed) => return Ok(assumed),
                Err(error) if error.kind() == ErrorKind::AccessDenied => denied.push((name, error)),
                Err(error) => return Err(Stop::from_error(&error, age)),
            }
        }
        Err(diagnose(&blueprint.account, age, &denied))
    }

    /// Assumes a role. If STS finds the session policies too large, because it packs them together with session tags, they are
    /// split over more sessions.
    async fn assume_split(
        &self,
        blueprint: &Blueprint,
        age: AccountAge,
        access_role: &RoleName,
        mode: Mode,
        session_name: &str,
    ) -> Result<Assumed<W>, ApiError> {
        let mut lengths = [MAX_LENGTH, MAX_LENGTH / 2, 0].into_iter();
        let mut result = Err(ApiError::new("sts:AssumeRole", "PackedPolicyTooLarge", ""));
        while let Err(error) = &result
            && error.is_session_policy_too_large()
            && let Some(length) = lengths.next()
        {
            result = self.assume_role(blueprint, age, access_role, mode, session_name, length).await;
        }
        result
    }

    async fn assume_role(
        &self,
        blueprint: &Blueprint,
        age: AccountAge,
        access_role: &RoleName,
        mode: Mode,
        session_name: &str,
        length: usize,
    ) -> Result<Assumed<W>, ApiError> {
        let account = &blueprint.account;
        let role_arn = access_role.arn(&account.partition, &account.id, "/");
        let (scopes, too_long) = scopes_within(blueprint, access_role, mode, length);
        let sessions = try_join_all(scopes.into_iter().map(async |scope| {
            let request = AssumeRoleRequest {
                role_arn: role_arn.clone(),
                policy: scope.policy.clone(),
                session_name: session_name.to_owned(),
            };
            Ok::<_, ApiError>((scope, self.world.assume_role(&request).await?))
        }));
        let refusals = too_long.into_iter().map(|role| Refusal::session_policy(role.name())).collect();
        let sessions = sessions.await?;
        let access_role = access_role.clone();
        Ok((AssumedAccount { account: account.id.clone(), access_role, age, sessions }, refusals))
    }
}

/// The session's name, which CloudTrail shows in the account: this tool and the event. 2 to 64 characters of
/// `[\w+=,.@-]`.
///
/// See `RoleSessionName` in <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
pub(crate) fn session_name(suffix: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' };
    format!("account-onboarding-{suffix}").chars().map(allowed).take(64).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn session_name_has_only_characters_that_sts_accepts() {
        insta::assert_snapshot!(super::session_name("68679d28-343e-d8ec-4a8c-cdd430223a5d"), @"account-onboarding-68679d28-343e-d8ec-4a8c-cdd430223a5d");
        assert_eq!(super::session_name(&"é/".repeat(99)).len(), 64);
    }
}
