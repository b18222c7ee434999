//! The trust edit: a grant is added to a document that somebody else wrote, and nothing else changes.

use std::fmt;

use serde_json::{Map, Value};

use super::{Actions, Condition, Document, Effect, PolicyError, Principal, Principals, Statement};
use crate::account::Partition;

/// Who may assume a role, and under which condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whom access is granted.
    pub principal: Principal,
    /// Under which condition; usually none.
    pub condition: Condition,
}

/// What became of one grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantEdit {
    /// It was there already, in this statement.
    Present(usize),
    /// The principal joined this statement.
    Joined(usize),
    /// A statement of its own was added, here.
    Added(usize),
}

/// Something about a trust policy that a person should know, and that nobody repairs silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyNotice {
    /// A deny statement covers the principal; with conditions it may or may not apply.
    Denied {
        /// The statement's name.
        statement: String,
        /// Whom it covers.
        principal: Principal,
        /// Whether it applies only under conditions.
        conditional: bool,
    },
    /// More is granted already than was asked for.
    Broader {
        /// The statement's name.
        statement: String,
        /// Whom it grants.
        principal: Principal,
    },
    /// A deleted role or user is still named; IAM refuses to save a document that names it.
    Orphan {
        /// The statement's name.
        statement: String,
        /// The orphaned principal.
        principal: Principal,
    },
}

impl fmt::Display for PolicyNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { statement, principal, conditional: false } => {
                write!(f, "{statement} denies {principal}, whatever else is granted")
            }
            Self::Denied { statement, principal, conditional: true } => {
                write!(f, "{statement} denies {principal} when its condition holds")
            }
            Self::Broader { statement, principal } => {
                write!(f, "{statement} already grants {principal} more than the configuration asks for")
            }
            Self::Orphan { statement, principal } => {
                write!(
                    f,
                    "{statement} still names {principal}, which lets nobody in and keeps IAM from saving the policy"
                )
            }
        }
    }
}

/// A document after grants were added, and what was done for each.
#[derive(Debug, Clone)]
pub struct TrustEdit {
    /// The document after.
    pub document: Document,
    /// One entry for each grant, in order.
    pub grants: Vec<GrantEdit>,
    /// What a person should know.
    pub notices: Vec<PolicyNotice>,
}

impl TrustEdit {
    /// Whether there is nothing to save.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.grants.iter().all(|edit| matches!(edit, GrantEdit::Present(_)))
    }
}

/// Adds the grants that are not there yet.
///
/// A principal joins a statement that allows exactly `sts:AssumeRole` to AWS principals under exactly the same
/// condition; where there is none, a statement is added. All else stays as it was.
///
/// # Errors
/// When the edited document would not be understood again, which would be an error of this program.
pub fn add_grants(document: &Document, grants: &[Grant], partition: &Partition) -> Result<TrustEdit, PolicyError> {
    let mut document = document.clone();
    let mut edits = Vec::new();
    let mut notices: Vec<PolicyNotice> = document
        .orphans()
        .map(|(i, principal)| PolicyNotice::Orphan { statement: document.name_of(i), principal: principal.clone() })
        .collect();
    for grant in grants {
        notices.extend(notices_about(&document, grant));
        let edit = match position(&document, |s| s.holds(grant)) {
            Some(index) => GrantEdit::Present(index),
            None => {
                let joined = position(&document, |s| s.can_take(grant));
                document = rewrite(document, grant, joined, partition)?;
                joined.map_or_else(|| GrantEdit::Added(document.statements().len() - 1), GrantEdit::Joined)
            }
        };
        edits.push(edit);
    }
    Ok(TrustEdit { document, grants: edits, notices })
}

/// Takes orphaned principals out of `Principal` lists; a statement that named nobody else goes with them.
///
/// A statement with `NotPrincipal` stays: what it denies depends on the list.
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
            // Principals of other kinds are left.
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
    /// Whether its `Principal` holds a deleted identity.
    fn names_orphans(&self) -> bool {
        let orphan = |p: &Principal| matches!(p, Principal::Orphan(_));
        matches!(&self.principals, Principals::Only(all) if all.iter().any(orphan))
    }

    /// Whether the statement grants exactly this; further principals and actions do not matter.
    fn holds(&self, grant: &Grant) -> bool {
        self.effect == Effect::Allow
            && matches!(&self.principals, Principals::Only(all) if all.contains(&grant.principal))
            && self.actions.cover_assume_role()
            && self.condition == grant.condition
    }

    /// Whether the grant's principal can join without changing anything for the others.
    fn can_take(&self, grant: &Grant) -> bool {
        let only_aws = |all: &[Principal]| {
            !all.is_empty() && all.iter().all(|p| p.is_aws() && !matches!(p, Principal::Anyone | Principal::Orphan(_)))
        };
        self.effect == Effect::Allow
            && self.understood
            && self.actions.is_exactly_assume_role()
            && matches!(&self.principals, Principals::Only(all) if only_aws(all))
            && self.condition == grant.condition
    }

    /// Whether the statement is about this principal: it, its account, or everybody.
    pub(super) fn covers(&self, principal: &Principal) -> bool {
        let account = principal.account().map(Principal::Account);
        let named = |p: &Principal| *p == Principal::Anyone || p == principal || Some(p) == account.as_ref();
        match &self.principals {
            Principals::Absent => false,
            Principals::Only(all) => all.iter().any(named),
            Principals::AllBut(all) => !all.iter().any(named) || self.spares_partly(principal),
        }
    }

    /// Whether `NotPrincipal` names a role or user and not its account: it may be meant all the same.
    ///
    /// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>.
    fn spares_partly(&self, principal: &Principal) -> bool {
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
    /// Whether `sts:AssumeRole` is among them.
    pub(super) fn cover_assume_role(&self) -> bool {
        self.cover("sts:AssumeRole")
    }

    fn is_exactly_assume_role(&self) -> bool {
        matches!(self, Self::Only(all) if matches!(all.as_slice(), [one] if one.eq_ignore_ascii_case("sts:AssumeRole")))
    }
}

fn position(document: &Document, wanted: impl Fn(&Statement) -> bool) -> Option<usize> {
    document.statements().iter().position(wanted)
}

fn notices_about(document: &Document, grant: &Grant) -> Vec<PolicyNotice> {
    let mut notices = Vec::new();
    for (index, statement) in document.statements().iter().enumerate() {
        if !statement.actions.cover_assume_role() || !statement.covers(&grant.principal) {
            continue;
        }
        let (name, principal) = (document.name_of(index), grant.principal.clone());
        let conditional = !statement.condition.is_empty() || statement.spares_partly(&grant.principal);
        if statement.effect == Effect::Deny {
            notices.push(PolicyNotice::Denied { statement: name, principal, conditional });
        } else if !statement.holds(grant) && !conditional {
            notices.push(PolicyNotice::Broader { statement: name, principal });
        }
    }
    notices
}

/// Puts the grant into the statement at `joined`, or into one of its own.
fn rewrite(
    document: Document,
    grant: &Grant,
    joined: Option<usize>,
    partition: &Partition,
) -> Result<Document, PolicyError> {
    let sid = free_sid(&document);
    let text = Value::from(grant.principal.to_policy(partition));
    document.edited(|statements| match joined.and_then(|index| statements.get_mut(index)) {
        Some(statement) => {
            if let Some(aws) = statement.get_mut("Principal").and_then(|p| p.get_mut("AWS")) {
                match aws {
                    Value::Array(list) => list.push(text),
                    one => *one = Value::Array(vec![one.take(), text]),
                }
            }
        }
        None => {
            let mut statement = Map::new();
            statement.insert("Sid".to_owned(), sid.into());
            statement.insert("Effect".to_owned(), "Allow".into());
            statement.insert("Principal".to_owned(), Value::Object(Map::from_iter([("AWS".to_owned(), text)])));
            statement.insert("Action".to_owned(), "sts:AssumeRole".into());
            if !grant.condition.is_empty() {
                statement.insert("Condition".to_owned(), grant.condition.to_json());
            }
            statements.push(Value::Object(statement));
        }
    })
}

/// The first of `AccountOnboarding1`, `AccountOnboarding2`, … that no statement has: a Sid stands once in a document.
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
