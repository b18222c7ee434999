//! Who executes a change: IAM in the account, or a vendor's API for a registration.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::job::Engine;
use crate::ports::{VendorApi, World, WriteIam};
use crate::target::TargetAccount;
use onboarding_core::account::AccountAge;
use onboarding_core::blueprint::Blueprint;
use onboarding_core::code::Code;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::outcome::Stop;
use onboarding_core::plan::{Action, Change, RegistrationChange};
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;

/// Executes changes. It needs a [`TargetAccount`]: no vendor registers an account whose id was not confirmed.
pub(crate) struct Executor<'a, S, R> {
    pub(crate) target: &'a TargetAccount<S>,
    pub(crate) vendors: &'a R,
    pub(crate) blueprint: &'a Blueprint,
    pub(crate) age: AccountAge,
}

impl<S: WriteIam, R: VendorApi> Executor<'_, S, R> {
    /// Executes a change, and returns the ID of a role that it created.
    pub(crate) async fn execute(&self, change: &Change) -> Result<Option<RoleId>, ApiError> {
        match &change.action {
            Action::Register(registration) => self.register(&change.role, registration).await.map(|()| None),
            _ => self.target.execute(change).await,
        }
    }

    async fn register(&self, role: &RoleName, registration: &RegistrationChange) -> Result<(), ApiError> {
        let spec = self.blueprint.roles.iter().find(|spec| spec.name() == role);
        let access = spec.and_then(|spec| spec.registration.as_ref()?.access.as_ref().ok());
        let access =
            access.ok_or_else(|| ApiError::new(registration.call(), "NoAccess", "there is no key for this vendor"))?;
        self.vendors.register_with_vendor(access, registration).await
    }
}

/// What vendors have registered for an account, by role; or why that is not known.
pub(crate) type Registrations = BTreeMap<RoleName, Result<Vec<ExistingRegistration>, Stop>>;

impl<W: World> Engine<W> {
    /// Asks the vendors of a blueprint what they have registered for its account, in parallel. One that does not answer does
    /// not affect the others.
    pub(crate) async fn registrations(&self, blueprint: &Blueprint) -> Registrations {
        let specs = blueprint.roles.iter().filter_map(|spec| Some((spec, spec.registration.as_ref()?)));
        let asked = specs.map(async |(spec, registration)| {
            let known = match &registration.access {
                Ok(access) => {
                    let asked = self.world.vendor_registrations(registration.api, access, &blueprint.account.id);
                    asked.await.map_err(|error| Stop::from_vendor_error(&error, AccountAge::Established))
                }
                Err(problem) => Err(Stop::blocked(
                    Code::Configuration,
                    problem,
                    "fix the configuration or the parameter, then run again",
                )),
            };
            (spec.name().clone(), known)
        });
        join_all(asked).await.into_iter().collect()
    }
}
