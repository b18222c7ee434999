//! A tenant at a vendor, and the accounts that are registered with it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use onboarding_core::account::AccountId;

/// A customer account (tenant) at the vendor, with its registered connectors.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The base URL of the API.
    pub url: String,
    /// The API key that is accepted.
    pub key: String,
    /// The AWS account from which the vendor assumes roles.
    pub account: AccountId,
    /// The external ID that the vendor sends.
    pub external_id: String,
    /// The external ID that the API returns; `None` if the response has none.
    pub returned_external_id: Option<String>,
    /// How long the vendor cannot assume a new role.
    pub propagation: Duration,
    /// An outage: the HTTP status that every call gets, and the time at which it ends.
    pub outage: Option<(u16, SystemTime)>,
    /// The accounts that the vendor cannot handle: the HTTP status that every call about one of them gets.
    pub failures: BTreeMap<AccountId, u16>,
    /// The registered connectors by id.
    pub connectors: BTreeMap<u64, Connector>,
}

/// The registration of one account at the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connector {
    /// The registered account.
    pub account: AccountId,
    /// The ARN of the role that the vendor assumes, if it uses a role.
    pub role_arn: Option<String>,
    /// The name shown in the console of the vendor.
    pub display_name: String,
    /// Whether the vendor also reads Amazon WorkSpaces.
    pub workspaces: bool,
    /// When the vendor last read the account.
    pub last_read: Option<SystemTime>,
}

impl Tenant {
    /// A tenant with no connectors and no outage.
    #[must_use]
    pub fn new(url: &str, key: &str, account: &AccountId, external_id: &str) -> Self {
        let [url, key, external_id] = [url, key, external_id].map(str::to_owned);
        let account = account.clone();
        let connectors = BTreeMap::new();
        let returned_external_id = Some(external_id.clone());
        let propagation = Duration::ZERO;
        let failures = BTreeMap::new();
        Self { url, key, account, external_id, returned_external_id, propagation, outage: None, failures, connectors }
    }
}
