//! Trend Micro Cloud One Workload Security: an account is one of its AWS connectors.
//!
//! See <https://cloudone.trendmicro.com/docs/workload-security/api-send-request/>.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::plan::RegistrationChange;
use onboarding_core::vendor::{ApiAccess, KeyHeader};
use onboarding_engine::ports::{Http, VendorRequest, VendorResponse};

const SEARCH: &str = "workload-security:SearchAwsConnectors";

/// Others are read and written meanwhile: a search must not keep them.
const A_MOMENT: Duration = Duration::from_secs(10);
/// The vendor enters the account before it answers, which "may take a minute or two".
const A_WHILE: Duration = Duration::from_secs(120);

/// One tenant.
pub(super) struct WorkloadSecurity<'a, H> {
    http: &'a H,
    access: &'a ApiAccess,
    authorization: String,
}

/// What of a connector matters here.
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
        Self { http, access, authorization: format!("ApiKey {}", access.key.expose()) }
    }

    /// The connectors of an account. The vendor's search is a hint: what it gives is compared here.
    pub(super) async fn search(&self, account: &AccountId) -> Result<Vec<ExistingRegistration>, ApiError> {
        let of_account = json!({"fieldName": "accountId", "stringTest": "equal", "stringValue": account});
        // More than one is already one too many; a few are enough to find ours among them.
        let body = json!({"maxItems": 50, "searchCriteria": [of_account]});
        let answer = self.post(SEARCH, "/awsconnectors/search", body, A_MOMENT).await?;
        let found = connectors(&answer.body).map_err(|error| ApiError::new(SEARCH, "MalformedAnswer", &error))?;
        let ours = found.into_iter().filter(|one| one.account.as_deref() == Some(account.as_str()));
        Ok(ours.map(|Connector { id, role_arn, .. }| ExistingRegistration { id, role_arn }).collect())
    }

    /// Creates a connector, or changes the one that is there.
    pub(super) async fn tell(&self, entry: &RegistrationChange) -> Result<(), ApiError> {
        let path = match &entry.before {
            None => "/awsconnectors".to_owned(),
            Some(before) => format!("/awsconnectors/{}", before.id),
        };
        let body = json!({"displayName": entry.after.display_name, "crossAccountRoleArn": entry.after.role_arn});
        self.post(entry.call(), &path, body, A_WHILE).await.map(drop)
    }

    async fn post(
        &self,
        call: &'static str,
        path: &str,
        body: Value,
        timeout: Duration,
    ) -> Result<VendorResponse, ApiError> {
        let key = match self.access.endpoint.header() {
            KeyHeader::Authorization => ("authorization", self.authorization.as_str()),
            KeyHeader::ApiSecretKey => ("api-secret-key", self.access.key.expose()),
        };
        let headers = vec![("api-version", "v1"), ("content-type", "application/json"), key];
        let url = format!("{}{path}", self.access.endpoint.url());
        let answer = self.http.send(VendorRequest { call, url, headers, body, timeout }).await?;
        match answer.status {
            200..300 => Ok(answer),
            status => {
                let said = answer.body.replace(self.access.key.expose(), "(hidden)");
                Err(ApiError::new(call, format!("HTTP {status}"), &message(&said)).with_status(status))
            }
        }
    }
}

/// The list of an answer. What is none must not pass for an empty one: the account would be registered again.
fn connectors(body: &str) -> Result<Vec<Connector>, String> {
    let mut answer: Map<String, Value> = serde_json::from_str(body).map_err(|error| error.to_string())?;
    match answer.remove("awsConnectors") {
        Some(list) => serde_json::from_value(list).map_err(|error| error.to_string()),
        None if answer.is_empty() => Ok(Vec::new()),
        None => Err("the answer has no `awsConnectors`".to_owned()),
    }
}

/// The vendor's sentence, where its answer is the JSON that it documents; else the answer itself.
fn message(body: &str) -> String {
    let told = serde_json::from_str::<Value>(body).ok();
    let told = told.as_ref().and_then(|answer| answer.get("message")?.as_str());
    told.unwrap_or(body).trim().to_owned()
}
