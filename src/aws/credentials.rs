//! The credentials of a profile, and sentences for what can go wrong when they are loaded.
//!
//! The SDK's errors are chains of text ("an error occurred while loading credentials"), and most of their types are private.
//! What they mean to the user depends mainly on how the profile gets its credentials, which [`Selected`] knows. Where that is
//! not enough, the text is searched for the phrases of the constants below, each with its source. An unknown text is quoted,
//! filtered and shortened, next to the command that usually helps.

use std::error::Error;
use std::fmt;
use std::sync::Mutex;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result, SharedCredentialsProvider, future};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::region::Region;

use super::error_chain::chain;
use super::profiles::{Method, ProfileOption, Selected};
use onboarding_core::limits::LOAD_CREDENTIALS;
use onboarding_core::text::{Untrusted, excerpt};

/// The maximum length of the SDK's reason in a message, in characters. It may quote the output of a command.
const LONGEST_REASON: usize = 200;

/// The token in the cache is too old: `SsoTokenProviderError` of `aws_config::sso::token`, `LoginTokenError` of
/// `aws_config::login::token`, and `OAuth2ErrorCode::TokenExpired` in `aws_config::login`.
const EXPIRED: [&str; 3] = ["token has expired", "token is expired", "session has expired"];

/// The session was ended before the token in the cache expired: `GetRoleCredentials` of IAM Identity Center.
///
/// See <https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html>.
const SESSION_ENDED: &str = "UnauthorizedException";

/// The user is not assigned to the account with that permission set: `GetRoleCredentials` answers `ForbiddenException`,
/// which the service does not document.
const NOT_ASSIGNED: &str = "ForbiddenException";

/// There is no token in the cache: `CachedSsoTokenError` of `aws_config::sso::cache` and `LoginTokenError`.
const NO_TOKEN: [&str; 3] = ["failed to load the cached SSO token", "failed to read", "No such file"];

/// `CredentialProcessProvider` of `aws_config::credential_process` puts these before the exit status and the output.
const EXIT_STATUS: &str = "external process exited with code ";
const STDERR: &str = ". Stderr: ";

/// Why there are no credentials, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialsProblem(String);

impl fmt::Display for CredentialsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for CredentialsProblem {}

/// Credentials of one profile, and of no other source. Its errors are [`CredentialsProblem`]s.
#[derive(Debug)]
pub(super) struct ProfileCredentials {
    selected: Selected,
    provider: ProfileFileCredentialsProvider,
    /// The credentials that [`ProfileCredentials::load`] found, for the first call. Loading them again would run a command
    /// or call AWS a second time.
    first: Mutex<Option<Credentials>>,
}

impl ProfileCredentials {
    /// Loads the credentials of a profile, so that a problem is reported before anything else is done.
    pub(super) async fn load(
        selected: Selected,
        region: Option<Region>,
        http_client: SharedHttpClient,
    ) -> std::result::Result<Self, CredentialsProblem> {
        let config = ProviderConfig::without_region().with_region(region).with_http_client(http_client);
        let provider =
            ProfileFileCredentialsProvider::builder().configure(&config).profile_name(&selected.name).build();
        let credentials = Self { selected, provider, first: Mutex::default() };
        let first = credentials.reload().await?;
        *credentials.first.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(first);
        Ok(credentials)
    }

    async fn reload(&self) -> std::result::Result<Credentials, CredentialsProblem> {
        let Selected { source, .. } = &self.selected;
        match tokio::time::timeout(LOAD_CREDENTIALS, self.provider.provide_credentials()).await {
            Ok(loaded) => {
                let credentials = loaded.map_err(|error| explain(&self.selected, &error))?;
                sendable(credentials, &format!("profile `{}`", Untrusted::new(source)))
            }
            Err(_) => Err(CredentialsProblem(format!(
                "profile `{}` has returned no credentials after {} s; check it with \
                 `aws sts get-caller-identity --profile {0}`",
                Untrusted::new(source),
                LOAD_CREDENTIALS.as_secs()
            ))),
        }
    }
}

impl ProvideCredentials for ProfileCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = self.first.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        future::ProvideCredentials::new(async {
            match first {
                Some(credentials) => Ok(credentials),
                None => self.reload().await.map_err(CredentialsError::provider_error) as Result,
            }
        })
    }
}

/// The credentials of the environment or of another source, unless they cannot be sent.
#[derive(Debug)]
pub(super) struct SendableCredentials(pub(super) SharedCredentialsProvider);

impl ProvideCredentials for SendableCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let credentials = self.0.provide_credentials().await?;
            sendable(credentials, "the environment").map_err(CredentialsError::provider_error) as Result
        })
    }
}

/// Refuses credentials that cannot be part of an HTTP header, such as a key with the line break of the file that it was copied
/// from. The SDK would panic.
fn sendable(credentials: Credentials, source: &str) -> std::result::Result<Credentials, CredentialsProblem> {
    let is_sendable = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    for (name, value) in [
        ("access key ID", credentials.access_key_id()),
        ("session token", credentials.session_token().unwrap_or_default()),
    ] {
        if !is_sendable(value) {
            return Err(CredentialsProblem(format!(
                "the {name} of {source} contains a space, a line break or another character that is not allowed; set it again"
            )));
        }
    }
    Ok(credentials)
}

/// Why a call was not sent, if the reason is that there are no credentials.
pub(super) fn unavailable_credentials(error: &dyn Error) -> Option<String> {
    let mut next = error.source();
    let mut reason = None;
    while let Some(cause) = next {
        if let Some(problem) = cause.downcast_ref::<CredentialsProblem>() {
            return Some(problem.to_string());
        }
        if let Some(error) = cause.downcast_ref::<CredentialsError>()
            && reason.is_none()
        {
            reason = Some(match error {
                CredentialsError::CredentialsNotLoaded(_) => {
                    "no credentials found in the environment or a profile".to_owned()
                }
                error => format!("the credentials cannot be loaded: {}", reason_of(error)),
            });
        }
        next = cause.source();
    }
    reason
}

/// What went wrong, and the command that fixes it.
fn explain(selected: &Selected, error: &CredentialsError) -> CredentialsProblem {
    let profile = Untrusted::new(selected.source.as_str());
    if let Some(message) = denied_role(selected, error) {
        return CredentialsProblem(message);
    }
    if let Some(service) = unreachable_service(selected.method, error) {
        return CredentialsProblem(format!(
            "{service} cannot be reached for the credentials of profile `{profile}`: {}; check the network, the proxy and the \
             trusted certificates (`AWS_CA_BUNDLE`), then run again",
            reason_of(error)
        ));
    }
    let text = chain(error);
    let is_expired = EXPIRED.iter().any(|phrase| text.contains(phrase)) || text.contains(SESSION_ENDED);
    let has_no_token = NO_TOKEN.iter().any(|phrase| text.contains(phrase));
    let reason = reason_of(error);
    CredentialsProblem(match selected.method {
        Method::Sso if is_expired => {
            format!("the SSO session of profile `{profile}` has expired; run `aws sso login --profile {profile}`")
        }
        Method::Sso if has_no_token => {
            format!("profile `{profile}` is not signed in to SSO; run `aws sso login --profile {profile}`")
        }
        Method::Sso if text.contains(NOT_ASSIGNED) => format!(
            "SSO grants you no access to the account and role of profile `{profile}`; check its `sso_account_id` and \
             `sso_role_name`, or have them assigned to you in IAM Identity Center"
        ),
        Method::Sso => format!(
            "SSO returned no credentials for profile `{profile}`: {reason}; run `aws sso login --profile {profile}`"
        ),
        Method::Login if is_expired => {
            format!("the sign-in of profile `{profile}` has expired; run `aws login --profile {profile}`")
        }
        Method::Login if has_no_token => {
            format!("profile `{profile}` is not signed in; run `aws login --profile {profile}`")
        }
        Method::Login => {
            format!("the sign-in of profile `{profile}` cannot be used: {reason}; run `aws login --profile {profile}`")
        }
        Method::Process => format!(
            "the `credential_process` of profile `{profile}` failed: {}; run that command yourself, and sign in if it asks for it",
            process_failure(&text)
        ),
        Method::WebIdentity => format!(
            "the web identity of profile `{profile}` was not accepted: {reason}; check its `web_identity_token_file` and `role_arn`"
        ),
        Method::Keys => format!(
            "profile `{profile}` has no valid keys: {reason}; set both `aws_access_key_id` and `aws_secret_access_key`"
        ),
        Method::CredentialSource => format!(
            "the `credential_source` of profile `{profile}` returned no credentials: {reason}; check it with \
             `aws sts get-caller-identity --profile {profile}`"
        ),
    })
}

/// The message for a role of the profile that cannot be assumed.
fn denied_role(selected: &Selected, error: &CredentialsError) -> Option<String> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(SdkError::ServiceError(response)) = cause.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>()
        {
            let error = response.err();
            let profile = Untrusted::new(selected.name.as_str());
            let code = Untrusted::new(error.code().unwrap_or("unknown error"));
            let message = excerpt(error.message().unwrap_or_default(), LONGEST_REASON);
            let source = Untrusted::new(selected.source.as_str());
            let remedy = match (&selected.mfa_serial, selected.option) {
                // The AWS CLI asks for the code; this tool cannot ask while it waits for an account.
                (Some(_), ProfileOption::Profile) => format!(
                    "it requires MFA (`mfa_serial`): run `eval \"$(aws configure export-credentials --profile {profile} \
                     --format env)\"`, then run again without `--profile`"
                ),
                (Some(serial), ProfileOption::As) => format!(
                    "it requires MFA (`mfa_serial`): pass the profile of the user, who is asked for the code: \
                     `--as {source} --mfa {}`",
                    Untrusted::new(serial.as_str())
                ),
                (None, _) => format!("check its `role_arn`, and the credentials of profile `{source}`"),
            };
            return Some(format!(
                "the role of profile `{profile}` cannot be assumed: sts:AssumeRole failed: {code}: {message}; {remedy}"
            ));
        }
        next = cause.source();
    }
    None
}

/// The service whose response is missing, if the connection to it failed.
fn unreachable_service(method: Method, error: &CredentialsError) -> Option<&'static str> {
    let causes = || std::iter::successors(error.source(), |&cause| cause.source());
    let failure = causes().find_map(|cause| cause.downcast_ref::<ConnectorError>())?;
    if !failure.is_io() && !failure.is_timeout() {
        return None;
    }
    let is_role = causes().any(|cause| cause.is::<SdkError<AssumeRoleError, HttpResponse>>());
    match method {
        _ if is_role => Some("STS"),
        Method::Sso => Some("IAM Identity Center (SSO)"),
        Method::Login => Some("the sign-in service of AWS"),
        Method::WebIdentity => Some("STS"),
        Method::Keys | Method::Process | Method::CredentialSource => None,
    }
}

/// The exit status and the output of a command, which may contain anything.
fn process_failure(text: &str) -> String {
    let Some((_, failure)) = text.split_once(EXIT_STATUS) else {
        return excerpt(last_cause(text), LONGEST_REASON);
    };
    match failure.split_once(STDERR) {
        Some((status, output)) if !output.trim().is_empty() => {
            format!("{}: {}", excerpt(status, LONGEST_REASON), excerpt(output.trim(), LONGEST_REASON))
        }
        Some((status, _)) => excerpt(status, LONGEST_REASON),
        None => excerpt(failure, LONGEST_REASON),
    }
}

/// The SDK's reason, without the general sentences in front of it.
fn reason_of(error: &CredentialsError) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    excerpt(innermost.to_string().trim(), LONGEST_REASON)
}

/// The end of a chain of causes that is already text.
fn last_cause(text: &str) -> &str {
    text.rsplit_once("loading credentials: ").map_or(text, |(_, cause)| cause)
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
