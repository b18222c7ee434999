//! Proofs: who can assume which role, found by evaluating the trust policies that exist in the account.
//!
//! Comparing policies shows that they have the configured text. It does not show that they have the intended effect: a
//! deny statement that someone else added to the access role can cancel a grant, and a second allow statement can make
//! the external ID optional. So after every run the trust policies that were read back are evaluated (see
//! [`crate::policy`]) for the callers that the configuration is about:
//!
//! - each grant on the access role: its principal can assume the role, with session tags or a source identity if the grant
//!   allows these;
//! - each principal that a role trusts: it can assume the role, with each of its external IDs if it has several. If an
//!   external ID is configured, it is denied without an external ID and with a wrong one, which is the protection against
//!   the confused deputy problem. For a pattern of external IDs, the proofs are about one that matches and one that does not;
//! - each registration: the vendor has registered the account with this role. When it last read the account is the vendor's
//!   statement, which the sentence quotes; whether that is recent is not a part of the proof (see [`crate::vendor_read`]).
//!
//! - each role that is removed: it does not exist; each principal that is revoked: no statement of the access role's trust policy
//!   allows it anything by name; each grant that is removed because its targets no longer select the account: no statement makes it.
//!
//! Proofs err on the side of caution. A caller that should be allowed has to be allowed by what is known about it. A
//! caller that should be denied is denied only if no role or user of its account could assume the role.
//!
//! Nothing is proven about a role until it exists. A plan therefore has two lists: the proofs of the current state, and those
//! of the state that [`super::predicted`] expects after the changes.

use serde::Serialize;

use crate::account::Partition;
use crate::blueprint::{Blueprint, EndedGrant, RegistrationSpec, RoleRemoval, RoleSpec};
use crate::config::RemovedRole;
use crate::observed::Observed;
pub(crate) use crate::policy::Presented;
use crate::policy::{
    Condition, ConditionClause, Document, Grant, Principal, Verdict, can_pass_nothing, grant_verdict, is_granted,
    is_named,
};
use crate::role::RoleName;
use crate::time::to_policy_date;

/// One statement about access, and whether it is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The role.
    pub role: RoleName,
    /// The account, role, user, service or vendor that the proof is about.
    pub who: String,
    /// `can` or `cannot` assume the role; `registered` for a vendor that has to register the account; `removed` for a role that
    /// must not exist, a principal that the trust policy must not name, or a grant that it must not contain.
    pub expected: &'static str,
    /// Whether the state is as expected; `None` if it is not known, because the role does not exist yet or its trust policy
    /// could not be evaluated.
    pub holds: Option<bool>,
    /// The current state as a sentence, such as `Trelica, with its external ID: can assume the role`.
    pub sentence: String,
    /// What the caller presents and which further conditions it meets, such as `with its external ID`; for texts that
    /// summarize several proofs.
    #[serde(skip)]
    pub(crate) subject: ProofSubject,
}

impl Proof {
    /// Whether the state is known, and as expected.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.holds == Some(true)
    }
}

/// What a proof is about, apart from the role and the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProofSubject {
    /// The caller assumes the role under these conditions (empty, or ` when …`).
    Access { presented: Presented, conditions: String },
    /// The vendor has registered the account.
    Registration,
    /// The role no longer exists, or the principal can no longer assume it.
    Removal,
}

/// Checks a blueprint against the current state of an account. See the module documentation for what is checked.
#[must_use]
pub fn proofs(blueprint: &Blueprint, observed: &Observed) -> Vec<Proof> {
    let partition = &blueprint.account.partition;
    let mut proofs = Vec::new();
    for grant in &blueprint.grants_on(&observed.access_role) {
        let trust = observed.access_trust.as_ref().map_err(|_| UNSUPPORTED);
        let who = grant.principal.to_string();
        for (how, presented) in accepted(&grant.condition) {
            let how = if presented == Presented::Configured { "" } else { &how };
            proofs.push(prove(&observed.access_role, trust, partition, grant, &who, how, presented));
        }
    }
    proofs.extend(prove_ended(blueprint, observed));
    let unselected = blueprint.unselected_grants_to_remove(&observed.access_role);
    proofs.extend(unselected.iter().map(|grant| prove_unselected(grant, partition, observed)));
    proofs.extend(blueprint.revoked.iter().map(|principal| prove_revoked(principal, partition, observed)));
    for spec in &blueprint.roles {
        let trust = current_trust(spec, observed);
        for trusted in &spec.trusted {
            proofs.extend(prove_trusted(spec, trust, partition, trusted));
        }
        proofs.extend(spec.registration.as_ref().map(|registration| prove_registered(spec, registration, observed)));
    }
    proofs.extend(blueprint.removed.iter().map(|removal| prove_removed(removal, observed)));
    proofs
}

/// Why there is no trust policy to evaluate, as it ends a sentence.
type Unknown = &'static str;

/// The expectation of a role that is removed, and of a principal that is revoked or loses a grant.
const REMOVED: &str = "removed";

const MISSING: Unknown = "role does not exist yet";
const UNREADABLE: Unknown = "unknown, the role cannot be read";
const UNSUPPORTED: Unknown = "unknown, the trust policy is not supported";

fn current_trust<'a>(spec: &RoleSpec, observed: &'a Observed) -> Result<&'a Document, Unknown> {
    match observed.roles.get(spec.name()) {
        Some(role) => role.trust.as_ref().map_err(|_| UNSUPPORTED),
        None if observed.unreadable.contains_key(spec.name()) => Err(UNREADABLE),
        None => Err(MISSING),
    }
}

/// A principal whose grant has ended cannot assume the role, unless another configured grant covers it.
fn prove_ended(blueprint: &Blueprint, observed: &Observed) -> Vec<Proof> {
    let role = &observed.access_role;
    let partition = &blueprint.account.partition;
    let live = blueprint.grants_on(role);
    let is_covered = |ended: &Grant| {
        let account = ended.principal.account().map(Principal::Account);
        live.iter().any(|grant| grant.principal == ended.principal || Some(&grant.principal) == account.as_ref())
    };
    let proof = |ended: &EndedGrant| {
        let grant = &ended.grant;
        let can = observed.access_trust.as_ref().map(|trust| can_assume_by(trust, grant, partition));
        let state = match can {
            Ok(false) => format!("cannot assume the role: the grant ended on {}", ended.until),
            Ok(true) => format!("can still assume the role, and the grant ended on {}", ended.until),
            Err(_) => UNSUPPORTED.to_owned(),
        };
        removal_proof(observed, &grant.principal, "cannot", &state, can.ok().map(|can| !can))
    };
    blueprint.ended_on(role).filter(|ended| !is_covered(&ended.grant)).map(proof).collect()
}

/// A grant whose targets no longer select the account is not in the trust policy. Other statements that allow its principal were
/// not made for it: they are named, and the proof holds.
fn prove_unselected(grant: &Grant, partition: &Partition, observed: &Observed) -> Proof {
    let trust = observed.access_trust.as_ref();
    let is_made = trust.map(|trust| is_granted(trust, grant, partition));
    let state = match is_made {
        Ok(false) if trust.is_ok_and(|trust| can_assume_by(trust, grant, partition)) => {
            "the grant that is not for this account is removed, and another statement allows the principal to assume the role"
        }
        Ok(false) => "the grant that is not for this account is removed",
        Ok(true) => "the grant that is not for this account is still in the trust policy",
        Err(_) => UNSUPPORTED,
    };
    removal_proof(observed, &grant.principal, REMOVED, state, is_made.ok().map(|is_made| !is_made))
}

fn prove_revoked(principal: &Principal, partition: &Partition, observed: &Observed) -> Proof {
    let named = observed.access_trust.as_ref().map(|trust| is_named(trust, principal, partition));
    let state = match named {
        Ok(false) => "not named by the trust policy",
        Ok(true) => "still named by the trust policy",
        Err(_) => UNSUPPORTED,
    };
    removal_proof(observed, principal, REMOVED, state, named.ok().map(|named| !named))
}

/// Whether the principal of a grant can assume the role with what the grant's condition accepts.
fn can_assume_by(trust: &Document, grant: &Grant, partition: &Partition) -> bool {
    let mut presented = accepted(&grant.condition).into_iter().map(|(_, presented)| presented);
    presented.any(|presented| grant_verdict(trust, grant, presented, partition).can())
}

/// A proof about a principal of the access role that loses access.
fn removal_proof(
    observed: &Observed,
    principal: &Principal,
    expected: &'static str,
    state: &str,
    holds: Option<bool>,
) -> Proof {
    Proof {
        role: observed.access_role.clone(),
        who: principal.to_string(),
        expected,
        holds,
        sentence: format!("{principal}: {state}"),
        subject: ProofSubject::Removal,
    }
}

fn prove_removed(removal: &RoleRemoval, observed: &Observed) -> Proof {
    let RemovedRole { name, title, .. } = &removal.role;
    let holds = match observed.unreadable.contains_key(name) {
        true => None,
        false => Some(!observed.roles.contains_key(name)),
    };
    let state = match holds {
        Some(true) => "does not exist",
        Some(false) => "still exists",
        None => "cannot be read",
    };
    let sentence = format!("{title}: the role {state}");
    Proof { role: name.clone(), who: title.clone(), expected: REMOVED, holds, sentence, subject: ProofSubject::Removal }
}

fn prove_registered(spec: &RoleSpec, desired: &RegistrationSpec, observed: &Observed) -> Proof {
    let existing = observed.registrations.get(spec.name()).and_then(|existing| existing.as_ref().ok());
    let ours = existing.map(|all| all.iter().find(|one| desired.has_role(one)));
    let holds = ours.map(|ours| ours.is_some());
    let last_read = ours.flatten().and_then(|ours| ours.last_read);
    let read = match last_read.and_then(to_policy_date) {
        Some(time) => format!(" and reports that it last read the account at {time}"),
        None => " and has not read the account yet".to_owned(),
    };
    let state = match holds {
        Some(true) => format!("has registered the account with this role{read}"),
        Some(false) => "has not registered the account with this role".to_owned(),
        None => "did not report whether it has registered the account".to_owned(),
    };
    let role = spec.name().clone();
    let who = spec.definition.title.clone();
    let sentence = format!("{who} {state}");
    Proof { role, who, expected: "registered", holds, sentence, subject: ProofSubject::Registration }
}

fn prove_trusted(
    spec: &RoleSpec,
    trust: Result<&Document, Unknown>,
    partition: &Partition,
    trusted: &Grant,
) -> Vec<Proof> {
    let who =
        if spec.definition.owner.is_vendor() { spec.definition.title.clone() } else { trusted.principal.to_string() };
    let prove = |how: &str, presented| prove(spec.name(), trust, partition, trusted, &who, how, presented);
    let mut proofs: Vec<_> =
        accepted(&trusted.condition).iter().map(|(how, presented)| prove(how, *presented)).collect();
    if trusted.condition.clauses().iter().any(ConditionClause::is_external_id) {
        proofs.push(prove(", without an external ID", Presented::None));
        proofs.push(prove(", with a wrong external ID", Presented::Wrong));
    }
    proofs
}

/// Everything that a caller may present to meet a condition, each with a phrase for it.
fn accepted(condition: &Condition) -> Vec<(String, Presented)> {
    let Some(clause) = condition.clauses().iter().find(|clause| clause.is_external_id()) else {
        return vec![(String::new(), Presented::Configured)];
    };
    let nth =
        |index| (format!(", with its external ID {} of {}", index + 1, clause.values.len()), Presented::Nth(index));
    match clause.values.len() {
        _ if clause.is_pattern() => {
            vec![(", with an external ID that matches its pattern".to_owned(), Presented::Matching)]
        }
        0 | 1 => vec![(", with its external ID".to_owned(), Presented::Configured)],
        count => (0..count).map(nth).collect(),
    }
}

fn prove(
    role: &RoleName,
    trust: Result<&Document, Unknown>,
    partition: &Partition,
    grant: &Grant,
    who: &str,
    how: &str,
    presented: Presented,
) -> Proof {
    let expects_access = presented.is_right();
    let verdict = trust.map(|trust| grant_verdict(trust, grant, presented, partition));
    let conditions = format!("{}{}", grant.actions.passed(), conditions(&grant.condition));
    let state = match &verdict {
        Err(unknown) => (*unknown).to_owned(),
        Ok(Verdict::Depends(_)) => "can assume the role if further conditions are met".to_owned(),
        Ok(verdict) if verdict.can() => format!("can assume the role{conditions}"),
        Ok(_) if expects_access && trust.is_ok_and(|trust| can_pass_nothing(trust, grant, presented, partition)) => {
            format!("can assume the role, but not{conditions}")
        }
        Ok(_) => "denied".to_owned(),
    };
    Proof {
        role: role.clone(),
        who: who.to_owned(),
        expected: if expects_access { "can" } else { "cannot" },
        holds: verdict.as_ref().ok().map(|verdict| verdict.can() == expects_access),
        sentence: format!("{who}{how}: {state}"),
        subject: ProofSubject::Access { presented, conditions },
    }
}

/// The conditions of a grant for a sentence, except the external ID, which the sentence already mentions.
fn conditions(condition: &Condition) -> String {
    let clauses: Vec<_> = condition.clauses().iter().filter(|clause| !clause.is_external_id()).collect();
    if clauses.is_empty() {
        return String::new();
    }
    let clauses: Vec<_> = clauses
        .iter()
        .map(|clause| format!("{} {} {}", clause.key, clause.operator, clause.values.join(" or ")))
        .collect();
    format!(" when {}", clauses.join(" and "))
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
