//! Failed API calls, classified by error code. No other module compares error codes. Information that AWS returns only in
//! messages is parsed in [`crate::error_messages`].

use std::error::Error;
use std::fmt;

use crate::error_messages::{Denial, Hint, Quota, without_signed_request};
use crate::text::Untrusted;
use crate::text::excerpt;

/// A call that failed, with the code and message of the service.
#[derive(Debug)]
pub struct ApiError {
    /// The action, such as `iam:GetRole`.
    pub call: &'static str,
    /// The error code of the service, or one of `Timeout`, `Connection`, `MalformedAnswer`, `NoCredentials`; on the command line also
    /// `HostNotFound`, `CertificateNotTrusted`, `ProxyRefused`.
    pub code: String,
    /// The message of the service, shortened.
    pub message: String,
    /// Which policy denied the call, according to the full message.
    pub denial: Box<Denial>,
    /// Which quota is reached, according to the full message.
    pub quota: Option<Quota>,
    /// What else the full message says.
    hint: Option<Hint>,
    /// Whether the call was signed with credentials that no later attempt replaces.
    fixed_credentials: bool,
    status: Option<u16>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of an error, which decides how to react to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The resource does not exist.
    NotFound,
    /// Access denied, for any reason.
    AccessDenied,
    /// Too many requests; retried.
    Throttled,
    /// The service or the connection to it failed; retried.
    Unavailable,
    /// The command line cannot connect until the network, the proxy or the trusted certificates are changed.
    Unreachable,
    /// The account is too new for the service.
    NotReady,
    /// The credentials of a session or of the function are not accepted (yet), or have expired; retried.
    Credentials,
    /// The user's own credentials are not accepted. Retrying does not help: only the user can replace them.
    FixedCredentials,
    /// The clock of the caller is wrong, so that its signatures are not accepted.
    ClockSkew,
    /// The credentials are those of a root user.
    RootUser,
    /// No credentials are configured.
    NoCredentials,
    /// The service is not enabled in the region.
    RegionDisabled,
    /// The account of the credentials belongs to no organization.
    NoOrganization,
    /// A principal in a policy does not exist (yet).
    InvalidPrincipal,
    /// A service principal in a policy does not exist.
    InvalidService,
    /// A policy is rejected.
    MalformedPolicy,
    /// A quota is reached.
    Quota,
    /// A concurrent write, or a role that cannot be deleted because something was added to it meanwhile.
    Conflict,
    /// A resource of that name exists.
    AlreadyExists,
    /// A parameter of the request is rejected, such as a pagination token that has expired.
    InvalidInput,
    /// Anything else, such as a bug or a wrong configuration.
    Other,
}

/// The maximum length of a message, in characters. Services repeat their input, such as policies, in messages, which must
/// not flood the log.
const LONGEST_MESSAGE: usize = 400;

impl ApiError {
    /// An error as returned by a service.
    #[must_use]
    pub fn new(call: &'static str, code: impl Into<String>, message: &str) -> Self {
        let denial = Box::new(Denial::read(message));
        let quota = Quota::read(message);
        let hint = Hint::read(message);
        let code = code.into();
        let message = excerpt(without_signed_request(message), LONGEST_MESSAGE);
        Self { call, code, message, denial, quota, hint, fixed_credentials: false, status: None, source: None }
    }

    /// The same, with the HTTP status, which decides the kind if the code is not known.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same, of a call that was signed with the user's own credentials, as on the command line: if they are not
    /// accepted, only the user can replace them.
    #[must_use]
    pub fn with_fixed_credentials(mut self) -> Self {
        self.fixed_credentials = true;
        self
    }

    /// The HTTP status, if there was a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The same, with the original error as its source.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whether STS finds a session policy too large together with the session tags.
    #[must_use]
    pub fn is_session_policy_too_large(&self) -> bool {
        self.code.starts_with("PackedPolicyTooLarge")
    }

    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.code.as_str() {
            "NoSuchEntity"
            | "NoSuchEntityException"
            | "AccountNotFoundException"
            | "ParameterNotFound"
            | "CreateAccountStatusNotFoundException" => ErrorKind::NotFound,
            "AccessDenied" | "AccessDeniedException" if self.hint == Some(Hint::RootUser) => ErrorKind::RootUser,
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => ErrorKind::AccessDenied,
            "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "KmsThrottled"
            | "SlowDown"
            | "PriorRequestNotComplete"
            | "TooManyUpdates"
            | "ProvisionedThroughputExceededException"
            | "TooManyRequestsException" => ErrorKind::Throttled,
            "ServiceFailure"
            | "ServiceUnavailable"
            | "ServiceException"
            | "InternalFailure"
            | "InternalServerError"
            | "InternalException"
            | "Timeout"
            | "Connection"
            | "MalformedAnswer" => ErrorKind::Unavailable,
            "HostNotFound" | "CertificateNotTrusted" | "ProxyRefused" => ErrorKind::Unreachable,
            "SubscriptionRequiredException" | "OptInRequired" => ErrorKind::NotReady,
            "RequestExpired" | "RequestTimeTooSkewed" => ErrorKind::ClockSkew,
            "SignatureDoesNotMatch" | "InvalidSignatureException" if self.hint == Some(Hint::ClockSkew) => {
                ErrorKind::ClockSkew
            }
            "RegionDisabledException" | "RegionDisabled" => ErrorKind::RegionDisabled,
            "AWSOrganizationsNotInUseException" => ErrorKind::NoOrganization,
            "InvalidClientTokenId"
            | "ExpiredToken"
            | "ExpiredTokenException"
            | "UnrecognizedClientException"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
                if self.fixed_credentials =>
            {
                ErrorKind::FixedCredentials
            }
            "InvalidClientTokenId" | "ExpiredToken" | "ExpiredTokenException" | "UnrecognizedClientException" => {
                ErrorKind::Credentials
            }
            "NoCredentials" => ErrorKind::NoCredentials,
            "MalformedPolicyDocument" | "MalformedPolicyDocumentException" => match self.hint {
                Some(Hint::UnknownPrincipal) => ErrorKind::InvalidPrincipal,
                Some(Hint::UnknownService) => ErrorKind::InvalidService,
                _ => ErrorKind::MalformedPolicy,
            },
            "PackedPolicyTooLarge" | "PackedPolicyTooLargeException" => ErrorKind::MalformedPolicy,
            "LimitExceeded" | "LimitExceededException" => ErrorKind::Quota,
            "ConcurrentModification"
            | "ConcurrentModificationException"
            | "DeleteConflict"
            | "DeleteConflictException"
            | "ConditionalCheckFailedException"
            | "TransactionConflictException" => ErrorKind::Conflict,
            "EntityAlreadyExists" | "EntityAlreadyExistsException" | "ParameterAlreadyExists" => {
                ErrorKind::AlreadyExists
            }
            "InvalidInputException" => ErrorKind::InvalidInput,
            _ => match self.status {
                Some(429) => ErrorKind::Throttled,
                Some(500..) => ErrorKind::Unavailable,
                _ => ErrorKind::Other,
            },
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.call, Untrusted::new(&self.code))?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_principal_is_distinguished_by_its_message() {
        let kind = |message| ApiError::new("iam:CreateRole", "MalformedPolicyDocument", message).kind();
        assert_eq!(kind("Invalid principal in policy: \"AWS\":\"x\""), ErrorKind::InvalidPrincipal);
        assert_eq!(kind("Invalid principal in policy: \"SERVICE\":\"x\""), ErrorKind::InvalidService);
        assert_eq!(kind("Syntax errors in policy."), ErrorKind::MalformedPolicy);
    }

    #[test]
    fn caller_errors_are_distinguished() {
        let kind = |call, code: &str, message| ApiError::new(call, code, message).kind();
        let invalid = "The security token included in the request is invalid.";
        let expired =
            "Signature expired: 20261122T213000Z is now earlier than 20261122T214000Z (20261122T215500Z - 15 min.)";
        for (kind, expected) in [
            (kind("sts:AssumeRole", "AccessDenied", "Roles may not be assumed by root accounts."), ErrorKind::RootUser),
            (kind("sts:AssumeRole", "ExpiredToken", "expired"), ErrorKind::Credentials),
            (kind("sts:AssumeRole", "SignatureDoesNotMatch", expired), ErrorKind::ClockSkew),
            (kind("sts:AssumeRole", "SignatureDoesNotMatch", "another"), ErrorKind::Other),
        ] {
            assert_eq!(kind, expected);
        }
        for call in ["sts:AssumeRole", "iam:GetRole", "sts:GetCallerIdentity"] {
            assert_eq!(kind(call, "InvalidClientTokenId", invalid), ErrorKind::Credentials, "{call}");
        }
    }

    #[test]
    fn rejected_credentials_of_the_user_are_distinguished_from_those_of_a_session() {
        for code in ["InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken", "ExpiredTokenException"] {
            let error = ApiError::new("organizations:DescribeAccount", code, "");
            assert_eq!(error.kind(), ErrorKind::Credentials, "{code}");
            assert_eq!(error.with_fixed_credentials().kind(), ErrorKind::FixedCredentials, "{code}");
        }
        for code in ["SignatureDoesNotMatch", "InvalidSignatureException"] {
            let error = ApiError::new("sts:AssumeRole", code, "").with_fixed_credentials();
            assert_eq!(error.kind(), ErrorKind::FixedCredentials, "{code}");
        }
        let denied = ApiError::new("sts:AssumeRole", "AccessDenied", "").with_fixed_credentials();
        assert_eq!(denied.kind(), ErrorKind::AccessDenied);
    }

    #[test]
    fn error_displays_as_a_sentence() {
        let error = ApiError::new("iam:GetRole", "NoSuchEntity", "The role\nis not there.");
        insta::assert_snapshot!(error, @"iam:GetRole failed: NoSuchEntity: The role is not there.");
    }
}
