//! Assuming the access role: the first of the configured names that works, with as many sessions as the session policies
//! need.
//!
//! In a new account the first role may not exist yet. If the others were tried at once, the account would be accessed through
//! whatever role has one of their names, and that choice would depend on a race condition. So for some minutes after the account
//! joined ([`FIRST_ACCESS_ROLE`]) only the first role is tried. An established account has the roles that it has: all are
//! tried at once.

use futures_util::future::try_join_all;
use onboarding_core::account::AccountAge;
use onboarding_core::blueprint::Blueprint;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::limits::FIRST_ACCESS_ROLE;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Stop;
use onboarding_core::plan::Refusal;
use onboarding_core::role::RoleName;
use onboarding_core::session_policy::{MAX_LENGTH, scopes_within};
use onboarding_core::suggestion::list_of;
use onboarding_core::time::since;

use crate::access_denied::{diagnose, passes_with_time};
use crate::assumed::AssumedAccount;
use crate::job::Engine;
use crate::ports::{AssumeRoleRequest, Sessions, World};

/// Sessions in an account, and the roles whose session policy would be too long.
type Assumed<W> = (AssumedAccount<<W as Sessions>::Session>, Vec<Refusal>);

impl<W: World> Engine<W> {
    /// Tries the access roles in their configured order, in a new account the first one alone at first.
    pub(crate) async fn assume(
        &self,
        blueprint: &Blueprint,
        age: AccountAge,
        mode: Mode,
        session_name: &str,
    ) -> Result<Assumed<W>, Stop> {
        let mut denied = Vec::new();
        for name in &blueprint.access_roles {
            match self.assume_split(blueprint, age, name, mode, session_name).await {
                Ok((assumed, too_long)) => {
                    let others_denied = others_denied(name, &denied);
                    return Ok((AssumedAccount { others_denied, ..assumed }, too_long));
                }
                Err(error) if error.kind() == ErrorKind::AccessDenied => {
                    let is_waited_for = denied.is_empty() && self.may_still_appear(blueprint, age, &error);
                    denied.push((name, error));
                    if is_waited_for {
                        break;
                    }
                }
                Err(error) => return Err(Stop::from_error(&error, age)),
            }
        }
        Err(diagnose(&blueprint.account, age, &denied))
    }

    /// Whether the first access role may not exist yet, so that the others have to wait.
    fn may_still_appear(&self, blueprint: &Blueprint, age: AccountAge, error: &ApiError) -> bool {
        let joined_at = blueprint.account.joined_at;
        let is_recent = joined_at.is_some_and(|joined| since(joined, self.world.now()) < FIRST_ACCESS_ROLE);
        age.is_new() && is_recent && passes_with_time(error)
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
        let account = account.id.clone();
        Ok((AssumedAccount { account, access_role, others_denied: None, age, sessions }, refusals))
    }
}

/// Why another access role than the first is used, in a sentence.
fn others_denied(used: &RoleName, denied: &[(&RoleName, ApiError)]) -> Option<String> {
    let (_, error) = denied.first()?;
    let names = list_of(denied.iter().map(|(name, _)| name.as_str()));
    Some(format!("the account is accessed through role `{used}`, because AssumeRole was denied for {names}: {error}"))
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
