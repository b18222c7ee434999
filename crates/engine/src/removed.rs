//! Names what was removed from the configuration and is still present in the account.
//!
//! The recorded roles that are no longer configured are read when the account is opened, in a session of their own that can do
//! nothing else, and while the rest of the account is read. An account without such roles costs no call. Recorded grants are
//! compared with the trust policy of the access role, which is read in any case.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use onboarding_core::account::Account;
use onboarding_core::blueprint::Blueprint;
use onboarding_core::observed::Observed;
use onboarding_core::plan::{
    KnownRoles, RecordedGrant, StillPresent, removed_roles, still_present_grants, still_present_role,
};
use onboarding_core::role::RoleName;
use onboarding_core::session_policy::scopes_to_read;

use crate::job::Engine;
use crate::ports::{AssumeRoleRequest, ReadIam, World};

impl<W: World> Engine<W> {
    /// The roles that are recorded for an account, no longer configured, and still present. What cannot be read is
    /// named as well; it does not affect the run.
    pub(crate) async fn roles_still_present(
        &self,
        recorded: &KnownRoles,
        account: &Account,
        access_role: &RoleName,
        session_name: &str,
    ) -> Vec<StillPresent> {
        let configured = self.config.roles.iter().map(|role| &role.definition.name);
        let removed = removed_roles(recorded, configured);
        let names: Vec<_> = removed.keys().collect();
        let read = scopes_to_read(account, &names).into_iter().map(async |scope| {
            let request = AssumeRoleRequest {
                role_arn: access_role.arn(&account.partition, &account.id, "/"),
                policy: scope.policy,
                session_name: session_name.to_owned(),
            };
            let session = self.world.assume_role(&request).await;
            join_all(scope.roles.into_iter().map(async |name| {
                let found = match &session {
                    Ok(session) => session.role(&name).await.map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                (name, found)
            }))
            .await
        });
        let found = join_all(read).await.into_iter().flatten();
        found
            .filter_map(|(name, found)| match found {
                Ok(role) => still_present_role(&name, removed.get(&name)?, role.as_ref()),
                Err(problem) => Some(StillPresent::UnreadableRole { name, problem }),
            })
            .collect()
    }
}

/// The grants that are recorded for an account, no longer configured, and still present.
pub(crate) fn grants_still_present(
    recorded: &BTreeSet<RecordedGrant>,
    blueprint: &Blueprint,
    observed: &Observed,
) -> Vec<StillPresent> {
    let Ok(trust) = &observed.access_trust else { return Vec::new() };
    let role = &observed.access_role;
    let configured = blueprint.grants_on(role);
    still_present_grants(recorded, &configured, role, trust, &blueprint.account.partition)
}
