//! Who outside the organization can assume a role, according to its trust policy.
//!
//! A principal is outside if its account is not one of the organization's. `*` and `NotPrincipal` stand for every account, so
//! what counts is whether a stranger can meet the conditions. This is decided by evaluation (see the `evaluate` module) and
//! not by the look of a condition: the policy is asked about requests of an account outside the organization, once as a
//! standalone account and once as a member of each other organization, such as
//!
//! | Request | `StringEquals aws:PrincipalOrgID o-own` | `StringEqualsIfExists aws:PrincipalOrgID o-own` |
//! |---|---|---|
//! | of a standalone account: the key is absent | does not match | **matches** |
//! | of a member of another organization | does not match | does not match |
//!
//! so that the first condition keeps strangers out and the second does not. The same holds for the external ID (without one,
//! and with an arbitrary one) and for MFA. A condition that depends on anything else, such as an IP address, leaves the answer
//! at [`Can::Conditionally`]: it counts as access.
//!
//! Deny statements are part of the evaluation. Service control policies, resource control policies and the policies of the
//! caller's own account are not: they may deny more.

use std::collections::BTreeSet;

use super::assume_action::AssumeAction;
use super::condition_text::{ConditionDisplay, ExternalIdDisplay, shown};
use super::context::RequestContext;
use super::document::{Document, Effect, Principals, Statement};
use super::evaluate::applies;
use super::explain::{PrincipalKind, kind};
use super::granted::identified;
use super::principal::Principal;
use super::reach::Can;
use super::truth::Truth;
use crate::account::{AccountId, Partition};
use crate::suggestion::plain_list_of;

/// The organization from whose point of view principals are outside.
#[derive(Debug, Clone)]
pub struct OwnOrganization {
    /// Its ID, such as `o-exampleorgid`. Without it, conditions on the organization of the caller are not decided.
    pub id: Option<String>,
    /// The IDs of all of its accounts, the management account included.
    pub accounts: BTreeSet<AccountId>,
    /// Its partition.
    pub partition: Partition,
}

/// Whether the principal has to pass an external ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExternalIdCheck {
    /// It can assume the role without one.
    NotRequired,
    /// It has to pass one, and any will do.
    AnyAccepted,
    /// It has to pass the right one, or one of a certain pattern.
    Required,
}

/// What one statement gives to one principal outside the organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideAccess {
    /// The name of the statement.
    pub statement: String,
    /// The principal; of a `NotPrincipal`, anyone.
    pub principal: Principal,
    /// Its kind.
    pub kind: PrincipalKind,
    /// Whether it can assume the role.
    pub can: Can,
    /// Whether it has to pass an external ID.
    pub external_id: ExternalIdCheck,
    /// Whether it must have used MFA.
    pub requires_mfa: bool,
    /// The conditions of the statement. External IDs are hidden.
    pub conditions: Vec<ConditionDisplay>,
    /// The reason, where it is not obvious.
    pub why: Option<String>,
}

/// The keys of a request that an AWS service makes on behalf of a resource. Requests of accounts, roles and users do not have
/// them.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcearn>.
const SERVICE_KEYS: [&str; 6] = [
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
];
const ORGANIZATION: &str = "aws:PrincipalOrgID";
const PATHS: &str = "aws:PrincipalOrgPaths";
const ACCOUNT: &str = "aws:PrincipalAccount";
const ARN: &str = "aws:PrincipalArn";
const EXTERNAL_ID: &str = "sts:ExternalId";
const MFA: &str = "aws:MultiFactorAuthPresent";
const MFA_AGE: &str = "aws:MultiFactorAuthAge";

/// The most organizations and accounts of a policy's conditions that are tried. A trust policy of 4,096 characters names fewer.
const MOST_TRIED: usize = 512;

/// What a trust policy gives to principals outside the organization: one entry for each principal of each allow statement.
/// Principals of the organization and AWS services have none. Identity providers are left out as well: see
/// [`super::provider_access`].
#[must_use]
pub fn outside_access(trust: &Document, own: &OwnOrganization) -> Vec<OutsideAccess> {
    let trust = &trust.in_partition(&own.partition);
    let question = Question { trust, own };
    let mut found = Vec::new();
    for (index, statement) in trust.statements().iter().enumerate().filter(|(_, one)| one.effect == Effect::Allow) {
        match &statement.principals {
            Principals::Absent => {}
            Principals::Only(all) => {
                let each = all.iter().flat_map(|principal| question.about(index, statement, principal));
                found.extend(each);
            }
            Principals::AllBut(exempt) => {
                let exempt: Vec<_> = exempt.iter().map(ToString::to_string).collect();
                let except = plain_list_of(exempt.iter().map(String::as_str));
                let why = match exempt.is_empty() {
                    true => "`NotPrincipal` is empty".to_owned(),
                    false => format!("`NotPrincipal` allows everyone except {except}"),
                };
                found.extend(question.about_anyone(index, statement, PrincipalKind::Others, Some(why)));
            }
        }
    }
    found
}

struct Question<'a> {
    trust: &'a Document,
    own: &'a OwnOrganization,
}

/// A request of a stranger: who it is, and what is known about the request.
struct Stranger<'a> {
    principal: &'a Principal,
    contexts: Vec<RequestContext>,
}

impl Question<'_> {
    fn about(&self, index: usize, statement: &Statement, principal: &Principal) -> Vec<OutsideAccess> {
        let never = |why: &str| vec![self.entry(index, statement, principal, Can::Never, Some(why.to_owned()))];
        let unclear =
            |why: &str| vec![self.entry(index, statement, principal, Can::Conditionally, Some(why.to_owned()))];
        match principal {
            Principal::Service(_) | Principal::Federated(_) => Vec::new(),
            Principal::Anyone => self.about_anyone(index, statement, PrincipalKind::Anyone, None),
            Principal::Account(_) | Principal::Arn(_) => match principal.account() {
                Some(account) if self.own.accounts.contains(&account) => Vec::new(),
                Some(_) => vec![self.about_stranger(index, statement, principal)],
                None => unclear("its account cannot be read from the ARN"),
            },
            Principal::Orphan(_) => never("the role or user was deleted, so that the ID matches no caller"),
            Principal::Foreign(_) => never("it is in another partition, and access does not cross partitions"),
            Principal::CanonicalUser(_) => never("a canonical user is a principal of Amazon S3 only"),
            Principal::Unknown(..) => unclear("this kind of principal is not known"),
        }
    }

    /// About `*` and `NotPrincipal`: about an account that the policy does not name, and about each account outside the
    /// organization that it names, if that can do more.
    fn about_anyone(
        &self,
        index: usize,
        statement: &Statement,
        kind: PrincipalKind,
        why: Option<String>,
    ) -> Vec<OutsideAccess> {
        let named = self.named_accounts();
        let anyone = |can, checks: Checks, why: Option<String>| {
            let entry = self.entry(index, statement, &Principal::Anyone, can, why);
            OutsideAccess { kind, external_id: checks.external_id, requires_mfa: checks.requires_mfa, ..entry }
        };
        let Some(unnamed) = self.unnamed_account(&named.ids).map(Principal::Account) else {
            return vec![anyone(Can::Conditionally, Checks::NONE, why)];
        };
        let mut contexts = vec![self.contexts(&unnamed)];
        if named.are_patterns {
            // An account whose number matches a pattern: nothing is known about the number.
            contexts.push(self.organizations(RequestContext::default()));
        }
        let mut found = None;
        for contexts in contexts {
            let stranger = Stranger { principal: &unnamed, contexts };
            let can = self.best(index, statement, &stranger, |context| context);
            if can != Can::Never && found.is_none() {
                found = Some(anyone(can, self.checks(index, statement, &stranger), why.clone()));
            }
        }
        if found.is_none() && self.allows_tokens(index) {
            let why = "by the token of any identity provider that AWS accepts in this account".to_owned();
            found = Some(anyone(Can::Conditionally, Checks::NONE, Some(why)));
        }
        // Accounts that other statements or conditions name may be able to do more than anyone.
        let outside = named.ids.into_iter().filter(|id| !self.own.accounts.contains(id)).map(Principal::Account);
        let entries = outside.map(|principal| self.about_stranger(index, statement, &principal));
        let can_more = |entry: &OutsideAccess| {
            let exceeds = |anyone: &OutsideAccess| {
                (entry.can == Can::Always && anyone.can != Can::Always)
                    || entry.external_id < anyone.external_id
                    || (anyone.requires_mfa && !entry.requires_mfa)
            };
            entry.can != Can::Never && found.as_ref().is_none_or(exceeds)
        };
        let by_name = "the principal is `*`, and other accounts are limited more than this one";
        let with_reason = |entry| OutsideAccess { why: Some(by_name.to_owned()), ..entry };
        let named: Vec<_> = entries.filter(can_more).map(with_reason).collect();
        found.into_iter().chain(named).collect()
    }

    fn about_stranger(&self, index: usize, statement: &Statement, principal: &Principal) -> OutsideAccess {
        let stranger = Stranger { principal, contexts: self.contexts(principal) };
        let can = self.best(index, statement, &stranger, |context| context);
        let why = (can == Can::Never).then(|| self.why_never(index, statement, &stranger));
        let entry = self.entry(index, statement, principal, can, why);
        if can == Can::Never {
            return entry;
        }
        let Checks { external_id, requires_mfa } = self.checks(index, statement, &stranger);
        OutsideAccess { external_id, requires_mfa, ..entry }
    }

    fn why_never(&self, index: usize, statement: &Statement, stranger: &Stranger<'_>) -> String {
        if !statement.actions.cover("sts:AssumeRole") {
            return "the statement does not allow `sts:AssumeRole`".to_owned();
        }
        let denies = |other: &Statement| {
            let denied = |context| applies(other, stranger.principal, context) == Truth::Yes;
            other.effect == Effect::Deny && stranger.contexts.iter().any(denied)
        };
        match self.trust.statements().iter().position(denies) {
            Some(by) => format!("{} denies it", self.trust.name_of(by)),
            None => format!("no request outside the organization meets the condition of {}", self.trust.name_of(index)),
        }
    }

    /// The checks that a stranger has to pass to assume the role.
    fn checks(&self, index: usize, statement: &Statement, stranger: &Stranger<'_>) -> Checks {
        let can = |change: &dyn Fn(RequestContext) -> RequestContext| {
            self.best(index, statement, stranger, change) != Can::Never
        };
        let arbitrary = || self.arbitrary_ids().into_iter().any(|id| can(&|context| context.with(EXTERNAL_ID, &id)));
        let external_id = if can(&|context| context.without(EXTERNAL_ID)) {
            ExternalIdCheck::NotRequired
        } else if arbitrary() {
            ExternalIdCheck::AnyAccepted
        } else {
            ExternalIdCheck::Required
        };
        let without_mfa = can(&|context| context.without(MFA).without(MFA_AGE))
            || can(&|context| context.with(MFA, "false").without(MFA_AGE));
        Checks { external_id, requires_mfa: !without_mfa }
    }

    /// The best that a stranger can do in any of its contexts.
    fn best(
        &self,
        index: usize,
        statement: &Statement,
        stranger: &Stranger<'_>,
        change: impl Fn(RequestContext) -> RequestContext,
    ) -> Can {
        let mut best = Can::Never;
        for context in &stranger.contexts {
            let context = change(context.clone());
            match self.with(index, statement, stranger.principal, &context) {
                Can::Always => return Can::Always,
                Can::Conditionally => best = Can::Conditionally,
                Can::Never => {}
            }
        }
        best
    }

    /// Whether a statement lets a principal assume the role, in this context.
    fn with(&self, index: usize, statement: &Statement, principal: &Principal, context: &RequestContext) -> Can {
        let allowed = applies(statement, principal, context);
        if allowed == Truth::No {
            return Can::Never;
        }
        let others = self.trust.statements().iter().enumerate();
        let denials = others.filter(|(other, one)| *other != index && one.effect == Effect::Deny);
        let denied = denials.map(|(_, one)| applies(one, principal, context)).fold(Truth::No, Truth::or);
        match (allowed, denied) {
            (_, Truth::Yes) => Can::Never,
            (Truth::Yes, Truth::No) => Can::Always,
            _ => Can::Conditionally,
        }
    }

    /// The context that every request of a principal outside the organization has.
    fn contexts(&self, principal: &Principal) -> Vec<RequestContext> {
        self.organizations(identified(RequestContext::default(), principal, self.own.partition.as_str()))
    }

    /// The context for a standalone account, and for a member of each organization that the policy names and of one that it
    /// does not.
    fn organizations(&self, context: RequestContext) -> Vec<RequestContext> {
        let context = SERVICE_KEYS.iter().fold(context, |context, key| context.without(key));
        let context = context.with("aws:PrincipalIsAWSService", "false");
        let Some(own) = &self.own.id else { return vec![context] };
        let mut others: BTreeSet<String> = [ORGANIZATION, PATHS].iter().flat_map(|key| self.values(key)).collect();
        // Of a pattern, an ID that it matches. No ID of an organization contains `!`.
        let id = |value: &String| value.split('/').next().unwrap_or_default().replace(['*', '?'], "!");
        others = others.iter().map(id).collect();
        others.retain(|id| id != own);
        others.insert("o-!".to_owned());
        let member = |id: String| context.clone().with(ORGANIZATION, &id).with_like(PATHS, &format!("{id}/*"));
        let standalone = context.clone().without(ORGANIZATION).without(PATHS);
        std::iter::once(standalone).chain(others.into_iter().take(MOST_TRIED).map(member)).collect()
    }

    /// External IDs that were not agreed on: one, and those that match a pattern of wildcards only.
    fn arbitrary_ids(&self) -> BTreeSet<String> {
        let patterns = self.values(EXTERNAL_ID).filter(|id| id.chars().all(|c| matches!(c, '*' | '?')));
        let ids = patterns.map(|pattern| pattern.replace(['*', '?'], "!"));
        ids.chain(["!".to_owned()]).take(MOST_TRIED).collect()
    }

    /// The accounts that the policy names, in principals and in conditions.
    fn named_accounts(&self) -> NamedAccounts {
        let mut named = NamedAccounts::default();
        let accounts = self.values(ACCOUNT);
        let of_arns = self.values(ARN).filter_map(|arn| arn.split(':').nth(4).map(str::to_owned));
        for text in accounts.chain(of_arns).take(MOST_TRIED) {
            match text.parse() {
                Ok(id) => _ = named.ids.insert(id),
                // `*` alone matches the account that is not named, too.
                Err(_) if text.chars().all(|c| c == '*') => {}
                Err(_) => named.are_patterns |= text.contains(['*', '?', '$']),
            }
        }
        let statements = self.trust.statements().iter();
        let principals = statements.flat_map(|statement| match &statement.principals {
            Principals::Absent => &[],
            Principals::Only(all) | Principals::AllBut(all) => all.as_slice(),
        });
        named.ids.extend(principals.filter_map(Principal::account));
        named
    }

    /// An account that is neither in the organization nor named in the policy.
    fn unnamed_account(&self, named: &BTreeSet<AccountId>) -> Option<AccountId> {
        let mut numbers = (0..1_000_000_000_000_u64).rev().filter_map(|number| format!("{number:012}").parse().ok());
        numbers.find(|id: &AccountId| !self.own.accounts.contains(id) && !named.contains(id))
    }

    /// Whether a statement for `*` accepts the token of an identity provider, whose requests have no AWS account.
    fn allows_tokens(&self, index: usize) -> bool {
        let context =
            [ORGANIZATION, PATHS, ACCOUNT, ARN].iter().fold(RequestContext::default(), |c, key| c.without(key));
        let context = SERVICE_KEYS.iter().fold(context, |context, key| context.without(key));
        [AssumeAction::AssumeRoleWithWebIdentity, AssumeAction::AssumeRoleWithSaml].into_iter().any(|action| {
            let trust = &self.trust.as_decided_for(action);
            let provider = Principal::Federated(String::new());
            let can = |statement| Question { trust, own: self.own }.with(index, statement, &provider, &context);
            trust.statements().get(index).is_some_and(|statement| can(statement) != Can::Never)
        })
    }

    /// The values of a condition key in the whole policy.
    fn values<'s>(&'s self, key: &'s str) -> impl Iterator<Item = String> + 's {
        let clauses = self.trust.statements().iter().flat_map(|statement| statement.condition.clauses());
        clauses.filter(|clause| clause.key.eq_ignore_ascii_case(key)).flat_map(|clause| clause.values.iter().cloned())
    }

    fn entry(
        &self,
        index: usize,
        statement: &Statement,
        principal: &Principal,
        can: Can,
        why: Option<String>,
    ) -> OutsideAccess {
        OutsideAccess {
            statement: self.trust.name_of(index),
            principal: principal.clone(),
            kind: kind(principal),
            can,
            external_id: ExternalIdCheck::NotRequired,
            requires_mfa: false,
            conditions: shown(&statement.condition, ExternalIdDisplay::Hidden),
            why,
        }
    }
}

struct Checks {
    external_id: ExternalIdCheck,
    requires_mfa: bool,
}

impl Checks {
    const NONE: Self = Self { external_id: ExternalIdCheck::NotRequired, requires_mfa: false };
}

#[derive(Default)]
struct NamedAccounts {
    ids: BTreeSet<AccountId>,
    /// Whether some of them are patterns.
    are_patterns: bool,
}

#[cfg(test)]
#[path = "outside_tests.rs"]
mod tests;
