//! Whether a principal that an allow statement names can assume the role in fact: each kind of principal can use certain
//! actions only, and deny statements may cover the principal, a part of what it stands for, or a part of its requests.

use serde::Serialize;

use super::context::RequestContext;
use super::document::{Document, Effect, Principals, Statement};
use super::evaluate::{Caller, Verdict, applies, can_assume};
use super::granted::identified;
use super::principal::Principal;
use super::truth::Truth;
use crate::account::Partition;
use crate::suggestion::{list_of, plain_list_of};
use crate::text::Untrusted;

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

/// The actions by which a role is assumed.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html>.
pub(super) const ASSUME_ACTIONS: [&str; 3] =
    ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// The actions that STS authorizes in addition, by the same trust policy, if a caller passes something, and what it passes.
/// If one of them is denied, so is the whole request.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required>.
pub(super) const PASSING_ACTIONS: [(&str, &str); 2] =
    [("sts:TagSession", "session tags"), ("sts:SetSourceIdentity", "a source identity")];

/// An answer, with the reason where it is not obvious.
type Answer = (Can, Option<String>);

/// The actions by which a principal of this kind can assume a role, of those that a statement allows.
pub(super) fn usable_actions(statement: &Statement, principal: &Principal) -> Vec<&'static str> {
    let own = own_actions(principal);
    own.iter().copied().filter(|action| statement.actions.cover(action)).collect()
}

/// The actions by which a principal of this kind can assume a role.
fn own_actions(principal: &Principal) -> &'static [&'static str] {
    match principal {
        Principal::Account(_)
        | Principal::Arn(_)
        | Principal::Foreign(_)
        | Principal::Orphan(_)
        | Principal::Service(_) => &["sts:AssumeRole"],
        Principal::Federated(provider) if provider.contains(":saml-provider/") => &["sts:AssumeRoleWithSAML"],
        Principal::Federated(_) => &["sts:AssumeRoleWithWebIdentity"],
        Principal::Anyone | Principal::CanonicalUser(_) | Principal::Unknown(..) => &ASSUME_ACTIONS,
    }
}

/// Whether a principal that an allow statement names can assume the role.
pub(super) fn of_principal(trust: &Document, statement: &Statement, principal: &Principal) -> Answer {
    let actions = usable_actions(statement, principal);
    if actions.is_empty() {
        let own = plain_list_of(own_actions(principal).iter().copied());
        return (Can::Never, Some(format!("this kind of principal assumes roles by {own} only")));
    }
    match principal {
        Principal::Orphan(_) => {
            let why = "only if the role or user still exists; in a policy that IAM returned, it was deleted";
            return conditionally(vec![why.to_owned()]);
        }
        Principal::CanonicalUser(_) => return never("a canonical user is a principal of Amazon S3 only"),
        Principal::Foreign(_) => {
            return never("it is in another partition than the other principals, and access does not cross partitions");
        }
        Principal::Unknown(..) => return conditionally(vec!["this kind of principal is not known".to_owned()]),
        _ => {}
    }
    let partition = only_partition(trust);
    let context = context(principal, partition.as_ref());
    if actions.contains(&"sts:AssumeRole") && applies(statement, principal, &context) == Truth::No {
        return never("its requests do not meet the condition");
    }
    let mut reasons = Vec::new();
    match deny_coverage(trust, &actions, principal, &context) {
        DenyCoverage::Certain(by) => return (Can::Never, Some(format!("{} denies it", trust.name_of(by)))),
        DenyCoverage::Possible(by) => reasons.push(format!("{} may deny it", trust.name_of(by))),
        DenyCoverage::None => {}
    }
    reasons.extend(denied_parts(trust, &actions, principal, partition.as_ref()));
    reasons.extend(denied_requests(trust, statement, principal));
    reasons.extend(not_understood(statement));
    combined(statement, reasons)
}

/// Whether everyone who is not exempted by the `NotPrincipal` of an allow statement can assume the role.
pub(super) fn of_others(trust: &Document, statement: &Statement) -> Answer {
    let actions: Vec<_> = ASSUME_ACTIONS.into_iter().filter(|action| statement.actions.cover(action)).collect();
    let mut reasons = Vec::new();
    match deny_coverage(trust, &actions, &Principal::Anyone, &RequestContext::default()) {
        DenyCoverage::Certain(by) => return (Can::Never, Some(format!("{} denies it", trust.name_of(by)))),
        DenyCoverage::Possible(by) => reasons.push(format!("{} may deny it", trust.name_of(by))),
        DenyCoverage::None => {}
    }
    reasons.extend(denied_requests(trust, statement, &Principal::Anyone));
    reasons.extend(not_understood(statement));
    combined(statement, reasons)
}

/// Whether a deny statement applies: `never` if it always does.
pub(super) fn of_denial(statement: &Statement) -> Answer {
    match not_understood(statement) {
        Some(why) => conditionally(vec![why]),
        None if statement.condition.is_empty() => (Can::Never, None),
        None => (Can::Conditionally, None),
    }
}

fn combined(statement: &Statement, reasons: Vec<String>) -> Answer {
    match (statement.condition.is_empty(), reasons.is_empty()) {
        (true, true) => (Can::Always, None),
        (false, true) => (Can::Conditionally, None),
        (_, false) => conditionally(reasons),
    }
}

fn never(why: &str) -> Answer {
    (Can::Never, Some(why.to_owned()))
}

fn conditionally(reasons: Vec<String>) -> Answer {
    (Can::Conditionally, Some(reasons.join("; ")))
}

fn not_understood(statement: &Statement) -> Option<String> {
    (!statement.is_trust_statement()).then(|| {
        let elements: Vec<_> = statement.foreign_elements.iter().map(|key| Untrusted::new(key).to_string()).collect();
        let elements = list_of(elements.iter().map(String::as_str));
        format!("the statement has {elements}, which a trust policy does not have")
    })
}

/// The condition keys that are known of every request of a principal.
fn context(principal: &Principal, partition: Option<&Partition>) -> RequestContext {
    identified(RequestContext::default(), principal, partition.map_or("*", Partition::as_str))
}

/// The partition of the principals, if they agree.
fn only_partition(trust: &Document) -> Option<Partition> {
    let all = trust.partitions();
    if all.len() == 1 { all.into_iter().next() } else { None }
}

enum DenyCoverage {
    None,
    Possible(usize),
    Certain(usize),
}

/// Which statement denies a principal the actions that another statement allows.
fn deny_coverage(trust: &Document, actions: &[&str], principal: &Principal, context: &RequestContext) -> DenyCoverage {
    if actions == ["sts:AssumeRole"]
        && let Some(caller) = Caller::from_principal(principal)
    {
        let may_deny = |statement: &Statement| {
            // A part of the principal is named by `denied_parts`.
            statement.effect == Effect::Deny
                && applies(statement, principal, context) != Truth::No
                && statement.parts_of(principal, None).is_empty()
        };
        return match can_assume(trust, &caller, context) {
            Verdict::Denied(by) => DenyCoverage::Certain(by),
            Verdict::Depends(_) => match trust.statements().iter().position(may_deny) {
                Some(by) => DenyCoverage::Possible(by),
                None => DenyCoverage::None,
            },
            _ => DenyCoverage::None,
        };
    }
    let mut found = DenyCoverage::None;
    for (index, deny) in denials(trust) {
        if !actions.iter().any(|action| deny.actions.cover(action)) {
            continue;
        }
        let exempts_some = *principal == Principal::Anyone
            && matches!(&deny.principals, Principals::AllBut(exempt) if !exempt.is_empty());
        let is_complete = deny.condition.is_empty()
            && !exempts_some
            && deny.is_trust_statement()
            && actions.iter().all(|action| deny.actions.cover(action));
        match deny.covers(principal) {
            true if is_complete => return DenyCoverage::Certain(index),
            // Some of the principals that `*` covers may be denied.
            covers if covers || *principal == Principal::Anyone => {
                if matches!(found, DenyCoverage::None) {
                    found = DenyCoverage::Possible(index);
                }
            }
            _ => {}
        }
    }
    found
}

fn denials(trust: &Document) -> impl Iterator<Item = (usize, &Statement)> {
    trust.statements().iter().enumerate().filter(|(_, statement)| statement.effect == Effect::Deny)
}

/// The roles and users of an account, or the sessions of a role, that are denied what the principal is allowed.
fn denied_parts(
    trust: &Document,
    actions: &[&str],
    principal: &Principal,
    partition: Option<&Partition>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (index, deny) in denials(trust) {
        let parts = deny.parts_of(principal, partition);
        if actions.iter().any(|action| deny.actions.cover(action)) && !parts.is_empty() {
            let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
            let parts = plain_list_of(parts.iter().map(String::as_str));
            found.push(format!("{} {} {parts}", trust.name_of(index), verb(deny)));
        }
    }
    found
}

fn verb(deny: &Statement) -> &'static str {
    if deny.condition.is_empty() { "denies" } else { "may deny" }
}

/// The requests that are denied, although the role can be assumed without what they pass.
fn denied_requests(trust: &Document, allowed: &Statement, principal: &Principal) -> Vec<String> {
    let mut found = Vec::new();
    for (index, deny) in denials(trust) {
        let about = *principal == Principal::Anyone || deny.covers(principal);
        let is_general = ASSUME_ACTIONS.into_iter().any(|a| allowed.actions.cover(a) && deny.actions.cover(a));
        if !about || is_general {
            continue;
        }
        let passed: Vec<_> = PASSING_ACTIONS
            .into_iter()
            .filter(|(action, _)| deny.actions.cover(action))
            .map(|(_, what)| what)
            .collect();
        if !passed.is_empty() {
            let passed = plain_list_of(passed).replace(" and ", " or ");
            found.push(format!("{} {} requests with {passed}", trust.name_of(index), verb(deny)));
        }
    }
    found
}
