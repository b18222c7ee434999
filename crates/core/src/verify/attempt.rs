//! The attempts: a pure function of the configuration, what was observed, and the caller.
//!
//! For each role that exists, the caller is evaluated against two trust policies. The *configured* one says what must happen: a role
//! that this tool manages trusts exactly its configured principals, so everybody else must be refused. The access role may also
//! trust others, which this tool leaves alone; it is tried only by callers of an account that is granted access to it, and what
//! the grants do not allow must be refused. The *observed* trust policy says what the evaluation expects, which is shown next to the
//! result. Where a condition cannot be decided here (a source IP, an organization ID), the attempt is made and either result is right.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::ATTEMPT_SESSION;
use super::caller::VerifyCaller;
use super::external_id::ExternalIds;
use crate::account::Partition;
use crate::blueprint::Blueprint;
use crate::observed::Observed;
use crate::policy::{Document, Grant, KnownRequest, MfaContext, Principal, Verdict, mentions_mfa, verdict_on_request};
use crate::role::RoleName;

/// One attempt to assume a role.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The role.
    pub role: RoleName,
    /// Its ARN.
    pub role_arn: String,
    /// The external ID that is presented.
    pub external_id: PresentedId,
    /// Whether the session of the caller has MFA; `None` if that makes no difference for this role.
    pub mfa: Option<bool>,
    /// What the configuration demands.
    pub expected: Expected,
    /// What the trust policy in the account says.
    pub evaluated: Evaluated,
}

/// The external ID that an attempt presents. It is never printed.
#[derive(Debug, Clone)]
pub enum PresentedId {
    /// None, and the role needs none.
    NotNeeded,
    /// None, although the role needs one.
    Missing,
    /// A configured one: the value, its number, and how many there are.
    Right(SecretString, usize, usize),
    /// Another one.
    Wrong(SecretString),
}

/// What must come of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The role is assumed.
    Assumed,
    /// STS refuses.
    Refused,
    /// Either: it depends on conditions that are not known here.
    Either,
}

/// What the trust policy that was read in the account says about an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evaluated {
    /// It allows it.
    Can,
    /// It denies it, or does not allow it.
    Denied,
    /// It depends on conditions that are not known here.
    Depends,
    /// The policy is not supported.
    Unknown,
}

/// A role, or a way to assume it, that is not tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTried {
    /// The role.
    pub role: RoleName,
    /// The reason.
    pub reason: NotTriedReason,
}

/// Why something is not tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTriedReason {
    /// The role does not exist yet.
    NoRole,
    /// The role cannot be read.
    UnreadableRole,
    /// The configured trust policy cannot be built.
    Unsupported,
    /// The configuration grants the caller's account no access to the access role.
    NotGranted,
    /// The role requires MFA, and no device is known.
    NoMfaDevice,
    /// The role requires MFA, which only an IAM user with access keys can present.
    MfaNotPossible,
}

/// The attempts, and the roles without one.
#[derive(Debug, Clone, Default)]
pub struct Attempts {
    /// The attempts, the access role first.
    pub attempts: Vec<Attempt>,
    /// The roles that are not tried.
    pub not_tried: Vec<NotTried>,
}

impl Attempts {
    /// Whether an attempt needs an MFA code.
    #[must_use]
    pub fn need_mfa(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.mfa == Some(true))
    }
}

impl Attempt {
    /// The external ID to send.
    #[must_use]
    pub fn external_id(&self) -> Option<&SecretString> {
        match &self.external_id {
            PresentedId::NotNeeded | PresentedId::Missing => None,
            PresentedId::Right(id, ..) | PresentedId::Wrong(id) => Some(id),
        }
    }

    /// What the caller presents, such as `with MFA and its external ID`; empty if nothing of this matters.
    #[must_use]
    pub fn how(&self) -> String {
        let mfa = self.mfa.map(|mfa| if mfa { "with MFA" } else { "without MFA" }.to_owned());
        let id = match &self.external_id {
            PresentedId::NotNeeded => None,
            PresentedId::Missing => Some("without an external ID".to_owned()),
            PresentedId::Right(_, _, 1) => Some("with its external ID".to_owned()),
            PresentedId::Right(_, number, count) => Some(format!("with its external ID {number} of {count}")),
            PresentedId::Wrong(_) => Some("with another external ID".to_owned()),
        };
        mfa.into_iter().chain(id).collect::<Vec<_>>().join(" and ")
    }
}

impl NotTriedReason {
    /// Whether the user has to do something before it can be tried with this caller.
    #[must_use]
    pub(super) fn needs_action(self) -> bool {
        self == Self::NoMfaDevice
    }
}

impl fmt::Display for NotTriedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRole => "the role does not exist yet",
            Self::UnreadableRole => "the role cannot be read",
            Self::Unsupported => "its configured trust policy cannot be evaluated",
            Self::NotGranted => "the configuration grants the caller's account no access to it",
            Self::NoMfaDevice => {
                "it requires MFA; pass the ARN of the MFA device as `--mfa`, or set `mfa_serial` in the profile"
            }
            Self::MfaNotPossible => "it requires MFA, which only an IAM user with access keys can present",
        })
    }
}

/// A role to be tried.
struct Target<'a> {
    name: &'a RoleName,
    arn: String,
    configured: Document,
    observed: Option<&'a Document>,
    external_ids: ExternalIds,
}

/// What this caller tries. `has_mfa_device` says whether a code can be asked for.
#[must_use]
pub fn attempts(blueprint: &Blueprint, observed: &Observed, caller: &VerifyCaller, has_mfa_device: bool) -> Attempts {
    let mut all = Attempts::default();
    let account = &blueprint.account;
    let arns = caller.iam_arns(&configured_arns(blueprint, &observed.access_role));
    let tries = Tries { caller, arns: &arns, partition: &account.partition, has_mfa_device };
    let skip = |role: &RoleName, reason| NotTried { role: role.clone(), reason };

    let access_role = &observed.access_role;
    let grants = blueprint.grants_on(access_role);
    let is_granted = grants.iter().any(|grant| grant.principal.account().as_ref() == Some(caller.account()));
    match trust_of(&grants, &account.partition) {
        _ if !is_granted => all.not_tried.push(skip(access_role, NotTriedReason::NotGranted)),
        None => all.not_tried.push(skip(access_role, NotTriedReason::Unsupported)),
        Some(configured) => tries.add(
            &mut all,
            &Target {
                name: access_role,
                arn: access_role.arn(&account.partition, &account.id, "/"),
                configured,
                observed: observed.access_trust.as_ref().ok(),
                external_ids: ExternalIds::of_grants(grants.iter()),
            },
        ),
    }
    for spec in &blueprint.roles {
        let Some(role) = observed.roles.get(spec.name()) else {
            let is_unreadable = observed.unreadable.contains_key(spec.name());
            let reason = if is_unreadable { NotTriedReason::UnreadableRole } else { NotTriedReason::NoRole };
            all.not_tried.push(skip(spec.name(), reason));
            continue;
        };
        tries.add(
            &mut all,
            &Target {
                name: spec.name(),
                arn: spec.name().arn(&account.partition, &account.id, &role.settings.path),
                configured: spec.trust.clone(),
                observed: role.trust.as_ref().ok(),
                external_ids: ExternalIds::of_grants(spec.trusted.iter()),
            },
        );
    }
    all
}

/// The ARNs of roles and users that the configuration names: as principals, or in conditions on `aws:PrincipalArn`.
fn configured_arns(blueprint: &Blueprint, access_role: &RoleName) -> Vec<String> {
    let grants = blueprint.grants_on(access_role);
    let all = grants.iter().chain(blueprint.roles.iter().flat_map(|spec| &spec.trusted));
    let arns = all.flat_map(|grant| {
        let principal = match &grant.principal {
            Principal::Arn(arn) => Some(arn.clone()),
            _ => None,
        };
        let clauses = grant.condition.clauses().iter();
        let clauses = clauses.filter(|clause| clause.key.eq_ignore_ascii_case("aws:PrincipalArn"));
        principal.into_iter().chain(clauses.flat_map(|clause| clause.values.clone()))
    });
    arns.collect()
}

/// A trust policy with exactly these grants.
fn trust_of(grants: &[Grant], partition: &Partition) -> Option<Document> {
    let statement = |grant: &Grant| Value::Object(grant.to_statement(partition));
    Document::from_statements(grants.iter().map(statement).collect()).ok()
}

/// What all attempts have in common.
struct Tries<'a> {
    caller: &'a VerifyCaller,
    arns: &'a [String],
    partition: &'a Partition,
    has_mfa_device: bool,
}

impl Tries<'_> {
    /// Adds the attempts for a role. Whether MFA matters is decided with the right external ID, and the wrong ones are tried with
    /// the MFA context that comes nearest to getting in, so that only the external ID can be what is refused.
    fn add(&self, all: &mut Attempts, target: &Target<'_>) {
        let skip = |reason| NotTried { role: target.name.clone(), reason };
        let count = target.external_ids.right.len();
        let right: Vec<_> = match count {
            0 => vec![PresentedId::NotNeeded],
            _ => {
                (1..).zip(&target.external_ids.right).map(|(n, id)| PresentedId::Right(id.clone(), n, count)).collect()
            }
        };
        let plain = self.caller.mfa();
        // A condition on the age of MFA is not evaluated, so that it makes no difference here.
        let mfa_matters = mentions_mfa(&target.configured)
            || right.iter().any(|id| {
                let differs = |trust: &Document| {
                    expected(&self.verdict(trust, id, plain)) != expected(&self.verdict(trust, id, MfaContext::Present))
                };
                differs(&target.configured) || target.observed.is_some_and(differs)
            });
        let can_present = mfa_matters && self.caller.can_use_mfa();
        let gets_in = |id: &PresentedId, context| self.expected(target, id, context) != Expected::Refused;
        let needs_mfa = right.iter().any(|id| !gets_in(id, plain) && gets_in(id, MfaContext::Present));
        if needs_mfa && !(can_present && self.has_mfa_device) {
            let reason = if can_present { NotTriedReason::NoMfaDevice } else { NotTriedReason::MfaNotPossible };
            all.not_tried.push(skip(reason));
        }
        let with_mfa = can_present && self.has_mfa_device;
        let stated = |present| (mfa_matters && plain != MfaContext::Unknown).then_some(present);
        for id in &right {
            if with_mfa {
                all.attempts.push(self.attempt(target, id, stated(true), MfaContext::Present));
            }
            all.attempts.push(self.attempt(target, id, stated(false), plain));
        }
        if count == 0 {
            return;
        }
        let (present, context) = if with_mfa { (true, MfaContext::Present) } else { (false, plain) };
        let mut others = vec![PresentedId::Missing];
        if right.iter().any(|id| gets_in(id, context)) {
            others.extend(target.external_ids.wrong.clone().map(PresentedId::Wrong));
        }
        all.attempts.extend(others.iter().map(|id| self.attempt(target, id, stated(present), context)));
    }

    fn attempt(&self, target: &Target<'_>, id: &PresentedId, mfa: Option<bool>, context: MfaContext) -> Attempt {
        let evaluated = match target.observed.map(|trust| self.verdict(trust, id, context)) {
            None => Evaluated::Unknown,
            Some(Verdict::Allowed(_)) => Evaluated::Can,
            Some(Verdict::Depends(_)) => Evaluated::Depends,
            Some(Verdict::Denied(_) | Verdict::NotAllowed) => Evaluated::Denied,
        };
        Attempt {
            role: target.name.clone(),
            role_arn: target.arn.clone(),
            external_id: id.clone(),
            mfa,
            expected: self.expected(target, id, context),
            evaluated,
        }
    }

    /// What the configuration demands. A unique ID in it (`AROA…`) may be that of the caller, whose ID is not known.
    fn expected(&self, target: &Target<'_>, id: &PresentedId, context: MfaContext) -> Expected {
        match expected(&self.verdict(&target.configured, id, context)) {
            Expected::Refused if target.configured.orphans().next().is_some() => Expected::Either,
            expected => expected,
        }
    }

    fn verdict(&self, trust: &Document, id: &PresentedId, mfa: MfaContext) -> Verdict {
        let external_id = match id {
            PresentedId::NotNeeded | PresentedId::Missing => None,
            PresentedId::Right(id, ..) | PresentedId::Wrong(id) => Some(id.expose_secret()),
        };
        let account = self.caller.account();
        let request = KnownRequest { account, arns: self.arns, external_id, mfa, session_name: ATTEMPT_SESSION };
        verdict_on_request(trust, &request, self.partition)
    }
}

fn expected(verdict: &Verdict) -> Expected {
    match verdict {
        Verdict::Allowed(_) => Expected::Assumed,
        Verdict::Depends(_) => Expected::Either,
        Verdict::Denied(_) | Verdict::NotAllowed => Expected::Refused,
    }
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
