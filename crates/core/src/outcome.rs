//! The outcome of processing one account: `converged`, `waiting`, `blocked` or `ignored`, with a cause that has a stable
//! code, a message and a remedy.
//!
//! `waiting` means that the same call may succeed later, so that the caller retries automatically. `blocked` means that a
//! retry would fail in the same way: the message goes to the dead-letter queue and the account needs attention.
//!
//! [`Stop::from_error`] decides between the two for a failed API call. The same error can be either: an access denial
//! on a new account usually means that AWS has not finished setting it up (`waiting`), on an established account it is a
//! misconfiguration (`blocked`).

use crate::code::{Code, OutcomeKind};
use std::fmt;

use serde::Serialize;

use crate::account::AccountAge;
use crate::error::{ApiError, ErrorKind};
use crate::error_messages::DeniedBy;
use crate::text::printable;

/// The outcome of processing one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The account matches its blueprint, and every proof holds.
    Converged,
    /// Not ready yet: retrying the same later is expected to succeed.
    Waiting(Cause),
    /// Manual action is required; a retry would fail in the same way.
    Blocked(Cause),
    /// Nothing to do for this account or event.
    Ignored(Cause),
}

/// Why an account did not converge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The stable, machine-readable code.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub remedy: String,
    /// The commands that do it, if there are any: each is one line for a shell. They are not kept in records and notifications.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
}

impl Cause {
    /// The cause of a wait: it is retried automatically.
    #[must_use]
    pub fn retried(code: Code, message: impl AsRef<str>) -> Self {
        Self::new(code, message, LATER)
    }

    /// A cause with its message and its remedy. Both are filtered, because they may quote an event, an account or a service.
    #[must_use]
    pub fn new(code: Code, message: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        let message = printable(message.as_ref());
        Self { code, message, remedy: printable(remedy.as_ref()), commands: Vec::new() }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message.trim_end_matches('.'), self.remedy)
    }
}

const LATER: &str = "no action needed: a message on the queue is retried automatically; otherwise run again later";

/// A remedy, or an error with it, for a person at the command line, where no queue retries.
#[must_use]
pub fn for_command_line(text: &str) -> String {
    text.replace(LATER, "run again later")
}

impl Outcome {
    /// Which of the four it is.
    #[must_use]
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Converged => OutcomeKind::Converged,
            Self::Waiting(_) => OutcomeKind::Waiting,
            Self::Blocked(_) => OutcomeKind::Blocked,
            Self::Ignored(_) => OutcomeKind::Ignored,
        }
    }

    /// The name: `converged`, `waiting`, `blocked` or `ignored`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.kind().as_str()
    }

    /// Why, unless it converged.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Converged => None,
            Self::Waiting(cause) | Self::Blocked(cause) | Self::Ignored(cause) => Some(cause),
        }
    }

    /// Waiting, for something that is retried automatically.
    #[must_use]
    pub fn waiting(code: Code, message: impl AsRef<str>) -> Self {
        Stop::wait(code, message).into()
    }

    /// Blocked, with what to do next.
    #[must_use]
    pub fn blocked(code: Code, message: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        Stop::blocked(code, message, remedy).into()
    }

    /// Ignored, for a reason.
    #[must_use]
    pub fn ignored(code: Code, message: impl AsRef<str>) -> Self {
        Stop::ignored(code, message).into()
    }
}

/// Why a step of a run ends early, and with it what the caller does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Not ready yet: the same step may succeed after a pause.
    Wait(Cause),
    /// The session is not, or no longer, accepted: the account has to be opened again.
    Reopen(Cause),
    /// Retrying does not help: needs attention.
    Blocked(Cause),
    /// There is nothing to do for this account.
    Ignored(Cause),
}

impl From<Stop> for Outcome {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Wait(cause) | Stop::Reopen(cause) => Self::Waiting(cause),
            Stop::Blocked(cause) => Self::Blocked(cause),
            Stop::Ignored(cause) => Self::Ignored(cause),
        }
    }
}

impl Stop {
    /// Waiting, for something that is retried automatically.
    #[must_use]
    pub fn wait(code: Code, message: impl AsRef<str>) -> Self {
        Self::Wait(Cause::retried(code, message))
    }

    /// Blocked, with what a person can do.
    #[must_use]
    pub fn blocked(code: Code, message: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        Self::Blocked(Cause::new(code, message, remedy))
    }

    /// Ignored, for a reason.
    #[must_use]
    pub fn ignored(code: Code, message: impl AsRef<str>) -> Self {
        Self::Ignored(Cause::new(code, message, "nothing to do"))
    }

    /// The cause.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        match self {
            Self::Wait(cause) | Self::Reopen(cause) | Self::Blocked(cause) | Self::Ignored(cause) => cause,
        }
    }

    fn cause_mut(&mut self) -> &mut Cause {
        match self {
            Self::Wait(cause) | Self::Reopen(cause) | Self::Blocked(cause) | Self::Ignored(cause) => cause,
        }
    }

    /// The cause, owned.
    #[must_use]
    pub fn into_cause(self) -> Cause {
        match self {
            Self::Wait(cause) | Self::Reopen(cause) | Self::Blocked(cause) | Self::Ignored(cause) => cause,
        }
    }

    /// The same, with its subject in front of the message.
    #[must_use]
    pub fn about(mut self, what: &dyn fmt::Display) -> Self {
        let cause = self.cause_mut();
        cause.message = format!("{what}: {}", cause.message);
        self
    }

    /// The same, with an additional remedy.
    #[must_use]
    pub fn advise(mut self, also: &str) -> Self {
        let cause = self.cause_mut();
        cause.remedy = format!("{}; {also}", cause.remedy);
        self
    }

    /// The same, with the commands that carry out the remedy.
    #[must_use]
    pub fn with_commands(mut self, commands: Vec<String>) -> Self {
        self.cause_mut().commands = commands;
        self
    }

    /// The outcome of a failed call in an account. On a new account, a denial usually means that AWS is still
    /// setting it up.
    #[must_use]
    pub fn from_error(error: &ApiError, age: AccountAge) -> Self {
        let message = error.to_string();
        match error.kind() {
            ErrorKind::Throttled => Self::wait(Code::Throttled, message),
            ErrorKind::Unavailable => Self::wait(Code::ServiceUnavailable, message),
            ErrorKind::Unreachable => Self::blocked(Code::ServiceUnavailable, message, if_unreachable(error)),
            ErrorKind::Conflict => Self::wait(Code::ConcurrentChange, message),
            ErrorKind::AlreadyExists => Self::Wait(Cause::new(
                Code::AlreadyExists,
                message,
                "retried automatically; if this persists, a role exists whose name differs only in case: rename one of the two",
            )),
            ErrorKind::Credentials => Self::Reopen(Cause::retried(Code::CredentialsNotAccepted, message)),
            ErrorKind::FixedCredentials => Self::blocked(Code::CredentialsNotAccepted, message, if_not_accepted(error)),
            ErrorKind::ManagementRole => Self::blocked(
                Code::ManagementRoleDenied,
                message,
                "deploy management.yaml in the management account with this tool's role and external ID, and compare `role-arn` and \
                 `external-id` of `[management]` with it",
            ),
            ErrorKind::NoCredentials => Self::blocked(
                Code::NoCredentials,
                message,
                "sign in to AWS, or pass a profile that has credentials: `aws sso login --profile NAME`, then `--profile NAME`",
            ),
            ErrorKind::ClockSkew => Self::blocked(
                Code::CredentialsNotAccepted,
                message,
                "correct the clock of the machine that runs this tool (clock skew), then run again",
            ),
            ErrorKind::RootUser => Self::blocked(
                Code::OwnPermissionMissing,
                message,
                "use the credentials of a role or an IAM user: these are the root user's, who cannot assume roles",
            ),
            ErrorKind::RegionDisabled => Self::blocked(
                Code::RegionDisabled,
                message,
                "activate STS for this region in the account that the message names (IAM console, account settings), or run this \
                 tool in another region",
            ),
            ErrorKind::NoOrganization => Self::blocked(
                Code::OwnPermissionMissing,
                message,
                "use the credentials of the organization's management account: the account of these credentials is not one",
            ),
            ErrorKind::MalformedPolicy if error.is_session_policy_too_large() => Self::blocked(
                Code::SessionPolicyTooLong,
                message,
                "run this tool with credentials that pass on fewer session tags, which count towards the same limit; a shorter path \
                 of the role, or fewer managed policies attached to it, also makes the session policy smaller",
            ),
            ErrorKind::InvalidService => Self::blocked(
                Code::PolicyNotAccepted,
                message,
                "correct the service principal that the message names in the configuration, then run again",
            ),
            ErrorKind::NotFound => Self::Wait(Cause::new(
                Code::NotPropagated,
                message,
                "retried automatically; if this persists, the resource named in the message does not exist",
            )),
            ErrorKind::InvalidPrincipal => Self::Wait(Cause::new(
                Code::PrincipalNotPropagated,
                message,
                "retried automatically; if this persists, a configured principal does not exist",
            )),
            ErrorKind::AccessDenied if !error.call.starts_with("iam:") && !error.call.starts_with("sts:") => {
                Self::blocked(
                    Code::OwnPermissionMissing,
                    message,
                    format!("allow `{}` for the role that runs this tool, in the management account", error.call),
                )
            }
            ErrorKind::NotReady if age.is_new() => Self::wait(Code::AccountNotReady, message),
            ErrorKind::AccessDenied if error.denial.is_by_control_policy() => Self::from_control_policy(error, age),
            // A boundary is not part of what is set up in a new account, and neither is an explicit deny.
            ErrorKind::AccessDenied if age.is_new() && !error.denial.is_permanent() => {
                Self::wait(Code::AccountNotReady, message)
            }
            ErrorKind::NotReady => {
                Self::blocked(Code::AccountNotReady, message, "complete the sign-up of the account, then run again")
            }
            ErrorKind::AccessDenied => Self::blocked(Code::AccessDenied, message, if_denied(error)),
            ErrorKind::Quota => Self::blocked(Code::QuotaExceeded, message, if_over_quota(error)),
            ErrorKind::MalformedPolicy => {
                Self::blocked(Code::PolicyNotAccepted, message, "fix the policy in the configuration, then run again")
            }
            ErrorKind::InvalidInput | ErrorKind::Other if error.call.starts_with("dynamodb:") => Self::blocked(
                Code::UnexpectedError,
                message,
                "check the name of the table, and the account and the region that it is in, then run again",
            ),
            ErrorKind::InvalidInput | ErrorKind::Other => {
                Self::blocked(Code::UnexpectedError, message, "look up the error code, fix its cause, then run again")
            }
        }
    }

    /// The outcome of a failed call to a vendor's API. A vendor assumes a role before it registers it. If the role was
    /// written just now (`age` is new), it may not have propagated yet, and the call is retried.
    #[must_use]
    pub fn from_vendor_error(error: &ApiError, age: AccountAge) -> Self {
        let message = error.to_string();
        match (error.kind(), error.status()) {
            (ErrorKind::Throttled | ErrorKind::Unavailable, _) => Self::wait(Code::VendorNotReady, message),
            (ErrorKind::Unreachable, _) => Self::blocked(Code::ServiceUnavailable, message, if_unreachable(error)),
            (_, Some(401 | 403)) => Self::blocked(
                Code::VendorKeyRefused,
                message,
                "store an API key that the vendor accepts in its SSM parameter, then run again",
            ),
            _ if age.is_new() => Self::wait(Code::VendorNotReady, message),
            _ if error.message.is_empty() => Self::blocked(
                Code::VendorRefused,
                message,
                "check `region` or `url` of the vendor's `registration`, where its API does not respond as documented, then run again",
            ),
            _ => Self::blocked(Code::VendorRefused, message, "fix what the vendor's message reports, then run again"),
        }
    }

    /// The outcome of a call that a control policy of the organization denies. Many organizations keep new accounts in a
    /// quarantine OU whose control policy is lifted when they are ready, so on a new account the call is retried.
    #[must_use]
    pub fn from_control_policy(error: &ApiError, age: AccountAge) -> Self {
        let message = format!("{}: {error}", error.denial);
        if age.is_new() {
            return Self::wait(Code::ControlPolicyDenies, message);
        }
        // A service control policy limits the principals of the account, a resource control policy the access to its resources.
        let (whom, kind) = match error.denial.by {
            DeniedBy::ResourceControlPolicy => ("the role that runs this tool", "resource"),
            _ => ("the access role", "service"),
        };
        Self::blocked(
            Code::ControlPolicyDenies,
            message,
            format!(
                "exempt {whom} from the {kind} control policy, or move the account out of its scope, then run again"
            ),
        )
    }
}

/// The remedy for the user's own credentials, by why they are not accepted.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html> and, for regions,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html>.
fn if_not_accepted(error: &ApiError) -> &'static str {
    match error.code.as_str() {
        "ExpiredToken" | "ExpiredTokenException" => {
            "they have expired: sign in again (`aws sso login`, `aws login`), or replace the session token, then run again"
        }
        "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "IncompleteSignatureException" => {
            "check that the secret access key belongs to the access key, and this machine's clock, then run again"
        }
        // Organizations accepts the same credentials in another region, so that the region is the likelier cause.
        _ if error.call.starts_with("sts:") => {
            "sign in again; if the credentials are valid, enable the region in the management account or pass another `--region`"
        }
        _ => {
            "check that the access key exists and is active, and whether a session token belongs to it, or sign in again"
        }
    }
}

/// The remedy for a connection that the command line cannot make, by its obstacle.
fn if_unreachable(error: &ApiError) -> &'static str {
    match error.code.as_str() {
        "CertificateNotTrusted" => {
            "check the endpoint and the proxy, and that the file in `AWS_CA_BUNDLE` or `SSL_CERT_FILE` has the certificate authority \
             to trust, then run again"
        }
        "ProxyRefused" => {
            "check the address and the password in `HTTPS_PROXY`, or exempt the host with `NO_PROXY`, then run again"
        }
        _ => "check the network, the endpoint or region, and the proxy (`HTTPS_PROXY`, `NO_PROXY`), then run again",
    }
}

/// The remedy for a denied call in an account, by the kind of policy that denied it.
fn if_denied(error: &ApiError) -> String {
    let action = error.denial.action.as_deref().unwrap_or(error.call);
    match error.denial.by {
        DeniedBy::PermissionsBoundary => {
            format!("allow `{action}` in the permissions boundary of the access role, or remove the boundary, then run again")
        }
        DeniedBy::IdentityPolicy if error.denial.explicit => {
            format!("remove the statement that denies `{action}` from the policies of the access role, then run again")
        }
        DeniedBy::IdentityPolicy => {
            format!("allow `{action}` in a policy of the access role (`AdministratorAccess` does), then run again")
        }
        // The session policy allows each role by its full ARN, including the path.
        DeniedBy::SessionPolicy => "check whether a role of the same name exists under a path other than the configured one".to_owned(),
        _ => "check for a control policy, a permissions boundary of the access role, or a role of the same name under another path".to_owned(),
    }
}

/// The remedy for a reached quota.
fn if_over_quota(error: &ApiError) -> String {
    let Some(quota) = error.quota else {
        return "check in Service Quotas whether this quota can be raised, or reduce the usage, then run again"
            .to_owned();
    };
    let (name, instead) = quota.description();
    match quota.code() {
        Some(code) => format!("raise the quota {code} ({name}) in the account, or {instead}, then run again"),
        None => format!("the quota ({name}) cannot be raised: {instead}, then run again"),
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        self.cause().map_or(Ok(()), |cause| write!(f, " ({}): {cause}", cause.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_that_does_not_exist_has_a_remedy() {
        let error = ApiError::new("dynamodb:Scan", "ResourceNotFoundException", "Requested resource not found");
        let Stop::Blocked(cause) = Stop::from_error(&error, AccountAge::Established) else { panic!("{error}") };
        assert_eq!(
            cause.remedy,
            "check the name of the table, and the account and the region that it is in, then run again"
        );
    }

    #[test]
    fn rejected_credentials_of_a_user_are_blocked_with_the_likely_cause() {
        let remedy = |call, code: &str| {
            let error = ApiError::new(call, code, "").with_fixed_credentials();
            let stop = Stop::from_error(&error, AccountAge::New);
            assert!(matches!(stop, Stop::Blocked(_)), "{stop:?}");
            stop.into_cause().remedy
        };
        insta::assert_snapshot!(remedy("organizations:DescribeAccount", "UnrecognizedClientException"), @"check that the access key exists and is active, and whether a session token belongs to it, or sign in again");
        insta::assert_snapshot!(remedy("sts:AssumeRole", "InvalidClientTokenId"), @"sign in again; if the credentials are valid, enable the region in the management account or pass another `--region`");
        insta::assert_snapshot!(remedy("sts:AssumeRole", "ExpiredToken"), @"they have expired: sign in again (`aws sso login`, `aws login`), or replace the session token, then run again");
        insta::assert_snapshot!(remedy("sts:AssumeRole", "SignatureDoesNotMatch"), @"check that the secret access key belongs to the access key, and this machine's clock, then run again");
    }

    #[test]
    fn remedy_for_the_command_line_names_no_queue() {
        let stop = Stop::wait(Code::Throttled, "Rate exceeded").advise("wait an hour");
        insta::assert_snapshot!(for_command_line(&stop.into_cause().to_string()), @"Rate exceeded; run again later; wait an hour");
    }

    #[test]
    fn connection_that_cannot_be_made_is_blocked_with_what_to_check() {
        let mut remedies = Vec::new();
        for code in ["HostNotFound", "CertificateNotTrusted", "ProxyRefused"] {
            let error = ApiError::new("sts:AssumeRole", code, "");
            for stop in [Stop::from_error(&error, AccountAge::New), Stop::from_vendor_error(&error, AccountAge::New)] {
                assert!(matches!(&stop, Stop::Blocked(cause) if cause.code == Code::ServiceUnavailable), "{stop:?}");
                remedies.push(stop.into_cause().remedy);
            }
        }
        remedies.dedup();
        insta::assert_snapshot!(remedies.join("\n"), @"
        check the network, the endpoint or region, and the proxy (`HTTPS_PROXY`, `NO_PROXY`), then run again
        check the endpoint and the proxy, and that the file in `AWS_CA_BUNDLE` or `SSL_CERT_FILE` has the certificate authority to trust, then run again
        check the address and the password in `HTTPS_PROXY`, or exempt the host with `NO_PROXY`, then run again
        ");
    }

    /// New sessions are eventually consistent, and Lambda replaces the function's credentials.
    #[test]
    fn rejected_credentials_of_a_session_or_of_the_function_are_retried() {
        for call in ["iam:GetRole", "sts:GetCallerIdentity", "sts:AssumeRole", "organizations:DescribeAccount"] {
            let error = ApiError::new(call, "InvalidClientTokenId", "");
            assert!(matches!(Stop::from_error(&error, AccountAge::Established), Stop::Reopen(_)), "{call}");
        }
    }
}
