//! A vendor with an API: it registers accounts, and enters the role before it takes one.

use std::collections::BTreeMap;

use super::account::Rejection;
use super::journal::About;
use super::organization::{FakeOrganization, State};
use super::session::{self, Target};
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::policy::Caller;
use onboarding_core::vendor::{Api, ApiAccess};
use onboarding_engine::ports::VendorApi;

/// A customer of a vendor, and what the vendor has registered for them.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The address of the API.
    pub url: String,
    /// The key that opens it.
    pub key: String,
    /// The account that the vendor comes from.
    pub account: AccountId,
    /// The external id that it gives.
    pub external_id: String,
    /// How many seconds a new role cannot be entered by it.
    pub propagation: f64,
    /// What the API answers instead, by status, and until when.
    pub trouble: Option<(u16, f64)>,
    /// What is registered, by number.
    pub connectors: BTreeMap<u64, Connector>,
}

/// One account at a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connector {
    /// The account.
    pub account: AccountId,
    /// The ARN of the role that is entered, where one is.
    pub role_arn: Option<String>,
    /// What people read.
    pub display_name: String,
}

impl Tenant {
    /// One with nothing registered and nothing in the way.
    #[must_use]
    pub fn new(url: &str, key: &str, account: &AccountId, external_id: &str) -> Self {
        let [url, key, external_id] = [url, key, external_id].map(str::to_owned);
        let (account, connectors) = (account.clone(), BTreeMap::new());
        Self { url, key, account, external_id, propagation: 0.0, trouble: None, connectors }
    }
}

impl FakeOrganization {
    /// Makes a vendor's tenant, or changes it behind the tool's back; there is one.
    pub fn set_tenant(&self, tenant: Tenant) {
        self.lock().tenant = Some(tenant);
    }

    /// The vendor's tenant as it is.
    #[must_use]
    pub fn tenant(&self) -> Option<Tenant> {
        self.lock().tenant.clone()
    }

    async fn ask<T>(
        &self,
        call: &'static str,
        access: &ApiAccess,
        write: bool,
        act: impl FnOnce(&mut State, &Tenant) -> Result<T, Rejection>,
    ) -> Result<T, ApiError> {
        let management = self.lock().management.clone();
        let account = self.tenant().map_or(management, |tenant| tenant.account);
        let asked = self.perform_call(About { account: &account, call, role: None, write }, |state| {
            let tenant = state.tenant.clone().filter(|tenant| tenant.url == access.endpoint.url());
            let tenant = tenant.ok_or_else(|| Rejection::new("HTTP 404", "there is no such host"))?;
            if let Some((status, until)) = tenant.trouble
                && state.now < until
            {
                return Err(Rejection::new(&format!("HTTP {status}"), "trouble, on purpose"));
            }
            if tenant.key != access.key.expose() {
                return Err(Rejection::new("HTTP 401", format!("{} is no key of ours", access.key.expose())));
            }
            act(state, &tenant)
        });
        asked.await.map_err(|error| match error.code.strip_prefix("HTTP ").and_then(|status| status.parse().ok()) {
            Some(status) => error.with_status(status),
            None => error,
        })
    }
}

impl VendorApi for FakeOrganization {
    async fn registered(
        &self,
        _: Api,
        access: &ApiAccess,
        account: &AccountId,
    ) -> Result<Vec<ExistingRegistration>, ApiError> {
        self.ask("workload-security:SearchAwsConnectors", access, false, |_, tenant| {
            let ours = tenant.connectors.iter().filter(|(_, connector)| connector.account == *account);
            Ok(ours
                .map(|(id, connector)| ExistingRegistration { id: *id, role_arn: connector.role_arn.clone() })
                .collect())
        })
        .await
    }

    async fn register(&self, access: &ApiAccess, entry: &RegistrationChange) -> Result<(), ApiError> {
        self.ask(entry.call(), access, true, |state, tenant| {
            let refused = |message: &str| Rejection::new("HTTP 400", message);
            let arn = &entry.after.role_arn;
            let role = session::target(arn).ok_or_else(|| refused("this is no ARN of a role"))?;
            enters(state, tenant, &role).map_err(|_| refused(&format!("the role {arn} cannot be assumed")))?;
            let mut connectors = tenant.connectors.clone();
            let id = match &entry.before {
                Some(before) if connectors.contains_key(&before.id) => before.id,
                Some(_) => return Err(refused("there is no such connector")),
                None if connectors.values().any(|there| there.account == role.account) => {
                    return Err(refused("the account is there already"));
                }
                None => connectors.last_key_value().map_or(1, |(last, _)| last + 1),
            };
            let (account, role_arn) = (role.account.clone(), Some(arn.clone()));
            connectors.insert(id, Connector { account, role_arn, display_name: entry.after.display_name.clone() });
            state.tenant = Some(Tenant { connectors, ..tenant.clone() });
            Ok(())
        })
        .await
    }
}

/// Whether the vendor can enter a role: by its trust policy, and not before the role is known everywhere.
fn enters(state: &mut State, tenant: &Tenant, target: &Target) -> Result<(), Rejection> {
    let now = state.now;
    let seen = state.accounts.get_mut(&target.account).and_then(|there| there.read(&target.role, now));
    let known = seen.filter(|role| now - role.born >= tenant.propagation);
    let vendor = Caller { account: tenant.account.clone(), arn: None };
    state.trusts(&vendor, target, known, "vendor", Some(&tenant.external_id))
}
