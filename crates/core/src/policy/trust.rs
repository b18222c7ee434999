//! The trust edit: adds grants to a trust policy that was written by others, and changes nothing else.
//!
//! The access role of an account is usually created by AWS Organizations or Control Tower, and others may have edited its
//! trust policy. For each grant, there are three cases ([`GrantEdit`]):
//!
//! 1. A statement already grants it: nothing changes. This makes the edit idempotent.
//! 2. A statement allows exactly the same actions, to AWS principals only, under exactly the same condition: the principal
//!    joins it. This is safe because neither the new principal nor the existing ones gain anything else. A statement with
//!    further actions, other kinds of principals, wildcards, deleted identities or unknown elements is never extended.
//! 3. Otherwise, a statement `AccountOnboarding1` (or the next free number) is added.
//!
//! For example, the policy of a new account allows `arn:aws:iam::111122223333:root` (the management account) to assume the
//! role. A grant for account 222233334444 joins that statement; a grant for the same account that requires MFA gets a
//! statement of its own, because joining would either drop its condition or impose it on the management account.
//!
//! All other elements stay as they are, in their order. What is unusual (deny statements, broader grants, deleted
//! identities) is reported as a [`PolicyNotice`] and is not repaired.

use std::fmt;

use serde_json::{Map, Value};

use super::condition::ConditionClause;
use super::document::{Actions, Document, Effect, Principals, Statement};
use super::error::PolicyError;
use super::glob::overlap;
use super::granted::{Grant, applies_to_grant};
use super::principal::{Principal, is_session_of};
use super::truth::Truth;
use crate::account::Partition;

/// How one grant was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantEdit {
    /// It existed already, in this statement.
    Present(usize),
    /// The principal joined this statement.
    Joined(usize),
    /// A statement was added, at this index.
    Added(usize),
}

/// Something unusual in a trust policy. It is reported and not repaired automatically.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyNotice {
    /// A deny statement covers the principal.
    Denied {
        /// The name of the statement.
        statement: String,
        /// The principal that it covers.
        principal: Principal,
        /// Whether it has conditions, so that it may or may not apply.
        conditional: bool,
    },
    /// A deny statement covers a part of what the principal stands for: some roles or users of the account, or some
    /// sessions of the role.
    PartlyDenied {
        /// The name of the statement.
        statement: String,
        /// The principal of the grant.
        principal: Principal,
        /// The principals that are denied.
        denied: Vec<Principal>,
        /// Whether it has conditions, so that it may or may not apply.
        conditional: bool,
    },
    /// A statement grants more than is requested.
    Broader {
        /// The name of the statement.
        statement: String,
        /// The principal that it covers.
        principal: Principal,
    },
    /// A deleted role or user is still a principal. IAM rejects the policy when it is saved again.
    Orphan {
        /// The name of the statement.
        statement: String,
        /// The orphaned principal.
        principal: Principal,
    },
}

impl fmt::Display for PolicyNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { statement, principal, conditional: false } => {
                write!(f, "{statement} denies {principal} regardless of other grants")
            }
            Self::Denied { statement, principal, conditional: true } => {
                write!(f, "{statement} denies {principal} when its condition is met")
            }
            Self::PartlyDenied { statement, principal, denied, conditional } => {
                let denied: Vec<_> = denied.iter().map(ToString::to_string).collect();
                let when = if *conditional { "when its condition is met" } else { "regardless of other grants" };
                write!(f, "{statement} denies {} {when}, although {principal} is granted access", denied.join(", "))
            }
            Self::Broader { statement, principal } => {
                write!(f, "{statement} already grants {principal} more than is requested")
            }
            Self::Orphan { statement, principal } => {
                write!(
                    f,
                    "{statement} names {principal}; in a policy that IAM returned, this is a deleted role or user, which has no access and prevents IAM from saving the policy"
                )
            }
        }
    }
}

/// A document after the edit, and what was done for each grant.
#[derive(Debug, Clone)]
pub struct TrustEdit {
    /// The document after the edit.
    pub document: Document,
    /// One entry for each grant, in order.
    pub grants: Vec<GrantEdit>,
    /// The unusual elements of the document.
    pub notices: Vec<PolicyNotice>,
}

impl TrustEdit {
    /// Whether all grants existed already.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.grants.iter().all(|edit| matches!(edit, GrantEdit::Present(_)))
    }
}

/// Adds the missing grants. See the module documentation for the rules.
///
/// # Errors
/// When the edited document is not valid, which would be a bug.
pub fn add_grants(document: &Document, grants: &[Grant], partition: &Partition) -> Result<TrustEdit, PolicyError> {
    let mut document = document.in_partition(partition);
    let mut edits = Vec::new();
    let mut notices: Vec<PolicyNotice> = document
        .orphans()
        .map(|(i, principal)| PolicyNotice::Orphan { statement: document.name_of(i), principal: principal.clone() })
        .collect();
    for grant in grants {
        notices.extend(notices_about(&document, grant, partition));
        let edit = match position(&document, |s| s.includes(grant)) {
            Some(index) => GrantEdit::Present(index),
            None => {
                let joined = position(&document, |s| s.can_be_joined_by(grant));
                document = rewrite(document, grant, joined, partition)?;
                joined.map_or_else(|| GrantEdit::Added(document.statements().len() - 1), GrantEdit::Joined)
            }
        };
        edits.push(edit);
    }
    Ok(TrustEdit { document: document.in_any_partition(), grants: edits, notices })
}

/// Removes deleted identities from `Principal`, and statements that have no other principals.
///
/// A statement with `NotPrincipal` is kept unchanged, because removing an entry would change whom it covers.
///
/// # Errors
/// As [`add_grants`].
pub fn prune_orphans(document: &Document) -> Result<Document, PolicyError> {
    let emptied = |s: &Statement| match &s.principals {
        Principals::Only(all) => !all.is_empty() && all.iter().all(|p| matches!(p, Principal::Orphan(_))),
        _ => false,
    };
    if !document.statements().iter().any(Statement::names_orphans) {
        return Ok(document.clone());
    }
    let emptied: Vec<bool> = document.statements().iter().map(emptied).collect();
    document.clone().edited(|statements| {
        let mut emptied = emptied.into_iter();
        statements.retain(|_| !emptied.next().unwrap_or(false));
        for principals in statements.iter_mut().filter_map(|s| s.get_mut("Principal")?.as_object_mut()) {
            let Some(aws) = principals.get_mut("AWS") else { continue };
            if let Value::Array(list) = aws {
                list.retain(|value| !is_orphan(value));
            }
            // Principals of other kinds are kept.
            if is_orphan(aws) || aws.as_array().is_some_and(Vec::is_empty) {
                principals.shift_remove("AWS");
            }
        }
    })
}

fn is_orphan(principal: &Value) -> bool {
    principal.as_str().is_some_and(|text| matches!(Principal::from_policy("AWS", text), Principal::Orphan(_)))
}

impl Statement {
    /// Whether its `Principal` contains a deleted identity.
    fn names_orphans(&self) -> bool {
        let orphan = |p: &Principal| matches!(p, Principal::Orphan(_));
        matches!(&self.principals, Principals::Only(all) if all.iter().any(orphan))
    }

    /// Whether the statement includes the grant, possibly next to further principals and actions.
    fn includes(&self, grant: &Grant) -> bool {
        self.is_about(grant) && grant.actions.are_covered_by(&self.actions)
    }

    /// Whether the statement allows something to the principal of the grant, under its condition.
    fn is_about(&self, grant: &Grant) -> bool {
        self.effect == Effect::Allow
            && matches!(&self.principals, Principals::Only(all) if all.contains(&grant.principal))
            && self.condition == grant.condition
            && self.is_trust_statement()
    }

    /// Whether the principal of the grant can join without gaining more than the grant.
    fn can_be_joined_by(&self, grant: &Grant) -> bool {
        let only_aws = |all: &[Principal]| {
            !all.is_empty() && all.iter().all(|p| p.is_aws() && !matches!(p, Principal::Anyone | Principal::Orphan(_)))
        };
        self.effect == Effect::Allow
            && self.understood
            && grant.actions.are_exactly(&self.actions)
            && matches!(&self.principals, Principals::Only(all) if only_aws(all))
            && self.condition == grant.condition
    }

    /// Whether the statement applies to this principal: by its ARN, by its account, or by `*`.
    pub(super) fn covers(&self, principal: &Principal) -> bool {
        let account = principal.account().map(Principal::Account);
        let named = |p: &Principal| *p == Principal::Anyone || p == principal || Some(p) == account.as_ref();
        match &self.principals {
            Principals::Absent => false,
            Principals::Only(all) => all.iter().any(named),
            Principals::AllBut(all) => !all.iter().any(named) || self.exempts_partly(principal),
        }
    }

    /// The principals of the statement that are a part of this one: roles, users and sessions of an account, or sessions
    /// of a role.
    pub(super) fn parts_of(&self, principal: &Principal, partition: Option<&Partition>) -> Vec<Principal> {
        let Principals::Only(all) = &self.principals else { return Vec::new() };
        let is_part = |part: &&Principal| match (part, principal) {
            (Principal::Arn(arn), Principal::Account(_)) => {
                part.account() == principal.account()
                    && Partition::from_arn(arn).is_ok_and(|own| partition.is_none_or(|other| own == *other))
            }
            (Principal::Arn(arn), Principal::Arn(role)) => is_session_of(arn, role),
            _ => false,
        };
        all.iter().filter(is_part).cloned().collect()
    }

    /// The roles and users of an account that the condition of the statement names, as ARNs or as patterns, and whether
    /// there are further conditions.
    fn parts_by_condition(&self, principal: &Principal, partition: &Partition) -> (Vec<Principal>, bool) {
        let operators = ["ArnEquals", "ArnLike", "StringEquals", "StringLike"];
        let is_by_arn = |clause: &&ConditionClause| {
            clause.key.eq_ignore_ascii_case("aws:PrincipalArn")
                && operators.iter().any(|operator| clause.operator.eq_ignore_ascii_case(operator))
        };
        let Principal::Account(account) = principal else { return (Vec::new(), false) };
        let clauses = self.condition.clauses();
        let by_arn = clauses.iter().filter(is_by_arn).flat_map(|clause| &clause.values);
        let in_account = by_arn.filter(|arn| overlap(arn, &format!("arn:{partition}:iam::{account}:*")));
        (in_account.cloned().map(Principal::Arn).collect(), clauses.len() > 1)
    }

    /// Whether `NotPrincipal` lists a role or user but not its account, or the reverse: the statement may still apply to it.
    ///
    /// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>.
    fn exempts_partly(&self, principal: &Principal) -> bool {
        let account = principal.account().map(Principal::Account);
        let listed = |all: &[Principal], p: &Principal| all.contains(p);
        match (&self.principals, principal, account) {
            (Principals::AllBut(all), Principal::Arn(_), Some(account)) => {
                listed(all, principal) != listed(all, &account)
            }
            _ => false,
        }
    }
}

impl Actions {
    /// Whether they include `sts:AssumeRole`.
    pub(crate) fn cover_assume_role(&self) -> bool {
        self.cover("sts:AssumeRole")
    }
}

fn position(document: &Document, wanted: impl Fn(&Statement) -> bool) -> Option<usize> {
    document.statements().iter().position(wanted)
}

fn notices_about(document: &Document, grant: &Grant, partition: &Partition) -> Vec<PolicyNotice> {
    let mut notices = Vec::new();
    for (index, statement) in document.statements().iter().enumerate() {
        let Some(action) = grant.actions.iter().find(|action| statement.actions.cover(action.as_str())) else {
            continue;
        };
        let decided = document.as_decided_for(action);
        let Some(statement) = decided.statements().get(index) else { continue };
        let name = document.name_of(index);
        let principal = grant.principal.clone();
        let covers = statement.covers(&grant.principal);
        match (statement.effect, applies_to_grant(statement, grant, partition)) {
            (Effect::Deny, applies) if covers => {
                let (denied, conditional) = statement.parts_by_condition(&grant.principal, partition);
                if applies == Truth::Unknown && !denied.is_empty() {
                    notices.push(PolicyNotice::PartlyDenied { statement: name, principal, denied, conditional });
                } else if applies != Truth::No {
                    let conditional = applies != Truth::Yes;
                    notices.push(PolicyNotice::Denied { statement: name, principal, conditional });
                }
            }
            (Effect::Deny, _) => {
                let denied = statement.parts_of(&grant.principal, Some(partition));
                if !denied.is_empty() {
                    let conditional = !statement.condition.is_empty();
                    notices.push(PolicyNotice::PartlyDenied { statement: name, principal, denied, conditional });
                }
            }
            (Effect::Allow, Truth::Yes) if covers && statement.condition.is_empty() && !statement.is_about(grant) => {
                notices.push(PolicyNotice::Broader { statement: name, principal });
            }
            _ => {}
        }
    }
    notices
}

/// Adds the principal to the statement at `joined`, or a new statement if there is none.
fn rewrite(
    document: Document,
    grant: &Grant,
    joined: Option<usize>,
    partition: &Partition,
) -> Result<Document, PolicyError> {
    let sid = free_sid(&document);
    document.edited(|statements| match joined.and_then(|index| statements.get_mut(index)) {
        Some(statement) => {
            let text = Value::from(grant.principal.to_policy(partition));
            if let Some(aws) = statement.get_mut("Principal").and_then(|p| p.get_mut("AWS")) {
                match aws {
                    Value::Array(list) => list.push(text),
                    one => *one = Value::Array(vec![one.take(), text]),
                }
            }
        }
        None => {
            let mut statement = Map::from_iter([("Sid".to_owned(), Value::from(sid))]);
            statement.extend(grant.to_statement(partition));
            statements.push(Value::Object(statement));
        }
    })
}

/// The first of `AccountOnboarding1`, `AccountOnboarding2`, … that is not taken. A `Sid` must be unique in a document.
fn free_sid(document: &Document) -> String {
    let taken = |sid: &String| document.statements().iter().any(|s| s.sid.as_ref() == Some(sid));
    let last = document.statements().len() + 1;
    (1..=last).map(|n| format!("AccountOnboarding{n}")).find(|sid| !taken(sid)).unwrap_or_default()
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "trust_properties.rs"]
mod properties;
