//! Trend Micro Cloud One Workload Security. A registered account is an AWS connector.
//!
//! A connector consists of a display name and the ARN of the role that the vendor assumes in the account. The vendor
//! assumes the role before it responds to a create or update request, so the role must exist by then, and the request
//! takes up to two minutes.
//!
//! See <https://cloudone.trendmicro.com/docs/workload-security/api-send-request/>.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::limits::{VENDOR_REGISTRATION, VENDOR_SEARCH};
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::redaction::SecretRedactor;
use onboarding_core::vendor::{Api, ApiAccess, ApiCalls};
use onboarding_engine::ports::{Http, VendorRequest, VendorResponse};

const CALLS: ApiCalls = Api::WorkloadSecurity.calls();

/// A client for one tenant.
pub(super) struct WorkloadSecurity<'a, H> {
    http: &'a H,
    access: &'a ApiAccess,
}

/// The fields of a connector that are used here.
#[derive(Deserialize)]
struct Connector {
    #[serde(rename = "ID")]
    id: u64,
    #[serde(rename = "accountId")]
    account: Option<String>,
    #[serde(rename = "crossAccountRoleArn")]
    role_arn: Option<String>,
}

impl<'a, H: Http> WorkloadSecurity<'a, H> {
    pub(super) fn new(http: &'a H, access: &'a ApiAccess) -> Self {
        Self { http, access }
    }

    /// The connectors of an account. The results are filtered by account ID again, in case the vendor's search is not
    /// exact.
    pub(super) async fn search(&self, account: &AccountId) -> Result<Vec<ExistingRegistration>, ApiError> {
        let criteria = json!({"fieldName": "accountId", "stringTest": "equal", "stringValue": account});
        // An account should have one connector. 50 results are enough to find ours among duplicates.
        let body = json!({"maxItems": 50, "searchCriteria": [criteria]});
        let response = self.post(CALLS.search, "/awsconnectors/search", body, VENDOR_SEARCH).await?;
        let found =
            connectors(&response.body).map_err(|error| ApiError::new(CALLS.search, "MalformedAnswer", &error))?;
        let ours = found.into_iter().filter(|connector| connector.account.as_deref() == Some(account.as_str()));
        Ok(ours.map(|Connector { id, role_arn, .. }| ExistingRegistration { id, role_arn }).collect())
    }

    /// Creates a connector, or updates the existing one.
    pub(super) async fn register(&self, registration: &RegistrationChange) -> Result<(), ApiError> {
        let path = match &registration.before {
            None => "/awsconnectors".to_owned(),
            Some(before) => format!("/awsconnectors/{}", before.id),
        };
        let body =
            json!({"displayName": registration.after.display_name, "crossAccountRoleArn": registration.after.role_arn});
        self.post(registration.call(), &path, body, VENDOR_REGISTRATION).await.map(drop)
    }

    async fn post(
        &self,
        call: &'static str,
        path: &str,
        body: Value,
        timeout: Duration,
    ) -> Result<VendorResponse, ApiError> {
        let (key_header, key) = self.access.key_header();
        let headers = vec![("api-version", "v1"), ("content-type", "application/json"), (key_header, key.as_str())];
        let url = format!("{}{path}", self.access.endpoint.url());
        let response = self.http.send(VendorRequest { call, url, headers, body, timeout }).await?;
        let message = match response.status {
            200..300 => return Ok(response),
            // A vendor that refuses a key may repeat it, in an unforeseeable form. The status is enough to act on.
            401 | 403 => String::new(),
            _ => {
                let mut message = message(&response.body);
                SecretRedactor::new([self.access.key.expose()]).redact(&mut message);
                message
            }
        };
        let status = response.status;
        Err(ApiError::new(call, format!("HTTP {status}"), &message).with_status(status))
    }
}

/// The response to a search. Fields of connectors that are not used are skipped, however large they are.
type SearchResponse<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// The connectors in a response. An empty object means that there are none. Any other response without `awsConnectors`
/// is an error: if it counted as an empty list, the account would be registered a second time.
fn connectors(body: &str) -> Result<Vec<Connector>, String> {
    let response: SearchResponse<'_> = serde_json::from_str(body).map_err(|error| error.to_string())?;
    match response.get("awsConnectors") {
        Some(list) => serde_json::from_str(list.get()).map_err(|error| error.to_string()),
        None if response.is_empty() => Ok(Vec::new()),
        None => Err("the response has no `awsConnectors`".to_owned()),
    }
}

/// An error response as documented.
#[derive(Deserialize)]
struct ErrorResponse {
    message: String,
}

/// The `message` of an error response if it is the documented JSON, otherwise the whole response.
fn message(body: &str) -> String {
    let message = serde_json::from_str(body).map(|response: ErrorResponse| response.message);
    message.as_deref().unwrap_or(body).trim().to_owned()
}
