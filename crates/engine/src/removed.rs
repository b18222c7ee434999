//! Names what was removed from the configuration, or is no longer selected by its targets, and is still present in the account.
//!
//! The recorded roles that are no longer configured for the account are read when the account is opened, in a session of their own that can do
//! nothing else. The session is assumed while the account's is, and the roles are read while the rest of the account is, so that
//! they add no step. An account without such roles costs no call. Recorded grants are compared with the trust policy of the
//! access role, which is read in any case.
//!
//! A role that no longer exists, or that another principal has created again, is removed from the record by the next `apply`,
//! so that it is not looked for in every run. A role that is configured stays in the record, whether it exists or not: the
//! recorded ID shows that it was created again.

use std::collections::BTreeSet;
use std::time::SystemTime;

use futures_util::future::join_all;
use onboarding_core::blueprint::Blueprint;
use onboarding_core::error::ApiError;
use onboarding_core::limits::ROLE_VISIBLE;
use onboarding_core::observed::Observed;
use onboarding_core::plan::{
    KnownRoles, NoLonger, RecordedGrant, StillPresent, ended_grants_left, is_gone, removed_roles, still_present_grants,
    still_present_role,
};
use onboarding_core::record::Record;
use onboarding_core::role::RoleName;
use onboarding_core::session_policy::{SessionScope, scopes_to_read};
use onboarding_core::time::after;

use crate::job::Engine;
use crate::ports::{AssumeRoleRequest, ReadIam, World};

/// The recorded roles that are no longer configured, and the sessions to read them in.
pub(crate) struct RemovedRoles<S> {
    recorded: KnownRoles,
    access_role: Option<RoleName>,
    sessions: Vec<(SessionScope, Result<S, ApiError>)>,
}

/// What came of the recorded roles that are no longer configured.
#[derive(Default)]
pub(crate) struct FoundRoles {
    /// Those that are still present, and those that cannot be read, which does not affect the run.
    pub(crate) still_present: Vec<StillPresent>,
    /// Those that no longer exist.
    pub(crate) gone: KnownRoles,
}

impl<W: World> Engine<W> {
    /// Assumes an access role to read the recorded roles that are no longer configured. `access_role` is the one that most
    /// likely can be assumed.
    pub(crate) async fn assume_to_read(
        &self,
        recorded: &KnownRoles,
        blueprint: &Blueprint,
        access_role: Option<&RoleName>,
        session_name: &str,
    ) -> RemovedRoles<W::Session> {
        let account = &blueprint.account;
        let unselected: Vec<_> = blueprint.unselected_roles().collect();
        // Those that are to be removed are read with the configured ones.
        let removed = blueprint.removed.iter().map(|removal| &removal.role.name);
        let configured = self.config.roles.iter().map(|role| &role.definition.name);
        let configured = configured.filter(|name| !unselected.contains(name)).chain(removed);
        let recorded = removed_roles(recorded, configured);
        let names: Vec<_> = recorded.keys().collect();
        let scopes = access_role.map(|_| scopes_to_read(account, &names)).unwrap_or_default();
        let assume = |scope: SessionScope| async move {
            let request = AssumeRoleRequest {
                role_arn: access_role?.arn(&account.partition, &account.id, "/"),
                policy: scope.policy.clone(),
                session_name: session_name.to_owned(),
            };
            Some((scope, self.world.assume_role(&request).await))
        };
        let sessions = join_all(scopes.into_iter().map(assume)).await.into_iter().flatten().collect();
        RemovedRoles { recorded, access_role: access_role.cloned(), sessions }
    }

    /// Reads the recorded roles that are no longer configured. `access_role` is the one that the run has assumed.
    pub(crate) async fn find_removed(
        &self,
        removed: RemovedRoles<W::Session>,
        blueprint: &Blueprint,
        access_role: &RoleName,
        session_name: &str,
    ) -> FoundRoles {
        let unselected: Vec<_> = blueprint.unselected_roles().collect();
        let RemovedRoles { recorded, sessions, .. } = match removed.access_role.as_ref() == Some(access_role) {
            true => removed,
            false => self.assume_to_read(&removed.recorded, blueprint, Some(access_role), session_name).await,
        };
        let read = sessions.into_iter().map(async |(scope, session)| {
            join_all(scope.roles.into_iter().map(async |name| {
                let found = match &session {
                    Ok(session) => session.role(&name).await.map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                (name, found)
            }))
            .await
        });
        let mut roles = FoundRoles::default();
        for (name, found) in join_all(read).await.into_iter().flatten() {
            let Some(id) = recorded.get(&name) else { continue };
            let no_longer = match unselected.iter().any(|unselected| unselected.is_same(&name)) {
                true => NoLonger::Selected,
                false => NoLonger::Configured,
            };
            match found {
                Ok(role) if is_gone(id, role.as_ref()) => _ = roles.gone.insert(name, id.clone()),
                Ok(role) => roles.still_present.extend(still_present_role(&name, id, role.as_ref(), no_longer)),
                Err(problem) => roles.still_present.push(StillPresent::UnreadableRole { name, problem, no_longer }),
            }
        }
        roles
    }
}

/// Whether every role that a record names has been visible for long: the run that recorded the last one ended some time ago.
pub(crate) fn is_visible(record: &Record, now: SystemTime) -> bool {
    record.result.as_ref().is_some_and(|result| after(result.recorded_at, ROLE_VISIBLE) <= now)
}

/// The grants that are recorded for an account, no longer configured, and still present.
pub(crate) fn grants_still_present(
    recorded: &BTreeSet<RecordedGrant>,
    blueprint: &Blueprint,
    observed: &Observed,
) -> Vec<StillPresent> {
    let Ok(trust) = &observed.access_trust else { return Vec::new() };
    let role = &observed.access_role;
    // Whether the undecided ones are for the account is not known, so that they are not reported.
    // Those that are removed are not left.
    let configured =
        [blueprint.grants_on(role), blueprint.undecided_grants_on(role), blueprint.withdrawn_from(role)].concat();
    let unselected = blueprint.unselected_grants_on(role);
    let revoked: Vec<_> = blueprint.revoked.iter().map(ToString::to_string).collect();
    let left = recorded.iter().filter(|grant| !revoked.contains(&grant.principal)).cloned().collect();
    let mut found = still_present_grants(&left, &configured, &unselected, role, trust, &blueprint.account.partition);
    found.extend(ended_grants_left(blueprint, role, trust));
    found
}
