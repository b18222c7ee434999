//! Explains a trust policy: for each principal of each statement, whether it can assume the role, and under which
//! conditions. For `onboard policy explain`.

use serde::Serialize;

use super::condition::{Condition, ConditionClause};
use super::context::RequestContext;
use super::document::{Document, Effect, Principals, Statement};
use super::evaluate::{Caller, Verdict, can_assume};
use super::principal::Principal;

/// The actions by which a role is assumed.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html>.
const ASSUME_ACTIONS: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// What a trust policy says about one principal in one statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrincipalAccess {
    /// The name of the statement.
    pub statement: String,
    /// The principal as text, such as `account 111122223333`.
    pub principal: String,
    /// The kind of the principal.
    pub kind: PrincipalKind,
    /// Whether the statement allows or denies.
    pub effect: Effect,
    /// Whether the principal can assume the role. For a deny statement: `never` if it always applies, `conditionally`
    /// if it has conditions.
    pub can: Can,
    /// The actions by which it can, such as `sts:AssumeRole`.
    pub actions: Vec<String>,
    /// The conditions of the statement, with external IDs hidden.
    pub conditions: Vec<ConditionDisplay>,
    /// The reason, where it is not obvious.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The kind of a principal. The names in JSON are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// Everyone.
    Anyone,
    /// An account, with all of its roles and users.
    Account,
    /// A role, a user or a session.
    Identity,
    /// A role or user that was deleted.
    Deleted,
    /// An AWS service.
    Service,
    /// An identity provider.
    Federated,
    /// A canonical user ID.
    CanonicalUser,
    /// A kind that this version does not know.
    Unknown,
    /// Everyone except the principals of a `NotPrincipal`.
    Others,
}

/// Whether a principal can assume the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Can {
    /// For every request.
    Always,
    /// If conditions are met.
    Conditionally,
    /// For no request.
    Never,
}

/// A condition, with external IDs hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionDisplay {
    /// The operator.
    pub operator: String,
    /// The key.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
}

/// Whether an explanation contains external IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalIdDisplay {
    /// They are replaced by `(hidden)`.
    Hidden,
    /// They are shown.
    Revealed,
}

/// Explains a trust policy, statement by statement.
#[must_use]
pub fn explain(trust: &Document, external_ids: ExternalIdDisplay) -> Vec<PrincipalAccess> {
    let mut entries = Vec::new();
    for (index, statement) in trust.statements().iter().enumerate() {
        let actions: Vec<_> =
            ASSUME_ACTIONS.into_iter().filter(|a| statement.actions.cover(a)).map(str::to_owned).collect();
        if actions.is_empty() {
            continue;
        }
        let name = trust.name_of(index);
        let conditions = shown(&statement.condition, external_ids);
        let access = |principal: String, kind, can, why| PrincipalAccess {
            statement: name.clone(),
            principal,
            kind,
            effect: statement.effect,
            can,
            actions: actions.clone(),
            conditions: conditions.clone(),
            why,
        };
        match &statement.principals {
            Principals::Absent => {}
            Principals::Only(all) => entries.extend(all.iter().map(|principal| {
                let (can, why) = by_policy(trust, statement, principal);
                access(principal.to_string(), kind(principal), can, why)
            })),
            Principals::AllBut(all) => {
                let exempt: Vec<_> = all.iter().map(ToString::to_string).collect();
                let (can, why) = by_statement(statement);
                entries.push(access(format!("everyone except {}", exempt.join(", ")), PrincipalKind::Others, can, why));
            }
        }
    }
    entries
}

impl std::fmt::Display for ConditionDisplay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.key, self.operator, self.values.join(" or "))
    }
}

fn by_policy(trust: &Document, statement: &Statement, principal: &Principal) -> (Can, Option<String>) {
    if matches!(principal, Principal::Orphan(_)) {
        return (Can::Never, Some("the role or user was deleted; IAM refuses to save the policy as it is".to_owned()));
    }
    if statement.effect == Effect::Deny {
        return by_statement(statement);
    }
    let may_be_denied = match deny_coverage(trust, statement, principal) {
        DenyCoverage::Certain(by) => return (Can::Never, Some(format!("{} denies it", trust.name_of(by)))),
        DenyCoverage::Possible => true,
        DenyCoverage::None => false,
    };
    match by_statement(statement).0 {
        Can::Always if may_be_denied => (Can::Conditionally, Some("a deny statement may apply".to_owned())),
        can => (can, None),
    }
}

fn by_statement(statement: &Statement) -> (Can, Option<String>) {
    match (statement.effect, statement.condition.is_empty()) {
        (Effect::Deny, true) => (Can::Never, None),
        (Effect::Allow, true) => (Can::Always, None),
        (_, false) => (Can::Conditionally, None),
    }
}

enum DenyCoverage {
    None,
    Possible,
    Certain(usize),
}

/// Which statement denies a principal the actions that another statement allows.
fn deny_coverage(trust: &Document, allowed: &Statement, principal: &Principal) -> DenyCoverage {
    let context = RequestContext::default();
    if allowed.actions.cover_assume_role()
        && let Some(caller) = Caller::from_principal(principal)
    {
        return match can_assume(trust, &caller, &context) {
            Verdict::Denied(by) => DenyCoverage::Certain(by),
            Verdict::Depends(_) => DenyCoverage::Possible,
            Verdict::Allowed(_) | Verdict::NotAllowed => DenyCoverage::None,
        };
    }
    let actions: Vec<_> = ASSUME_ACTIONS.into_iter().filter(|action| allowed.actions.cover(action)).collect();
    let mut found = DenyCoverage::None;
    for (index, deny) in trust.statements().iter().enumerate().filter(|(_, s)| s.effect == Effect::Deny) {
        if !actions.iter().any(|action| deny.actions.cover(action)) {
            continue;
        }
        let is_complete = deny.condition.is_empty() && actions.iter().all(|action| deny.actions.cover(action));
        match deny.covers(principal) {
            true if is_complete => return DenyCoverage::Certain(index),
            // Some of the principals that `*` covers may be denied.
            covers if covers || *principal == Principal::Anyone => found = DenyCoverage::Possible,
            _ => {}
        }
    }
    found
}

fn shown(condition: &Condition, external_ids: ExternalIdDisplay) -> Vec<ConditionDisplay> {
    let show = |clause: &ConditionClause| {
        let is_secret = clause.is_external_id() && external_ids == ExternalIdDisplay::Hidden;
        let values = if is_secret { vec!["(hidden)".to_owned()] } else { clause.values.clone() };
        ConditionDisplay { operator: clause.operator.clone(), key: clause.key.clone(), values }
    };
    condition.clauses().iter().map(show).collect()
}

fn kind(principal: &Principal) -> PrincipalKind {
    match principal {
        Principal::Anyone => PrincipalKind::Anyone,
        Principal::Account(_) => PrincipalKind::Account,
        Principal::Arn(_) => PrincipalKind::Identity,
        Principal::Orphan(_) => PrincipalKind::Deleted,
        Principal::Service(_) => PrincipalKind::Service,
        Principal::Federated(_) => PrincipalKind::Federated,
        Principal::CanonicalUser(_) => PrincipalKind::CanonicalUser,
        Principal::Unknown(..) => PrincipalKind::Unknown,
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
