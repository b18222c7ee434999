//! The proof: who can enter, by evaluating the trust policies that are really there.

use serde::Serialize;

use crate::blueprint::{Blueprint, RegistrationSpec, RoleSpec, TrustedPrincipal};
use crate::observed::Observed;
use crate::policy::{
    Caller, Condition, Document, Grant, RequestContext, Verdict, can_anybody_assume, can_assume, can_other_assume,
};
use crate::role::RoleName;

/// One sentence about access, and whether it is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The role.
    pub role: RoleName,
    /// Who.
    pub who: String,
    /// `can` or `cannot` enter; `registered` where a vendor has to know the account.
    pub expected: &'static str,
    /// Whether the policies that are there say so.
    pub holds: bool,
    /// The whole sentence, as `Trelica, with its external ID: can enter`.
    pub sentence: String,
}

/// Proves a blueprint against what is there: each grant can enter, each vendor can with its external id, and cannot
/// without it or with another, and has registered the account where it is to.
#[must_use]
pub fn proofs(blueprint: &Blueprint, observed: &Observed) -> Vec<Proof> {
    let mut proofs = Vec::new();
    for grant in &blueprint.grants {
        let trust = observed.access_trust.as_ref().ok();
        let who = grant.principal.to_string();
        proofs.push(prove(&observed.access_role, trust, grant, &who, "", Case::Right));
    }
    for spec in &blueprint.roles {
        let trust = observed.roles.get(&spec.name).and_then(|role| role.trust.as_ref().ok());
        for trusted in &spec.trusted {
            proofs.extend(prove_trusted(spec, trust, trusted));
        }
        proofs.extend(spec.registration.as_ref().map(|registration| prove_registered(spec, registration, observed)));
    }
    proofs
}

fn prove_registered(spec: &RoleSpec, registration: &RegistrationSpec, observed: &Observed) -> Proof {
    let arn = &registration.entry.role_arn;
    let known = observed.registered.get(&spec.name).and_then(|known| known.as_ref().ok());
    let holds = known.is_some_and(|known| known.iter().any(|one| one.role_arn.as_ref() == Some(arn)));
    let says = match known {
        Some(_) if holds => "has the account registered, by this role",
        Some(_) => "has not registered the account by this role",
        None => "does not say whether it has the account registered",
    };
    let (role, who) = (spec.name.clone(), spec.title.clone());
    Proof { role, sentence: format!("{who} {says}"), who, expected: "registered", holds }
}

/// What a caller gives as external id.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Right,
    None,
    Wrong,
}

fn prove_trusted(spec: &RoleSpec, trust: Option<&Document>, trusted: &TrustedPrincipal) -> Vec<Proof> {
    let vendor = spec.owner.starts_with("vendor/");
    let who = if vendor { spec.title.clone() } else { trusted.grant.principal.to_string() };
    let prove = |how: &str, case| prove(&spec.name, trust, &trusted.grant, &who, how, case);
    match trusted.external_id {
        None => vec![prove("", Case::Right)],
        Some(_) => vec![
            prove(", with its external ID", Case::Right),
            prove(", without it", Case::None),
            prove(", with another", Case::Wrong),
        ],
    }
}

fn prove(role: &RoleName, trust: Option<&Document>, grant: &Grant, who: &str, how: &str, case: Case) -> Proof {
    let verdict = trust.map(|trust| verdict(trust, grant, case));
    let wants = case == Case::Right;
    let can = verdict.as_ref().is_some_and(Verdict::can);
    let depends = matches!(verdict, Some(Verdict::Depends(_)));
    let sentence = match (can, depends) {
        (true, true) => format!("{who}{how}: can enter, under further conditions"),
        (true, false) => format!("{who}{how}: can enter{}", when(&grant.condition)),
        (false, _) => format!("{who}{how}: cannot enter"),
    };
    let expected = if wants { "can" } else { "cannot" };
    Proof { role: role.clone(), who: who.to_owned(), expected, holds: verdict.is_some() && can == wants, sentence }
}

/// Whether a grant would be denied for certain by a trust policy, and by which statement.
pub(super) fn denied(trust: &Document, grant: &Grant) -> Option<usize> {
    match verdict(trust, grant, Case::Right) {
        Verdict::Denied(by) => Some(by),
        _ => None,
    }
}

fn verdict(trust: &Document, grant: &Grant, case: Case) -> Verdict {
    let mut facts = RequestContext::default();
    for test in grant.condition.clauses() {
        let value = test.values.first().map_or("", String::as_str);
        match (test.is_external_id(), case) {
            (true, Case::None) => facts = facts.without(&test.key),
            // `!` is in no external id, so this one is nobody's.
            (true, Case::Wrong) => facts = facts.with(&test.key, "!"),
            (true, Case::Right) => facts = facts.with(&test.key, value),
            (false, _) if test.is_positive() => facts = facts.with(&test.key, value),
            (false, _) => {}
        }
    }
    let Some(caller) = Caller::from_principal(&grant.principal) else {
        return can_other_assume(trust, &grant.principal, &facts);
    };
    // What every request of this caller has, whatever the grant's own condition says.
    facts = facts.with("aws:PrincipalAccount", caller.account.as_str());
    if let Some(arn) = &caller.arn {
        facts = facts.with("aws:PrincipalArn", arn);
    }
    match case {
        Case::Right => can_assume(trust, &caller, &facts),
        Case::None | Case::Wrong => can_anybody_assume(trust, &caller, &facts),
    }
}

/// The conditions that people should read beside "can enter"; the external id has its own words.
fn when(condition: &Condition) -> String {
    let keys: Vec<_> = condition.clauses().iter().filter(|t| !t.is_external_id()).collect();
    if keys.is_empty() {
        return String::new();
    }
    let tests: Vec<_> = keys.iter().map(|t| format!("{} {} {}", t.key, t.operator, t.values.join(" or "))).collect();
    format!(" when {}", tests.join(" and "))
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
