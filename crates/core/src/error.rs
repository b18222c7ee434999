//! Faults of an API call, told apart by error code: the one place where codes are read. What has no code is read in
//! [`crate::error_messages`].

use std::error::Error;
use std::fmt;

use crate::error_messages::{Denial, Quota, is_unknown_principal};
use crate::text::Untrusted;
use crate::text::excerpt;

/// A call that failed, with the code and message of the service.
#[derive(Debug)]
pub struct ApiError {
    /// The action that was called, as `iam:GetRole`.
    pub call: &'static str,
    /// The code on the wire, or one of `Timeout`, `Connection`, `MalformedAnswer`, `NoCredentials`.
    pub code: String,
    /// The service's message, shortened.
    pub message: String,
    /// Which policy denied the call, as far as the whole message says.
    pub denial: Box<Denial>,
    /// Which quota is reached, as far as the whole message says.
    pub quota: Option<Quota>,
    /// Whether the whole message says that a principal is not known.
    unknown_principal: bool,
    status: Option<u16>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What a fault asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// What was asked for is not there.
    NotFound,
    /// Not permitted, for whichever reason.
    AccessDenied,
    /// Too many requests; later.
    Throttled,
    /// The service or the way to it failed; later.
    Unavailable,
    /// The account is too new for the service.
    NotReady,
    /// The credentials are not, or no longer, known.
    Credentials,
    /// There are no credentials to call with.
    NoCredentials,
    /// A principal in a policy is not known (yet).
    InvalidPrincipal,
    /// A policy is not accepted.
    MalformedPolicy,
    /// A quota is reached.
    Quota,
    /// Another writer was first.
    Conflict,
    /// Something of that name is there.
    AlreadyExists,
    /// Anything else: an error of this program or of its configuration.
    Other,
}

/// Services repeat their input in messages; a policy must not flood a log. In characters.
const LONGEST_MESSAGE: usize = 400;

impl ApiError {
    /// An error as a service gave it.
    #[must_use]
    pub fn new(call: &'static str, code: impl Into<String>, message: &str) -> Self {
        let (denial, quota) = (Box::new(Denial::read(message)), Quota::read(message));
        let unknown_principal = is_unknown_principal(message);
        let (code, message) = (code.into(), excerpt(message, LONGEST_MESSAGE));
        Self { call, code, message, denial, quota, unknown_principal, status: None, source: None }
    }

    /// The same, with the status of the HTTP answer, which decides where the code is not known.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The status of the HTTP answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The same, with the typed error that it was made of.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the fault asks for.
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
            "ConcurrentModification" | "ConcurrentModificationException" => ErrorKind::Conflict,
            "EntityAlreadyExists" | "EntityAlreadyExistsException" | "ParameterAlreadyExists" => {
                ErrorKind::AlreadyExists
            }
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
    fn one_message_is_told_from_its_code_s_others() {
        let fault = |message| ApiError::new("iam:CreateRole", "MalformedPolicyDocument", message).kind();
        assert_eq!(fault("Invalid principal in policy: \"AWS\":\"x\""), ErrorKind::InvalidPrincipal);
        assert_eq!(fault("Syntax errors in policy."), ErrorKind::MalformedPolicy);
    }

    #[test]
    fn an_error_reads_as_a_sentence() {
        let error = ApiError::new("iam:GetRole", "NoSuchEntity", "The role\nis not there.");
        insta::assert_snapshot!(error, @"iam:GetRole failed: NoSuchEntity: The role is not there.");
    }
}
