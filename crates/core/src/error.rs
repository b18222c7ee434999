//! Failed API calls, classified by error code. No other module compares error codes. Information that AWS returns only in
//! messages is parsed in [`crate::error_messages`].

use std::error::Error;
use std::fmt;

use crate::error_messages::{Denial, Quota, is_unknown_principal};
use crate::text::Untrusted;
use crate::text::excerpt;

/// A call that failed, with the code and message of the service.
#[derive(Debug)]
pub struct ApiError {
    /// The action, such as `iam:GetRole`.
    pub call: &'static str,
    /// The error code of the service, or one of `Timeout`, `Connection`, `MalformedAnswer`, `NoCredentials`.
    pub code: String,
    /// The message of the service, shortened.
    pub message: String,
    /// Which policy denied the call, according to the full message.
    pub denial: Box<Denial>,
    /// Which quota is reached, according to the full message.
    pub quota: Option<Quota>,
    /// Whether a principal does not exist, according to the full message.
    unknown_principal: bool,
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
    /// The account is too new for the service.
    NotReady,
    /// The credentials are not accepted, or have expired.
    Credentials,
    /// No credentials are configured.
    NoCredentials,
    /// A principal in a policy does not exist (yet).
    InvalidPrincipal,
    /// A policy is rejected.
    MalformedPolicy,
    /// A quota is reached.
    Quota,
    /// A concurrent write.
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
        let unknown_principal = is_unknown_principal(message);
        let code = code.into();
        let message = excerpt(message, LONGEST_MESSAGE);
        Self { call, code, message, denial, quota, unknown_principal, status: None, source: None }
    }

    /// The same, with the HTTP status, which decides the kind if the code is not known.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The HTTP status, if there was a response.
    #[must_use]
    pub(crate) fn status(&self) -> Option<u16> {
        self.status
    }

    /// The same, with the original error as its source.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
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
            "SubscriptionRequiredException" | "OptInRequired" => ErrorKind::NotReady,
            "InvalidClientTokenId" | "ExpiredToken" | "ExpiredTokenException" | "UnrecognizedClientException" => {
                ErrorKind::Credentials
            }
            "NoCredentials" => ErrorKind::NoCredentials,
            "MalformedPolicyDocument" | "MalformedPolicyDocumentException" if self.unknown_principal => {
                ErrorKind::InvalidPrincipal
            }
            "MalformedPolicyDocument" | "MalformedPolicyDocumentException" | "PackedPolicyTooLarge" => {
                ErrorKind::MalformedPolicy
            }
            "LimitExceeded" | "LimitExceededException" => ErrorKind::Quota,
            "ConcurrentModification"
            | "ConcurrentModificationException"
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
        assert_eq!(kind("Syntax errors in policy."), ErrorKind::MalformedPolicy);
    }

    #[test]
    fn error_displays_as_a_sentence() {
        let error = ApiError::new("iam:GetRole", "NoSuchEntity", "The role\nis not there.");
        insta::assert_snapshot!(error, @"iam:GetRole failed: NoSuchEntity: The role is not there.");
    }
}
