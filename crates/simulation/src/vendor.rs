//! A vendor with a registration API.
//!
//! The vendor keeps one connector per account. Before it accepts a registration it assumes the vendor role with its external
//! ID, as the real vendor does, so a registration fails while the role is new and not yet propagated (see
//! [`Tenant::propagation`]).

use std::time::SystemTime;

use crate::call::CallInfo;
use crate::organization::FakeOrganization;
use crate::rejection::Rejection;
use crate::session::Presented;
use crate::state::State;
use crate::target::Target;
use crate::tenant::{Connector, Tenant};
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::policy::Caller;
use onboarding_core::time::since;
use onboarding_core::vendor::{Api, ApiAccess};
use onboarding_engine::ports::VendorApi;
use secrecy::SecretString;

/// Whether a call changes the registrations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CallKind {
    Read,
    Write,
}

impl FakeOrganization {
    /// Sets the vendor's tenant, or replaces it outside of the tool. There is at most one.
    pub fn set_tenant(&self, tenant: Tenant) {
        self.lock().tenant = Some(tenant);
    }

    /// The vendor's tenant in its current state.
    #[must_use]
    pub fn tenant(&self) -> Option<Tenant> {
        self.lock().tenant.clone()
    }

    async fn call_vendor<T>(
        &self,
        call: &'static str,
        access: &ApiAccess,
        kind: CallKind,
        act: impl FnOnce(&mut State, &mut Tenant) -> Result<T, Rejection>,
    ) -> Result<T, ApiError> {
        let account = {
            let state = self.lock();
            state.tenant.as_ref().map_or(&state.management, |tenant| &tenant.account).clone()
        };
        let write = kind == CallKind::Write;
        let result = self.perform_call(CallInfo { account: &account, call, role: None, write }, |state| {
            // The call has the tenant to itself: with its connectors, it is too large to be copied for every call.
            let Some(mut tenant) = state.tenant.take() else { return Err(no_host()) };
            let result = tenant.accept(access, state.now).and_then(|()| act(state, &mut tenant));
            state.tenant = Some(tenant);
            result
        });
        result.await.map_err(|error| match error.code.strip_prefix("HTTP ").and_then(|status| status.parse().ok()) {
            Some(status) => error.with_status(status),
            None => error,
        })
    }
}

impl VendorApi for FakeOrganization {
    async fn vendor_registrations(
        &self,
        api: Api,
        access: &ApiAccess,
        account: &AccountId,
    ) -> Result<Vec<ExistingRegistration>, ApiError> {
        self.call_vendor(api.calls().search, access, CallKind::Read, |_, tenant| {
            tenant.check(account)?;
            let ours = tenant.connectors.iter().filter(|(_, connector)| connector.account == *account);
            let existing = |(id, connector): (&u64, &Connector)| ExistingRegistration {
                id: *id,
                role_arn: connector.role_arn.clone(),
                display_name: Some(connector.display_name.clone()),
                workspaces: connector.workspaces,
                last_read: connector.last_read,
            };
            Ok(ours.map(existing).collect())
        })
        .await
    }

    async fn register_with_vendor(
        &self,
        access: &ApiAccess,
        registration: &RegistrationChange,
    ) -> Result<Option<u64>, ApiError> {
        self.call_vendor(registration.call(), access, CallKind::Write, |state, tenant| {
            let refused = |message: &str| Rejection::new("HTTP 400", message);
            let arn = &registration.after.role_arn;
            let role = Target::from_arn(arn).ok_or_else(|| refused("this is not a valid role ARN"))?;
            tenant.check(&role.account)?;
            check_vendor_access(state, tenant, &role)
                .map_err(|_| refused(&format!("the role {arn} cannot be assumed")))?;
            let connectors = &mut tenant.connectors;
            let id = match &registration.before {
                Some(before) if connectors.contains_key(&before.id) => before.id,
                Some(_) => return Err(refused("there is no such connector")),
                None if connectors.values().any(|connector| connector.account == role.account) => {
                    return Err(refused("the account is already registered"));
                }
                None => connectors.last_key_value().map_or(1, |(last, _)| last + 1),
            };
            let before = connectors.get(&id);
            let connector = Connector {
                account: role.account.clone(),
                role_arn: Some(arn.clone()),
                display_name: registration.after.display_name.clone(),
                // A request without it leaves it as it is.
                workspaces: registration.after.workspaces.or(before.map(|one| one.workspaces)).unwrap_or(false),
                last_read: before.and_then(|one| one.last_read),
            };
            connectors.insert(id, connector);
            Ok(registration.before.is_none().then_some(id))
        })
        .await
    }

    async fn deregister_from_vendor(&self, api: Api, access: &ApiAccess, registration: u64) -> Result<(), ApiError> {
        self.call_vendor(api.calls().delete, access, CallKind::Write, |_, tenant| {
            tenant.connectors.remove(&registration);
            Ok(())
        })
        .await
    }

    async fn vendor_external_id(&self, api: Api, access: &ApiAccess) -> Result<Option<SecretString>, ApiError> {
        self.call_vendor(api.calls().external_id, access, CallKind::Read, |_, tenant| {
            Ok(tenant.returned_external_id.as_deref().map(SecretString::from))
        })
        .await
    }
}

fn no_host() -> Rejection {
    Rejection::new("HTTP 404", "there is no such host")
}

impl Tenant {
    /// Checks that a call reaches the tenant, and that it is authenticated.
    fn accept(&self, access: &ApiAccess, now: SystemTime) -> Result<(), Rejection> {
        if self.url != access.endpoint.url() {
            return Err(no_host());
        }
        if let Some((status, until)) = self.outage
            && now < until
        {
            return Err(Rejection::new(&format!("HTTP {status}"), "trouble, on purpose"));
        }
        if self.key != access.key.expose() {
            return Err(Rejection::new("HTTP 401", format!("{} is not a valid API key", access.key.expose())));
        }
        Ok(())
    }

    /// Checks that the vendor can handle an account.
    fn check(&self, account: &AccountId) -> Result<(), Rejection> {
        match self.failures.get(account) {
            Some(status) => Err(Rejection::new(&format!("HTTP {status}"), "this account is refused, on purpose")),
            None => Ok(()),
        }
    }
}

/// Checks that the vendor can assume a role: the trust policy allows it and the role has propagated.
fn check_vendor_access(state: &mut State, tenant: &Tenant, target: &Target) -> Result<(), Rejection> {
    let now = state.now;
    let seen = state.accounts.get_mut(&target.account).and_then(|account| account.read(&target.role, now));
    let known = seen.filter(|role| since(role.created_at, now) >= tenant.propagation);
    let vendor = Caller { account: tenant.account.clone(), arn: None };
    state.check_trust(&vendor, target, known, "vendor", Presented::external_id(Some(&tenant.external_id)))
}
