//! Explains a trust policy: for each principal of each statement, whether it can assume the role, and under which
//! conditions. For `onboard policy explain`.

use serde::Serialize;

use super::condition_text::{ConditionDisplay, ExternalIdDisplay, shown};
use super::document::{Document, Effect, Principals, Statement, principal_in};
use super::granted::Grant;
use super::principal::Principal;
use super::principal_form::PrincipalForm;
use super::reach::{self, ASSUME_ACTIONS, Can, PASSING_ACTIONS};
use super::refusals::principal_forms;
use super::trust::{GrantEdit, TrustEdit};
use crate::account::Partition;

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
    /// A role or user by its unique ID: one that was deleted, if IAM returned the policy.
    UniqueId,
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

/// Explains a trust policy, statement by statement.
#[must_use]
pub fn explain(trust: &Document, external_ids: ExternalIdDisplay) -> Vec<PrincipalAccess> {
    let trust = &in_its_partition(trust);
    let mut entries = Vec::new();
    for (index, statement) in trust.statements().iter().enumerate() {
        let actions = explained_actions(statement);
        if actions.is_empty() {
            continue;
        }
        let name = trust.name_of(index);
        let conditions = shown(&statement.condition, external_ids);
        let access = |principal: String, kind, (can, why), actions: &[&str]| PrincipalAccess {
            statement: name.clone(),
            principal,
            kind,
            effect: statement.effect,
            can,
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            conditions: conditions.clone(),
            why,
        };
        match (&statement.principals, statement.effect) {
            (Principals::Absent, _) => {}
            (Principals::Only(all), Effect::Allow) => {
                let forms = principal_forms(trust, index);
                entries.extend(all.iter().zip(forms).map(|(principal, form)| {
                    let usable = reach::usable_actions(statement, principal);
                    let actions = if usable.is_empty() { &actions } else { &usable };
                    let answer = match form {
                        PrincipalForm::Accepted => reach::of_principal(trust, statement, principal),
                        PrincipalForm::Refused(cause) => (Can::Never, Some(not_accepted(&cause))),
                        PrincipalForm::Unknown => {
                            (Can::Conditionally, Some("this kind of principal is not known".to_owned()))
                        }
                    };
                    access(principal.to_string(), kind(principal), answer, actions)
                }));
            }
            (Principals::Only(all), Effect::Deny) => {
                let forms = principal_forms(trust, index);
                entries.extend(all.iter().zip(forms).map(|(principal, form)| {
                    let answer = match form {
                        PrincipalForm::Refused(cause) => (Can::Conditionally, Some(not_accepted(&cause))),
                        _ => reach::of_denial(statement),
                    };
                    access(principal.to_string(), kind(principal), answer, &actions)
                }));
            }
            (Principals::AllBut(all), effect) => {
                let answer = match effect {
                    Effect::Allow => reach::of_others(trust, statement),
                    Effect::Deny => reach::of_denial(statement),
                };
                entries.push(access(everyone_except(all), PrincipalKind::Others, answer, &actions));
            }
        }
    }
    entries
}

fn not_accepted(cause: &str) -> String {
    format!("IAM does not accept this principal: {cause}")
}

/// Why the principal of a grant can never assume the role by the statement that an edit of a trust policy made for it, or
/// found: what [`explain`] says about it in the edited policy. `None` if it can.
///
/// The role is in the partition of the principals that the policy had before. If they are of several partitions, or of none,
/// it is in the one of the grant.
#[must_use]
pub fn without_effect(before: &Document, edit: &TrustEdit, grant: &Grant, partition: &Partition) -> Option<String> {
    let partitions = before.partitions();
    let home = partitions.first().filter(|_| !partitions.contains(partition)).unwrap_or(partition);
    let trust = edit.document.in_partition(home);
    let principal = principal_in("AWS", &grant.principal.to_policy(partition), Some(home));
    let (GrantEdit::Present(index) | GrantEdit::Joined(index) | GrantEdit::Added(index)) = edit.grants.first()?;
    match reach::of_principal(&trust, trust.statements().get(*index)?, &principal) {
        (Can::Never, why) => why,
        _ => None,
    }
}

/// The document in the partition of its principals, or `aws` if they differ, so that an account of another partition is
/// shown as its ARN and is not taken for the same.
fn in_its_partition(trust: &Document) -> Document {
    trust.partitions().first().map_or_else(|| trust.clone(), |partition| trust.in_partition(partition))
}

/// The actions by which a role is assumed; of a deny statement without any, those that deny a part of the requests.
fn explained_actions(statement: &Statement) -> Vec<&'static str> {
    let covered = |action: &&str| statement.actions.cover(action);
    let assuming: Vec<_> = ASSUME_ACTIONS.into_iter().filter(covered).collect();
    if assuming.is_empty() && statement.effect == Effect::Deny {
        return PASSING_ACTIONS.into_iter().map(|(action, _)| action).filter(covered).collect();
    }
    assuming
}

fn everyone_except(exempt: &[Principal]) -> String {
    if exempt.is_empty() {
        return "everyone (`NotPrincipal` is empty)".to_owned();
    }
    let exempt: Vec<_> = exempt.iter().map(ToString::to_string).collect();
    format!("everyone except {}", exempt.join(", "))
}

/// The kind of a principal.
pub(super) fn kind(principal: &Principal) -> PrincipalKind {
    match principal {
        Principal::Anyone => PrincipalKind::Anyone,
        Principal::Account(_) => PrincipalKind::Account,
        Principal::Arn(_) | Principal::Foreign(_) => PrincipalKind::Identity,
        Principal::Orphan(_) => PrincipalKind::UniqueId,
        Principal::Service(_) => PrincipalKind::Service,
        Principal::Federated(_) => PrincipalKind::Federated,
        Principal::CanonicalUser(_) => PrincipalKind::CanonicalUser,
        Principal::Unknown(..) => PrincipalKind::Unknown,
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
