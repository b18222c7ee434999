//! Trend Micro Cloud One Workload Security. A registered account is an AWS connector.
//!
//! A connector has a display name, the ARN of the role that the vendor assumes in the account, and whether the vendor reads Amazon
//! WorkSpaces. The vendor
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

use secrecy::SecretString;

use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::limits::{VENDOR_REGISTRATION, VENDOR_SEARCH};
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::redaction::SecretRedactor;
use onboarding_core::time::from_unix_milliseconds;
use onboarding_core::vendor::{Api, ApiAccess, ApiCalls};
use onboarding_engine::ports::{Http, Method, VendorRequest, VendorResponse};

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
    #[serde(rename = "displayName")]
    display_name: Option<String>,
    #[serde(rename = "workspacesEnabled")]
    workspaces: Option<bool>,
    /// Milliseconds since 1970. Anything else counts as unknown, because nothing is decided by it.
    #[serde(rename = "lastSyncTime")]
    last_sync: Option<Value>,
}

impl Connector {
    fn into_registration(self) -> ExistingRegistration {
        let Self { id, role_arn, display_name, workspaces, last_sync, .. } = self;
        let last_read = last_sync.and_then(|time| time.as_u64()).filter(|time| *time > 0);
        ExistingRegistration {
            id,
            role_arn,
            display_name,
            // The vendor's default.
            workspaces: workspaces.unwrap_or(false),
            last_read: last_read.and_then(from_unix_milliseconds),
        }
    }
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
        Ok(ours.map(Connector::into_registration).collect())
    }

    /// Creates a connector, or updates the existing one. Returns the ID of a connector that it created.
    pub(super) async fn register(&self, registration: &RegistrationChange) -> Result<Option<u64>, ApiError> {
        let path = match &registration.before {
            None => "/awsconnectors".to_owned(),
            Some(before) => format!("/awsconnectors/{}", before.id),
        };
        let after = &registration.after;
        let mut body = json!({"displayName": after.display_name, "crossAccountRoleArn": after.role_arn});
        if let (Some(workspaces), Some(body)) = (after.workspaces, body.as_object_mut()) {
            body.insert("workspacesEnabled".to_owned(), workspaces.into());
        }
        let response = self.post(registration.call(), &path, body, VENDOR_REGISTRATION).await?;
        // The response to a request that succeeded is not needed: the connectors are searched again.
        let created = || serde_json::from_str(&response.body).ok().map(|created: CreatedConnector| created.id);
        Ok(registration.before.is_none().then(created).flatten())
    }

    /// Deletes a connector, unless there is no such connector.
    pub(super) async fn delete(&self, id: u64) -> Result<(), ApiError> {
        let path = format!("/awsconnectors/{id}");
        match self.send(CALLS.delete, Method::Delete, &path, None, VENDOR_SEARCH).await {
            Err(error) if error.status() == Some(404) => Ok(()),
            sent => sent.map(drop),
        }
    }

    /// The external ID that the vendor passes for every account of the tenant. It is not validated.
    pub(super) async fn external_id(&self) -> Result<Option<SecretString>, ApiError> {
        let response = self.send(CALLS.external_id, Method::Get, "/awsconnectorsettings", None, VENDOR_SEARCH).await?;
        // The error does not quote the response, which may contain the external ID.
        let settings: Value = serde_json::from_str(&response.body)
            .map_err(|_| ApiError::new(CALLS.external_id, "MalformedAnswer", "the response is not JSON"))?;
        Ok(settings.get("externalId").and_then(Value::as_str).map(SecretString::from))
    }

    async fn post(
        &self,
        call: &'static str,
        path: &str,
        body: Value,
        timeout: Duration,
    ) -> Result<VendorResponse, ApiError> {
        self.send(call, Method::Post, path, Some(body), timeout).await
    }

    async fn send(
        &self,
        call: &'static str,
        method: Method,
        path: &str,
        body: Option<Value>,
        timeout: Duration,
    ) -> Result<VendorResponse, ApiError> {
        let (key_header, key) = self.access.key_header();
        let headers = vec![("api-version", "v1"), ("content-type", "application/json"), (key_header, key.as_str())];
        let url = format!("{}{path}", self.access.endpoint.url());
        let response = self.http.send(VendorRequest { call, method, url, headers, body, timeout }).await?;
        let message = match response.status {
            200..300 => return Ok(response),
            // A vendor that refuses a key may repeat it, in an unforeseeable form. The status is enough to act on.
            401 | 403 => String::new(),
            // An external ID that is not known yet cannot be hidden.
            _ if call == CALLS.external_id => String::new(),
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

/// The field of the response to a create request that is used here.
#[derive(Deserialize)]
struct CreatedConnector {
    #[serde(rename = "ID")]
    id: u64,
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
