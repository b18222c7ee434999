//! What came of an attempt, and of all of them.

use super::attempt::{Attempt, Evaluated, Expected};
use crate::account::{AccountAge, AccountId};
use crate::error::{ApiError, ErrorKind};
use crate::outcome::{Stop, for_command_line};
use crate::policy::is_session_of;
use crate::redaction::KnownSecrets;

/// The call whose denial is a refusal.
const ASSUME_ROLE: &str = "sts:AssumeRole";

/// An attempt and its result.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The attempt.
    pub attempt: Attempt,
    /// Its result.
    pub result: AttemptResult,
}

/// The result of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptResult {
    /// The role was assumed, and the session is in the account and role that was asked for.
    Assumed,
    /// STS issued a session of another account or role: its ARN.
    Elsewhere(String),
    /// STS refused.
    Refused(RefusedBy),
    /// It could not be tried, which says nothing about access.
    NotTried {
        /// The reason.
        reason: String,
        /// What to do.
        fix: String,
    },
}

/// Which policy refused an attempt, as far as STS says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedBy {
    /// One of the caller, so that the trust policy did not decide.
    Caller,
    /// A control policy of the organization.
    ControlPolicy,
    /// STS does not say which, or names the trust policy.
    Other,
}

/// What all attempts together show, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conclusion {
    /// The caller assumed a role that must be refused.
    Breach,
    /// The caller was refused a role that it must be able to assume.
    LockedOut,
    /// Something could not be tried.
    Incomplete,
    /// Everything is as configured.
    Holds,
}

impl AttemptResult {
    /// The result of the calls of an attempt: the ARN that `sts:GetCallerIdentity` named in the new session, or the error of one of
    /// the calls. Only a denial of `sts:AssumeRole` is a refusal. Every other error, such as an expired token, a throttle or a
    /// lost connection, says nothing about access.
    #[must_use]
    pub fn new(attempt: &Attempt, result: Result<String, ApiError>, secrets: &KnownSecrets) -> Self {
        match result {
            Ok(arn) if is_session_of(&arn, &attempt.role_arn) => Self::Assumed,
            Ok(arn) => Self::Elsewhere(arn),
            Err(error) if error.call == ASSUME_ROLE && error.kind() == ErrorKind::AccessDenied => {
                Self::Refused(if error.denial.is_by_the_caller() {
                    RefusedBy::Caller
                } else if error.denial.is_by_control_policy() {
                    RefusedBy::ControlPolicy
                } else {
                    RefusedBy::Other
                })
            }
            // STS issued credentials to a caller that it must refuse; whose they are makes no difference.
            Err(error) if error.call != ASSUME_ROLE && attempt.expected == Expected::Refused => Self::Assumed,
            Err(error) => Self::not_tried(&error, secrets),
        }
    }

    /// The result of an attempt that an error prevented.
    #[must_use]
    pub fn not_tried(error: &ApiError, secrets: &KnownSecrets) -> Self {
        let fix = for_command_line(&Stop::from_error(error, AccountAge::Established).cause().remedy);
        let fix = if fix.is_empty() { "run again".to_owned() } else { fix };
        Self::NotTried { reason: secrets.redacted(error.to_string()), fix: secrets.redacted(fix) }
    }
}

impl Trial {
    /// Whether the result is what must come of the attempt; `None` if it was not tried, or if either result is right.
    #[must_use]
    pub fn holds(&self) -> Option<bool> {
        match (&self.result, self.attempt.expected) {
            (AttemptResult::NotTried { .. }, _) => None,
            (AttemptResult::Elsewhere(_), _) => Some(false),
            (_, Expected::Either) => None,
            (AttemptResult::Assumed, expected) => Some(expected == Expected::Assumed),
            (AttemptResult::Refused(_), expected) => Some(expected == Expected::Refused),
        }
    }

    /// What this attempt shows.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        match (&self.result, self.holds()) {
            (AttemptResult::NotTried { .. }, _) => Conclusion::Incomplete,
            (AttemptResult::Refused(_), Some(false)) => Conclusion::LockedOut,
            (_, Some(false)) => Conclusion::Breach,
            _ => Conclusion::Holds,
        }
    }

    /// What to do, if the result is not as it must be. `account` is the one that was verified.
    pub(super) fn fix(&self, caller_account: &AccountId, account: &AccountId) -> String {
        let Attempt { role, role_arn, evaluated, .. } = &self.attempt;
        match (&self.result, evaluated) {
            (AttemptResult::Elsewhere(arn), _) => {
                format!("the session is `{arn}`; check the endpoint (`AWS_ENDPOINT_URL`), then run again")
            }
            (AttemptResult::NotTried { fix, .. }, _) => fix.clone(),
            (AttemptResult::Assumed, Evaluated::Denied) => format!(
                "the trust policy that was read refuses this; run again in a minute, because IAM is eventually consistent. If the \
                 result stays, compare the trust policy of role `{role}` with the configuration (`onboard plan --account {account}`)"
            ),
            (AttemptResult::Assumed, _) => format!(
                "find the statement that lets the caller in with `onboard policy explain`; if this tool manages role `{role}`, \
                 `onboard apply --account {account}` removes it, and otherwise remove it from the trust policy manually, or \
                 add the grant to the configuration if it is intended"
            ),
            (AttemptResult::Refused(RefusedBy::ControlPolicy), _) => format!(
                "a control policy of the organization denies `sts:AssumeRole` on `{role_arn}`; allow it there, then run again"
            ),
            (AttemptResult::Refused(RefusedBy::Other), Evaluated::Denied) => {
                format!(
                    "the trust policy does not allow it; `onboard plan --account {account}` shows the changes that do"
                )
            }
            (AttemptResult::Refused(_), _) => format!(
                "allow `sts:AssumeRole` on `{role_arn}` to the caller in account {caller_account} (`onboard prerequisites show \
                 identity-access-policy`), and check that no permissions boundary or control policy denies it"
            ),
        }
    }
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
