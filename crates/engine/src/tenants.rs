//! The external IDs that the configuration leaves to vendors' APIs.
//!
//! A tenant has one external ID for all accounts, so that an engine asks once and keeps the answer as long as it lives, as it keeps
//! the values of parameters. An error is kept for some seconds: the accounts of a sweep would otherwise wait for a vendor that does
//! not answer one after the other. From the first answer on, the external ID is a secret like every other.
//!
//! The answer is not trusted. What IAM would not accept as an external ID is refused, and is repeated nowhere.

use std::collections::BTreeMap;
use std::time::SystemTime;

use onboarding_core::account::AccountAge;
use onboarding_core::blueprint::{self, SecretValues};
use onboarding_core::code::Code;
use onboarding_core::config::VendorTenant;
use onboarding_core::limits::VENDOR_ERROR_AGE;
use onboarding_core::outcome::Stop;
use onboarding_core::role::ExternalId;
use onboarding_core::time::since;
use secrecy::ExposeSecret;

use crate::cache::TenantExternalId;
use crate::job::Engine;
use crate::ports::World;
use crate::vendors::no_access;

impl<W: World> Engine<W> {
    /// The external IDs of all tenants whose vendor returns it.
    pub(crate) async fn tenant_external_ids(&self, keys: &SecretValues) -> BTreeMap<VendorTenant, TenantExternalId> {
        let tenants = blueprint::tenants(&self.config);
        let mut answers = BTreeMap::new();
        if tenants.is_empty() {
            return answers;
        }
        let mut cache = self.cache.tenants.lock().await;
        for tenant in tenants {
            let is_recent = |at: &SystemTime| since(*at, self.world.now()) < VENDOR_ERROR_AGE;
            let answer = match cache.get(tenant) {
                Some((at, answer)) if answer.is_ok() || is_recent(at) => answer.clone(),
                _ => {
                    let answer = self.ask_external_id(tenant, keys).await;
                    cache.insert(tenant.clone(), (self.world.now(), answer.clone()));
                    answer
                }
            };
            answers.insert(tenant.clone(), answer);
        }
        answers
    }

    async fn ask_external_id(&self, tenant: &VendorTenant, keys: &SecretValues) -> TenantExternalId {
        let access = blueprint::tenant_access(tenant, keys).map_err(|problem| no_access(&problem))?;
        let asked = self.world.vendor_external_id(tenant.api, &access).await;
        let found = asked.map_err(|error| Stop::from_vendor_error(&error, AccountAge::Established))?;
        let call = tenant.api.calls().external_id;
        let refused = |problem: String| {
            Stop::blocked(
                Code::VendorRefused,
                format!("{call}: {problem}"),
                "set `external-id` of the vendor in the configuration, and report the answer to the vendor, then run again",
            )
        };
        let id = found.ok_or_else(|| refused("the response contains no external ID".to_owned()))?;
        match id.expose_secret().parse::<ExternalId>() {
            Ok(parsed) => parsed.add_to(&self.known_secrets),
            Err(error) => return Err(refused(error.to_string())),
        }
        Ok(id)
    }
}
