//! Who executes a change: IAM in the account, or a vendor's API for a registration.

use std::collections::BTreeMap;
use std::time::SystemTime;

use futures_util::future::{join, join_all};

use crate::job::Engine;
use crate::ports::{Records, VendorApi, World, WriteIam};
use crate::target::TargetAccount;
use crate::write_ahead::WriteAhead;
use onboarding_core::account::AccountAge;
use onboarding_core::blueprint::{Blueprint, RoleRemoval, RoleSpec};
use onboarding_core::code::Code;
use onboarding_core::config::VendorTenant;
use onboarding_core::error::ApiError;
use onboarding_core::observed::{ExistingRegistration, Observed};
use onboarding_core::outcome::Stop;
use onboarding_core::plan::{Action, Change, Deregistration, RegistrationChange, StillPresent};
use onboarding_core::policy::{Document, REVOCATION_POLICY, revoked_before, with_unique_ids};
use onboarding_core::record::{RecordedRegistration, RecordedRegistrations};
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use onboarding_core::vendor_read::read_notice;

/// Executes changes. It needs a [`TargetAccount`]: no vendor registers an account whose id was not confirmed.
pub(crate) struct Executor<'a, S, R> {
    pub(crate) target: &'a TargetAccount<S>,
    pub(crate) vendors: &'a R,
    pub(crate) blueprint: &'a Blueprint,
    pub(crate) age: AccountAge,
    /// The part of the record that is written before a change.
    pub(crate) ahead: Option<&'a WriteAhead<'a, R>>,
}

impl<S: WriteIam, R: VendorApi + Records> Executor<'_, S, R> {
    /// Records what has to be recorded before a change. Returns why the change has to wait, if it does.
    pub(crate) async fn record_before(&self, change: &Change) -> Option<Stop> {
        self.ahead?.before(change).await.err()
    }

    /// Executes a change, and returns what it created.
    pub(crate) async fn execute(&self, change: &Change) -> Result<Option<Created>, ApiError> {
        Ok(match &change.action {
            Action::Register(registration) => {
                self.register(&change.role, registration).await?.map(Created::Registration)
            }
            Action::Deregister(deregistration) => {
                self.deregister(&change.role, deregistration).await?;
                None
            }
            _ => self.target.execute(change).await?.map(Created::Role),
        })
    }

    /// Whether a role is still as it has to be before a change that gives it more: the one that was compared, with the configured
    /// trust policy, and the revocation of its sessions until a time if its boundary is lifted.
    pub(crate) async fn is_as_compared(
        &self,
        change: &Change,
        id: Option<&RoleId>,
        revoked_until: SystemTime,
    ) -> Result<bool, ApiError> {
        let Some(found) = self.target.role(&change.role).await? else { return Ok(false) };
        let spec = self.blueprint.roles.iter().find(|spec| *spec.name() == change.role);
        let is_configured =
            |trust: &Document| spec.is_some_and(|spec| with_unique_ids(trust, &spec.trust).equivalent(&spec.trust));
        if found.id.as_ref() != id || !found.trust.as_ref().is_ok_and(is_configured) {
            return Ok(false);
        }
        if !change.lifts_boundary() {
            return Ok(true);
        }
        let policy = self.target.policy(&change.role, REVOCATION_POLICY).await?;
        let shown = policy.and_then(|text| revoked_before(&Document::parse(&text).ok()?));
        Ok(shown.is_some_and(|shown| shown >= revoked_until))
    }

    async fn register(
        &self,
        role: &RoleName,
        registration: &RegistrationChange,
    ) -> Result<Option<Registered>, ApiError> {
        let spec = self.blueprint.roles.iter().find(|spec| spec.name() == role);
        let access = spec.and_then(|spec| {
            let desired = spec.registration.as_ref()?;
            Some((desired.access.as_ref().ok()?, &desired.tenant))
        });
        let (access, tenant) =
            access.ok_or_else(|| ApiError::new(registration.call(), "NoAccess", "there is no key for this vendor"))?;
        let made = self.vendors.register_with_vendor(access, registration).await?;
        Ok(made.map(|id| Registered { id, tenant: tenant.clone() }))
    }

    async fn deregister(&self, role: &RoleName, deregistration: &Deregistration) -> Result<(), ApiError> {
        let Deregistration { api, id, .. } = deregistration;
        let removal = self.blueprint.removed.iter().find(|removal| removal.role.name == *role);
        let access = removal.and_then(|removal| removal.access.as_ref()?.as_ref().ok());
        let no_key = || ApiError::new(api.calls().delete, "NoAccess", "there is no key for this vendor");
        self.vendors.deregister_from_vendor(*api, access.ok_or_else(no_key)?, *id).await
    }
}

/// What a change created.
pub(crate) enum Created {
    /// A role, with its unique ID.
    Role(RoleId),
    /// A registration.
    Registration(Registered),
}

/// A registration that was made.
pub(crate) struct Registered {
    /// The vendor's ID.
    pub(crate) id: u64,
    /// The label of the tenant.
    pub(crate) tenant: String,
}

/// Says which vendors do not read the account although it is registered with them.
pub(crate) fn read_notices(
    blueprint: &Blueprint,
    observed: &Observed,
    recorded: &RecordedRegistrations,
    now: SystemTime,
) -> Vec<String> {
    let notice = |spec: &RoleSpec| {
        let desired = spec.registration.as_ref()?;
        let existing = observed.registrations.get(spec.name())?.as_ref().ok()?;
        let ours = existing.iter().find(|one| desired.has_role(one))?;
        let recorded = recorded.get(spec.name()).filter(|recorded| recorded.id == ours.id);
        read_notice(&spec.definition.title, ours, recorded.map(|recorded| recorded.registered_at), now)
    };
    blueprint.roles.iter().filter_map(notice).collect()
}

/// Blocked, because the configuration or a parameter gives no access to the API of a vendor.
pub(crate) fn no_access(problem: &str) -> Stop {
    Stop::blocked(Code::Configuration, problem, "fix the configuration or the parameter, then run again")
}

/// What vendors have registered for an account, by role; or why that is not known.
pub(crate) type Registrations = BTreeMap<RoleName, Result<Vec<ExistingRegistration>, Stop>>;

impl<W: World> Engine<W> {
    /// Asks the vendors of a blueprint what they have registered for its account, in parallel. One that does not answer does
    /// not affect the others. For a role that is removed, it is asked only if a registration in that tenant is recorded.
    pub(crate) async fn registrations(&self, blueprint: &Blueprint, recorded: &RecordedRegistrations) -> Registrations {
        let specs = blueprint.roles.iter().filter_map(|spec| Some((spec, spec.registration.as_ref()?)));
        let asked = specs.map(async |(spec, registration)| {
            let known = match &registration.access {
                Ok(access) => {
                    let asked = self.world.vendor_registrations(registration.api, access, &blueprint.account.id);
                    asked.await.map_err(|error| Stop::from_vendor_error(&error, AccountAge::Established))
                }
                Err(problem) => Err(no_access(problem)),
            };
            (spec.name().clone(), known)
        });
        let recorded = blueprint.removed.iter().filter_map(|removal| removable(removal, recorded));
        let to_remove = recorded.map(async |(removal, tenant, registration)| {
            let account = &blueprint.account.id;
            let known = match &removal.access {
                Some(Ok(access)) => {
                    let asked = self.world.vendor_registrations(tenant.api, access, account).await;
                    asked.map_err(|error| Stop::from_vendor_error(&error, AccountAge::Established))
                }
                Some(Err(problem)) => Err(no_access(problem)),
                None => Ok(Vec::new()),
            };
            let name = &removal.role.name;
            let is_ours = |found: &ExistingRegistration| found.id == registration.id && has_role_named(found, name);
            (name.clone(), known.map(|found| found.into_iter().filter(is_ours).collect()))
        });
        let (asked, to_remove) = join(join_all(asked), join_all(to_remove)).await;
        asked.into_iter().chain(to_remove).collect()
    }
}

/// The recorded registration of a role that is removed, if the configuration gives access to its tenant.
fn removable<'a>(
    removal: &'a RoleRemoval,
    recorded: &'a RecordedRegistrations,
) -> Option<(&'a RoleRemoval, &'a VendorTenant, &'a RecordedRegistration)> {
    let tenant = removal.role.tenant.as_ref()?;
    let (_, registration) = recorded_for(removal, recorded)?;
    (registration.tenant == tenant.label()).then_some((removal, tenant, registration))
}

/// The recorded registration of a role that is removed.
fn recorded_for<'a>(
    removal: &RoleRemoval,
    recorded: &'a RecordedRegistrations,
) -> Option<(&'a RoleName, &'a RecordedRegistration)> {
    recorded.iter().find(|(role, _)| role.is_same(&removal.role.name))
}

/// Whether a registration is for a role of this name.
pub(crate) fn has_role_named(found: &ExistingRegistration, role: &RoleName) -> bool {
    let name = found.role_arn.as_deref().and_then(|arn| arn.rsplit('/').next());
    name.and_then(|name| name.parse::<RoleName>().ok()).is_some_and(|name| name.is_same(role))
}

/// The recorded registrations of removed roles that their vendors no longer show, by role.
pub(crate) fn deregistered(
    blueprint: &Blueprint,
    observed: &Observed,
    recorded: &RecordedRegistrations,
) -> Vec<RoleName> {
    let removable = blueprint.removed.iter().filter(|removal| removable(removal, recorded).is_some());
    let is_gone = |removal: &&RoleRemoval| {
        observed.registrations.get(&removal.role.name).is_some_and(|found| found.as_ref().is_ok_and(Vec::is_empty))
    };
    let role = |removal| recorded_for(removal, recorded).map(|(role, _)| role.clone());
    removable.filter(is_gone).filter_map(role).collect()
}

/// The recorded registrations of removed roles that are kept, because the configuration gives no access to their tenants.
pub(crate) fn kept_registrations(blueprint: &Blueprint, recorded: &RecordedRegistrations) -> Vec<StillPresent> {
    let kept = blueprint.removed.iter().filter(|removal| removable(removal, recorded).is_none());
    let notice = |removal: &RoleRemoval| {
        let (_, registration) = recorded_for(removal, recorded)?;
        let RoleRemoval { role, reason, .. } = removal;
        Some(StillPresent::Registration { title: role.title.clone(), id: registration.id, reason: *reason })
    };
    kept.filter_map(notice).collect()
}
