//! Policy evaluation: whether a document allows a request, given what is known about the request.
//!
//! IAM's rules decide: an explicit deny overrides every allow, and what no statement allows is denied. IAM evaluates a
//! concrete request, whereas this module has to answer before there is one: whether someone has used MFA, or calls from a
//! certain network, is not known. So every check has one of three results (`Truth`): yes, no, or unknown. They are
//! combined so that the answer holds for every possible request:
//!
//! | Statement | applies | does not apply | unknown |
//! |---|---|---|---|
//! | `Deny` | [`Verdict::Denied`] | ignored | an allow becomes [`Verdict::Depends`] |
//! | `Allow` | [`Verdict::Allowed`] | ignored | [`Verdict::Depends`] |
//!
//! Unknown are condition keys that the [`RequestContext`] says nothing about, operators that are not implemented (numbers,
//! IP addresses), dates in another form than ISO 8601 with a time zone, values with a policy variable (`${…}`), what AWS does not document (see the `context` module),
//! statements with elements that are not understood, and whether a caller of whom only the account is known is a certain
//! role of that account, or a role a certain session of it.
//!
//! For example, a trust policy allows account 222233334444 with the external ID `one`. With
//! `RequestContext::default().with("sts:ExternalId", "one")` the verdict is `Allowed`, with `.without("sts:ExternalId")`
//! it is `NotAllowed`, and with neither it is `Depends`.
//!
//! The policies of the caller's own account, control policies and permissions boundaries are not part of a trust policy
//! and are not evaluated here.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.

use super::context::{RequestContext, matches_condition};
use super::document::{Actions, Document, Effect, Principals, Statement};
use super::glob::like;
use super::operators::has_variable;
use super::principal::{Principal, is_session_of};
use super::truth::Truth;
use crate::account::AccountId;

/// The principal that makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The caller's account.
    pub account: AccountId,
    /// The ARN of the role or user; `None` for any role or user that its own account allows to make the request.
    pub arn: Option<String>,
}

/// Whether a role or user that a statement names may be the caller, if only the account of the caller is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UnnamedIdentities {
    Included,
    Excluded,
}

impl Caller {
    /// The caller that a grant is for; `None` for principals other than accounts, roles and users.
    #[must_use]
    pub fn from_principal(principal: &Principal) -> Option<Self> {
        let arn = match principal {
            Principal::Account(_) => None,
            Principal::Arn(arn) => Some(arn.clone()),
            _ => return None,
        };
        Some(Self { account: principal.account()?, arn })
    }

    /// Whether a principal in a statement is this caller.
    fn is(&self, principal: &Principal, identities: UnnamedIdentities) -> Truth {
        match (principal, &self.arn) {
            (Principal::Anyone, _) => Truth::Yes,
            (Principal::Account(id), _) => Truth::new(*id == self.account),
            (Principal::Arn(arn), Some(own)) if arn == own => Truth::Yes,
            // Some sessions of the role, but not all.
            (Principal::Arn(arn), Some(own)) if is_session_of(arn, own) => Truth::Unknown,
            (Principal::Arn(_), None)
                if identities == UnnamedIdentities::Included && principal.account().as_ref() == Some(&self.account) =>
            {
                Truth::Unknown
            }
            _ => Truth::No,
        }
    }

    /// Whether a statement with these principals is about this caller.
    fn is_among(&self, principals: &Principals, identities: UnnamedIdentities) -> Truth {
        let any = |all: &[Principal]| all.iter().map(|p| self.is(p, identities)).fold(Truth::No, Truth::or);
        match principals {
            Principals::Absent => Truth::No,
            Principals::Only(all) => any(all),
            Principals::AllBut(all) => match (any(all), &self.arn) {
                (Truth::No, _) => Truth::Yes,
                // A deny statement may still apply to a role or user that is listed while its account is not:
                // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
                (_, Some(_)) if !all.contains(&Principal::Account(self.account.clone())) => Truth::Unknown,
                (Truth::Unknown, _) => Truth::Unknown,
                (Truth::Yes, _) => Truth::No,
            },
        }
    }
}

/// The result of an evaluation. Statements are given by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed by this statement.
    Allowed(usize),
    /// Allowed by this statement if further conditions are met, which the context does not decide.
    Depends(usize),
    /// Denied by this statement, whatever else the request contains.
    Denied(usize),
    /// No statement allows it.
    NotAllowed,
}

impl Verdict {
    /// Whether the request can succeed, depending on what is not known.
    #[must_use]
    pub fn can(&self) -> bool {
        matches!(self, Self::Allowed(_) | Self::Depends(_))
    }
}

/// Whether the caller can assume a role that has this trust policy.
#[must_use]
pub fn can_assume(trust: &Document, caller: &Caller, context: &RequestContext) -> Verdict {
    let requester = Requester::Caller(caller, UnnamedIdentities::Excluded);
    verdict(trust, |statement| requester.meets(statement, context))
}

/// Whether any role or user of the caller's account might be able to: a statement that names one of them counts.
#[must_use]
pub fn can_anybody_assume(trust: &Document, caller: &Caller, context: &RequestContext) -> Verdict {
    let requester = Requester::Caller(caller, UnnamedIdentities::Included);
    verdict(trust, |statement| requester.meets(statement, context))
}

/// Whether a principal other than an account, a role or a user, such as a service, can assume the role.
#[must_use]
pub fn can_other_assume(trust: &Document, principal: &Principal, context: &RequestContext) -> Verdict {
    let requester = Requester::Other(principal);
    verdict(trust, |statement| requester.meets(statement, context))
}

/// Whether one statement of a trust policy applies when this principal assumes the role.
pub(super) fn applies(statement: &Statement, principal: &Principal, context: &RequestContext) -> Truth {
    match Caller::from_principal(principal) {
        Some(caller) => Requester::Caller(&caller, UnnamedIdentities::Excluded).meets(statement, context),
        None => Requester::Other(principal).meets(statement, context),
    }
}

/// Whoever makes a request.
enum Requester<'a> {
    Caller(&'a Caller, UnnamedIdentities),
    Other(&'a Principal),
}

impl Requester<'_> {
    /// Whether a statement of a trust policy applies to `sts:AssumeRole` by this requester.
    fn meets(&self, statement: &Statement, context: &RequestContext) -> Truth {
        if !statement.actions.cover_assume_role() {
            return Truth::No;
        }
        let about = match self {
            Self::Caller(caller, identities) => caller.is_among(&statement.principals, *identities),
            Self::Other(principal) => is_other_among(principal, &statement.principals),
        };
        let known = if statement.is_trust_statement() { Truth::Yes } else { Truth::Unknown };
        about.and(|| matches_condition(&statement.condition, context)).and(|| known)
    }
}

fn is_other_among(principal: &Principal, principals: &Principals) -> Truth {
    let named = |all: &[Principal]| all.contains(principal) || all.contains(&Principal::Anyone);
    match principals {
        Principals::Absent => Truth::No,
        Principals::Only(all) => Truth::new(named(all)),
        Principals::AllBut(all) => Truth::new(!named(all)),
    }
}

/// Whether a permissions or session policy permits an action on a resource.
#[must_use]
pub fn permits(policy: &Document, action: &str, resource: &str, context: &RequestContext) -> Verdict {
    verdict(policy, |statement| {
        let on = match &statement.resources {
            Some(patterns) => patterns.iter().map(|pattern| names(pattern, resource)).fold(Truth::No, Truth::or),
            // `NotResource` is not evaluated: a deny is assumed to apply and an allow is assumed not to.
            None => Truth::new(statement.effect == Effect::Deny),
        };
        if statement.actions.cover(action) {
            on.and(|| matches_condition(&statement.condition, context))
        } else {
            Truth::No
        }
    })
}

/// Whether a pattern of `Resource` matches a resource.
fn names(pattern: &str, resource: &str) -> Truth {
    if has_variable(pattern) { Truth::Unknown } else { Truth::new(like(pattern, resource)) }
}

impl Actions {
    /// Whether they include an action. Actions are case-insensitive and may have wildcards.
    pub(super) fn cover(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let any = |all: &[String]| all.iter().any(|pattern| like(&pattern.to_ascii_lowercase(), &action));
        match self {
            Self::Only(all) => any(all),
            Self::AllBut(all) => !any(all),
        }
    }
}

fn verdict(document: &Document, applies: impl Fn(&Statement) -> Truth) -> Verdict {
    let mut allowed = None;
    let mut depends = None;
    let mut may_be_denied = false;
    for (index, statement) in document.statements().iter().enumerate() {
        match (statement.effect, applies(statement)) {
            (_, Truth::No) => {}
            (Effect::Deny, Truth::Yes) => return Verdict::Denied(index),
            (Effect::Deny, Truth::Unknown) => may_be_denied = true,
            (Effect::Allow, Truth::Yes) => allowed = allowed.or(Some(index)),
            (Effect::Allow, Truth::Unknown) => depends = depends.or(Some(index)),
        }
    }
    match (allowed, depends) {
        (Some(index), _) if !may_be_denied => Verdict::Allowed(index),
        (Some(index), _) | (None, Some(index)) => Verdict::Depends(index),
        (None, None) => Verdict::NotAllowed,
    }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
