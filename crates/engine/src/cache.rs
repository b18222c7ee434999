//! What an engine reads once, and keeps as long as it lives: the same values are needed for every account.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::lock::Mutex;
use onboarding_core::caller_identity::Callers;
use onboarding_core::config::VendorTenant;
use onboarding_core::doctor::TagDecisions;
use onboarding_core::outcome::Stop;
use onboarding_core::targets::UnitIds;
use secrecy::SecretString;

use crate::known_organization::Organization;
use crate::unit_names::UnitNames;

/// The values of parameters by name, or why one is not available.
pub(crate) type ParameterValues = BTreeMap<String, Result<SecretString, String>>;

/// The external ID of a tenant, or why it is not known.
pub(crate) type TenantExternalId = Result<SecretString, Stop>;

/// The values. Runs wait at the locks for the first of them to read, instead of reading the same.
#[derive(Default)]
pub(crate) struct Cache {
    /// The values of parameters, once all of them were read.
    pub(crate) parameters: Mutex<Option<ParameterValues>>,
    /// The units of the configuration that have to be looked up, once all of them were.
    pub(crate) units: Mutex<Option<Arc<UnitIds>>>,
    /// What the tags of accounts say about the targets, as far as they were read.
    pub(crate) tag_decisions: Mutex<TagDecisions>,
    /// The names of units, as far as they were needed for output.
    pub(crate) unit_names: Mutex<UnitNames>,
    /// The organization, once an account of it was described.
    pub(crate) organization: Mutex<Option<Organization>>,
    /// The principals that must keep their access, once they were needed.
    pub(crate) callers: Mutex<Option<Callers>>,
    /// The answers of vendors, and when they were given.
    pub(crate) tenants: Mutex<BTreeMap<VendorTenant, (SystemTime, TenantExternalId)>>,
}
