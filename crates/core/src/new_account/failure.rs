//! Why AWS did not create an account, and what to do about it.
//!
//! `CreateAccount` can be rejected at once, with an error, or fail later, with a reason in the status of the request.
//!
//! See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html>.

use std::fmt;

use crate::account::{AccountAge, Partition};
use crate::code::Code;
use crate::error::{ApiError, ErrorKind};
use crate::outcome::Stop;
use crate::text::Untrusted;

/// Why an account was not created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreationFailure {
    /// The organization has as many accounts as its quota allows.
    AccountLimitExceeded,
    /// Another AWS account has the email address.
    EmailAlreadyExists,
    /// The postal address of the management account is not valid.
    InvalidAddress,
    /// AWS does not accept the email address.
    InvalidEmail,
    /// A request with the same information is in progress.
    ConcurrentAccountModification,
    /// AWS failed.
    InternalFailure,
    /// The GovCloud region has an account with the email address.
    GovcloudAccountAlreadyExists,
    /// The management account has no business validation.
    MissingBusinessValidation,
    /// The business validation of the management account failed.
    FailedBusinessValidation,
    /// The business validation of the management account is not complete.
    PendingBusinessValidation,
    /// The identity data of the management account is not valid for the business validation.
    InvalidIdentityForBusinessValidation,
    /// Something is wrong with the business validation.
    UnknownBusinessValidation,
    /// The management account has no payment method.
    MissingPaymentInstrument,
    /// The payment method of the management account is not supported.
    InvalidPaymentInstrument,
    /// A resource policy of the organization cannot be updated with tags.
    TagsNotSupported,
    /// A reason that this release does not know.
    Other(Untrusted),
}

impl CreationFailure {
    /// Parses the reason that AWS gives.
    #[must_use]
    pub fn from_wire(text: &str) -> Self {
        match text {
            "ACCOUNT_LIMIT_EXCEEDED" => Self::AccountLimitExceeded,
            "EMAIL_ALREADY_EXISTS" => Self::EmailAlreadyExists,
            "INVALID_ADDRESS" => Self::InvalidAddress,
            "INVALID_EMAIL" => Self::InvalidEmail,
            "CONCURRENT_ACCOUNT_MODIFICATION" => Self::ConcurrentAccountModification,
            "INTERNAL_FAILURE" => Self::InternalFailure,
            "GOVCLOUD_ACCOUNT_ALREADY_EXISTS" => Self::GovcloudAccountAlreadyExists,
            "MISSING_BUSINESS_VALIDATION" => Self::MissingBusinessValidation,
            "FAILED_BUSINESS_VALIDATION" => Self::FailedBusinessValidation,
            "PENDING_BUSINESS_VALIDATION" => Self::PendingBusinessValidation,
            // The API's model and its documentation name it differently.
            "INVALID_IDENTITY_FOR_BUSINESS_VALIDATION" | "IDENTITY_INVALID_BUSINESS_VALIDATION" => {
                Self::InvalidIdentityForBusinessValidation
            }
            "UNKNOWN_BUSINESS_VALIDATION" => Self::UnknownBusinessValidation,
            "MISSING_PAYMENT_INSTRUMENT" => Self::MissingPaymentInstrument,
            "INVALID_PAYMENT_INSTRUMENT" => Self::InvalidPaymentInstrument,
            "UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED" => Self::TagsNotSupported,
            other => Self::Other(other.into()),
        }
    }

    /// How the creation of an account ends: waiting if the same request can succeed later, otherwise blocked.
    #[must_use]
    pub fn stop(&self, quota: &Quota<'_>) -> Stop {
        let message = format!("AWS did not create the account: {self}");
        let blocked = |remedy: &str| Stop::blocked(Code::CreationFailed, &message, remedy);
        match self {
            Self::AccountLimitExceeded => Stop::blocked(Code::QuotaExceeded, message, quota.remedy()),
            Self::ConcurrentAccountModification | Self::InternalFailure => Stop::wait(Code::CreationFailed, message)
                .advise("if it fails again, open a case with AWS Support (account and billing)"),
            Self::EmailAlreadyExists => blocked(
                "use another email address, which may be an alias such as `aws+payments-dev@example.com`: an AWS account outside \
                 of the organization has this one, or a closed account had it",
            ),
            Self::InvalidEmail => {
                blocked("use an email address that exists and that AWS accepts; AWS sends the owner's messages to it")
            }
            Self::InvalidAddress => blocked(
                "correct the contact address of the management account (Billing and Cost Management, account page), then run again",
            ),
            Self::GovcloudAccountAlreadyExists => {
                blocked("use another email address: an account in the GovCloud region has this one")
            }
            Self::MissingPaymentInstrument | Self::InvalidPaymentInstrument => blocked(
                "add a valid default payment method to the management account (Billing and Cost Management, payment preferences), \
                 then run again",
            ),
            Self::PendingBusinessValidation => blocked(
                "wait until AWS has completed the business validation of the management account, which takes days, then run again",
            ),
            Self::MissingBusinessValidation
            | Self::FailedBusinessValidation
            | Self::InvalidIdentityForBusinessValidation
            | Self::UnknownBusinessValidation => blocked(
                "complete the business validation of the management account with AWS Support (account and billing), then run again",
            ),
            Self::TagsNotSupported => blocked("leave the tags out, and tag the account once it exists"),
            Self::Other(_) => blocked(
                "look up the reason in the documentation of `CreateAccountStatus`, fix its cause, then run again",
            ),
        }
    }
}

impl fmt::Display for CreationFailure {
    /// The reason as AWS writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccountLimitExceeded => "ACCOUNT_LIMIT_EXCEEDED",
            Self::EmailAlreadyExists => "EMAIL_ALREADY_EXISTS",
            Self::InvalidAddress => "INVALID_ADDRESS",
            Self::InvalidEmail => "INVALID_EMAIL",
            Self::ConcurrentAccountModification => "CONCURRENT_ACCOUNT_MODIFICATION",
            Self::InternalFailure => "INTERNAL_FAILURE",
            Self::GovcloudAccountAlreadyExists => "GOVCLOUD_ACCOUNT_ALREADY_EXISTS",
            Self::MissingBusinessValidation => "MISSING_BUSINESS_VALIDATION",
            Self::FailedBusinessValidation => "FAILED_BUSINESS_VALIDATION",
            Self::PendingBusinessValidation => "PENDING_BUSINESS_VALIDATION",
            Self::InvalidIdentityForBusinessValidation => "INVALID_IDENTITY_FOR_BUSINESS_VALIDATION",
            Self::UnknownBusinessValidation => "UNKNOWN_BUSINESS_VALIDATION",
            Self::MissingPaymentInstrument => "MISSING_PAYMENT_INSTRUMENT",
            Self::InvalidPaymentInstrument => "INVALID_PAYMENT_INSTRUMENT",
            Self::TagsNotSupported => "UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED",
            Self::Other(other) => return write!(f, "{other}"),
        })
    }
}

/// The quota of accounts, for the command that raises it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota<'a> {
    /// How many accounts the organization has to be able to have.
    pub needed: usize,
    /// The partition of the organization, if known.
    pub partition: Option<&'a Partition>,
}

impl Quota<'_> {
    /// The command that asks AWS for more accounts. The quota is kept in the region that hosts Organizations.
    ///
    /// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>.
    #[must_use]
    pub fn command(&self) -> String {
        let region = match self.partition.map_or("aws", Partition::as_str) {
            "aws" => " --region us-east-1",
            "aws-us-gov" => " --region us-gov-west-1",
            "aws-cn" => " --region cn-northwest-1",
            _ => "",
        };
        format!(
            "aws service-quotas request-service-quota-increase{region} --service-code organizations --quota-code L-E619E033 \
             --desired-value {}",
            self.needed
        )
    }

    fn remedy(&self) -> String {
        format!(
            "close accounts that are not needed, or ask AWS for more in the management account: `{}`; closed accounts count for 90 \
             days, and open invitations count, too. Run again when AWS has approved it",
            self.command()
        )
    }
}

/// How the creation of an account ends when `CreateAccount` returns an error. The reason of a violated constraint is its code.
///
/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html#API_CreateAccount_Errors>.
#[must_use]
pub fn creation_stop(error: &ApiError, quota: &Quota<'_>) -> Stop {
    let message = error.to_string();
    match error.code.as_str() {
        "ACCOUNT_NUMBER_LIMIT_EXCEEDED" => Stop::blocked(Code::QuotaExceeded, message, quota.remedy()),
        // Too many are in progress, by whomever they were requested.
        "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED" => Stop::wait(Code::Throttled, message),
        "FinalizingOrganizationException" => {
            Stop::wait(Code::AccountNotReady, message).advise("AWS sets up a new organization for up to an hour")
        }
        "ACCOUNT_CREATION_NOT_COMPLETE" => Stop::blocked(
            Code::CreationFailed,
            message,
            "complete the sign-up of the management account, then run again",
        ),
        "MASTER_ACCOUNT_PAYMENT_INSTRUMENT_REQUIRED" => CreationFailure::MissingPaymentInstrument.stop(quota),
        "MASTER_ACCOUNT_MISSING_CONTACT_INFO" | "MASTER_ACCOUNT_ADDRESS_DOES_NOT_MATCH_MARKETPLACE" => {
            CreationFailure::InvalidAddress.stop(quota)
        }
        "MASTER_ACCOUNT_MISSING_BUSINESS_LICENSE" => CreationFailure::MissingBusinessValidation.stop(quota),
        "InvalidInputException" => {
            Stop::blocked(Code::CreationFailed, message, "correct the value that the message names, then run again")
        }
        _ => own_stop(error),
    }
}

/// How moving an account ends when a call for it returns an error. A new account may not be known everywhere yet, and another
/// process may move it at the same time.
#[must_use]
pub fn move_stop(error: &ApiError) -> Stop {
    let message = error.to_string();
    match error.code.as_str() {
        "AccountNotFoundException"
        | "ChildNotFoundException"
        | "DuplicateAccountException"
        | "SourceParentNotFoundException" => Stop::wait(Code::NotPropagated, message),
        "DestinationParentNotFoundException" => Stop::blocked(
            Code::CreationFailed,
            message,
            "the unit was deleted in the meantime: name another one, then run again",
        ),
        _ => own_stop(error),
    }
}

/// The outcome of a failed call to Organizations with the user's own credentials.
fn own_stop(error: &ApiError) -> Stop {
    let stop = Stop::from_error(error, AccountAge::Established);
    match error.kind() {
        ErrorKind::AccessDenied => stop
            .advise("only the management account can create and move accounts; docs/ACCOUNTS.md lists the permissions"),
        _ => stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;

    const REASONS: [&str; 15] = [
        "ACCOUNT_LIMIT_EXCEEDED",
        "EMAIL_ALREADY_EXISTS",
        "INVALID_ADDRESS",
        "INVALID_EMAIL",
        "CONCURRENT_ACCOUNT_MODIFICATION",
        "INTERNAL_FAILURE",
        "GOVCLOUD_ACCOUNT_ALREADY_EXISTS",
        "MISSING_BUSINESS_VALIDATION",
        "FAILED_BUSINESS_VALIDATION",
        "PENDING_BUSINESS_VALIDATION",
        "INVALID_IDENTITY_FOR_BUSINESS_VALIDATION",
        "UNKNOWN_BUSINESS_VALIDATION",
        "MISSING_PAYMENT_INSTRUMENT",
        "INVALID_PAYMENT_INSTRUMENT",
        "UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED",
    ];

    fn quota(needed: usize) -> Quota<'static> {
        Quota { needed, partition: None }
    }

    #[test]
    fn every_reason_is_known_and_has_a_remedy() {
        for reason in REASONS {
            let failure = CreationFailure::from_wire(reason);
            assert!(!matches!(failure, CreationFailure::Other(_)), "{reason}");
            let outcome = Outcome::from(failure.stop(&quota(11)));
            let cause = outcome.cause().unwrap();
            assert!(cause.message.contains(reason) && cause.remedy.len() > 30, "{cause:?}");
            assert!(cause.code.outcomes().contains(&outcome.kind()), "{outcome:?}");
        }
        let other = CreationFailure::from_wire("NEW\u{1b}[2J").stop(&quota(1)).into_cause();
        assert_eq!(other.message, "AWS did not create the account: NEW?[2J");
    }

    #[test]
    fn reached_quota_names_the_command_that_raises_it() {
        let cause = CreationFailure::AccountLimitExceeded.stop(&quota(14)).into_cause();
        insta::assert_snapshot!(cause, @"AWS did not create the account: ACCOUNT_LIMIT_EXCEEDED; close accounts that are not needed, or ask AWS for more in the management account: `aws service-quotas request-service-quota-increase --region us-east-1 --service-code organizations --quota-code L-E619E033 --desired-value 14`; closed accounts count for 90 days, and open invitations count, too. Run again when AWS has approved it");
        let gov = "aws-us-gov".parse().unwrap();
        let command = Quota { needed: 2, partition: Some(&gov) }.command();
        assert!(command.contains("--region us-gov-west-1"), "{command}");
        let error = ApiError::new("organizations:CreateAccount", "ACCOUNT_NUMBER_LIMIT_EXCEEDED", "too many");
        assert_eq!(creation_stop(&error, &quota(14)).into_cause().remedy, cause.remedy);
    }

    #[test]
    fn errors_of_the_calls_are_distinguished() {
        let creation = |code: &str| creation_stop(&ApiError::new("organizations:CreateAccount", code, "x"), &quota(1));
        let moving = |code: &str| move_stop(&ApiError::new("organizations:MoveAccount", code, "x"));
        for waiting in [
            creation("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"),
            creation("TooManyRequestsException"),
            creation("FinalizingOrganizationException"),
            creation("ConcurrentModificationException"),
            moving("AccountNotFoundException"),
            moving("DuplicateAccountException"),
            moving("ConcurrentModificationException"),
        ] {
            assert!(matches!(waiting, Stop::Wait(_)), "{waiting:?}");
        }
        for blocked in [
            creation("ACCOUNT_CREATION_NOT_COMPLETE"),
            creation("MASTER_ACCOUNT_PAYMENT_INSTRUMENT_REQUIRED"),
            creation("InvalidInputException"),
            moving("DestinationParentNotFoundException"),
        ] {
            assert!(matches!(blocked, Stop::Blocked(_)), "{blocked:?}");
        }
        insta::assert_snapshot!(creation("AccessDeniedException").into_cause(), @"organizations:CreateAccount failed: AccessDeniedException: x; allow `organizations:CreateAccount` for the role that runs this tool, in the management account; only the management account can create and move accounts; docs/ACCOUNTS.md lists the permissions");
    }
}
