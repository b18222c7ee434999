//! What a run does: writes in the account, and vendors that are told of it.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::Engine;
use super::target::TargetAccount;
use crate::ports::{VendorApi, World, WriteIam};
use onboarding_core::blueprint::Blueprint;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::{Action, Change, RegistrationChange};
use onboarding_core::role::RoleName;

/// The hands of a run. Nothing is told of an account whose id was not confirmed.
pub(super) struct Executor<'a, S, R> {
    pub(super) target: &'a TargetAccount<S>,
    pub(super) registrar: &'a R,
    pub(super) blueprint: &'a Blueprint,
}

impl<S: WriteIam, R: VendorApi> Executor<'_, S, R> {
    pub(super) async fn perform(&self, change: &Change) -> Result<(), ApiError> {
        match &change.action {
            Action::Register(entry) => self.register(&change.role, entry).await,
            _ => self.target.perform(change).await,
        }
    }

    async fn register(&self, role: &RoleName, entry: &RegistrationChange) -> Result<(), ApiError> {
        let spec = self.blueprint.roles.iter().find(|spec| spec.name == *role);
        let access = spec.and_then(|spec| spec.registration.as_ref()?.access.as_ref().ok());
        let access =
            access.ok_or_else(|| ApiError::new(entry.call(), "NoAccess", "there is no key for this vendor"))?;
        self.registrar.register(access, entry).await
    }
}

/// What vendors know of an account, by role; or why that is not known.
pub(super) type Known = BTreeMap<RoleName, Result<Vec<ExistingRegistration>, Outcome>>;

impl<W: World> Engine<W> {
    /// Asks the vendors of a blueprint what they know of its account, all at once. One that does not answer harms no other.
    pub(super) async fn registered(&self, blueprint: &Blueprint) -> Known {
        let specs = blueprint.roles.iter().filter_map(|spec| Some((spec, spec.registration.as_ref()?)));
        let asked = specs.map(async |(spec, registration)| {
            let known = match &registration.access {
                Ok(access) => {
                    let asked = self.world.registrar().registered(registration.api, access, &blueprint.account.id);
                    asked.await.map_err(|error| Outcome::from_vendor_error(&error, false))
                }
                Err(problem) => Err(Outcome::blocked(
                    "configuration",
                    problem,
                    "mend the configuration or the parameter, then run again",
                )),
            };
            (spec.name.clone(), known)
        });
        join_all(asked).await.into_iter().collect()
    }
}
