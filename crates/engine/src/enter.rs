//! Entering: the first access role that lets us in, with as many sessions as the session policy needs.

use futures_util::future::try_join_all;

use super::diagnose::diagnose;
use super::prepare::Prepared;
use super::target::AssumedAccount;
use super::{End, Engine, SessionOf};
use crate::ports::{AssumeRoleRequest, Sessions, World};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::Refusal;
use onboarding_core::role::RoleName;
use onboarding_core::session_policy::scopes;

impl<W: World> Engine<W> {
    /// Tries the access roles in order.
    pub(super) async fn enter(
        &self,
        prepared: &Prepared,
        mode: Mode,
        session_name: &str,
    ) -> Result<(AssumedAccount<SessionOf<W>>, Vec<Refusal>), End> {
        let mut refused = Vec::new();
        for name in &self.config.access_role.names {
            match self.enter_by(prepared, name, mode, session_name).await {
                Ok(entered) => return Ok(entered),
                Err(error) if error.fault() == ErrorKind::AccessDenied => refused.push((name, error)),
                Err(error) => return Err(Outcome::from_error(&error, prepared.young)),
            }
        }
        Err(diagnose(prepared, &refused))
    }

    async fn enter_by(
        &self,
        prepared: &Prepared,
        access_role: &RoleName,
        mode: Mode,
        session_name: &str,
    ) -> Result<(AssumedAccount<SessionOf<W>>, Vec<Refusal>), ApiError> {
        let account = &prepared.blueprint.account;
        let role_arn = access_role.arn(&account.partition, &account.id, "/");
        let (scopes, too_long) = scopes(&prepared.blueprint, access_role, mode);
        let sessions = try_join_all(scopes.into_iter().map(async |scope| {
            let (role_arn, policy) = (role_arn.clone(), scope.policy.clone());
            let entry = AssumeRoleRequest { role_arn, policy, session_name: session_name.to_owned() };
            Ok::<_, ApiError>((scope, self.world.sessions().enter(&entry).await?))
        }));
        let refusals = too_long.into_iter().map(|role| Refusal::session_policy(&role.name)).collect();
        let (account, access_role) = (account.id.clone(), access_role.clone());
        Ok((AssumedAccount { account, access_role, young: prepared.young, sessions: sessions.await? }, refusals))
    }
}

/// A session name that tells where it comes from: this tool and the event. 2 to 64 characters of `[\w+=,.@-]`.
///
/// See `RoleSessionName` in <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
pub(super) fn session_name(origin: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' };
    format!("account-onboarding-{origin}").chars().map(allowed).take(64).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_session_name_is_sts_s() {
        insta::assert_snapshot!(super::session_name("68679d28-343e-d8ec-4a8c-cdd430223a5d"), @"account-onboarding-68679d28-343e-d8ec-4a8c-cdd430223a5d");
        assert_eq!(super::session_name(&"é/".repeat(99)).len(), 64);
    }
}
