//! The principals through which this tool assumes access roles, and whether a trust policy lets them.
//!
//! A trust policy may name roles of the management account one by one, instead of the account. If an edit removes the one through
//! which this tool acts, the management account still has access, but no run of this tool could repair the account. So every such
//! edit is evaluated for these principals, before and after.
//!
//! STS names a role session without the path of its role: `arn:aws:sts::111122223333:assumed-role/onboarding/session`. Names of roles
//! are unique in an account, so the ARN that a trust policy names for that account and name is the role's. If it names none, the path
//! is not known, and conditions on `aws:PrincipalArn` are undecided.
//!
//! Only a certain loss counts: what depends on facts that are not known here, such as a network, may still be allowed.

use std::collections::BTreeSet;
use std::fmt;

use crate::account::{AccountId, Partition};
use crate::management_role::ManagementRole;
use crate::policy::{Caller, Document, Principal, Principals, RequestContext, can_assume, is_session_of};

/// A role or user that assumes access roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    arn: String,
    account: AccountId,
    partition: Partition,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    /// A role, with its path.
    Role,
    /// The session of a role, without the path.
    RoleSession,
}

impl CallerIdentity {
    /// The identity with this ARN: that of a role, or as `sts:GetCallerIdentity` returns it. `None` if it is neither a role nor a
    /// user: others cannot assume roles.
    #[must_use]
    pub fn from_arn(arn: &str) -> Option<Self> {
        let account = AccountId::from_arn(arn)?;
        let partition = Partition::from_arn(arn).ok()?;
        let fields: Vec<_> = arn.splitn(6, ':').collect();
        let kind = match fields.as_slice() {
            [_, _, "iam", _, _, resource] if resource.starts_with("user/") => Kind::User,
            [_, _, "iam", _, _, resource] if resource.starts_with("role/") => Kind::Role,
            [_, _, "sts", _, _, resource] if resource.starts_with("assumed-role/") => Kind::RoleSession,
            _ => return None,
        };
        Some(Self { arn: arn.to_owned(), account, partition, kind })
    }

    /// Whether it can assume a role before an edit of the role's trust policy, and certainly cannot after it.
    pub(crate) fn loses_access(&self, before: &Document, after: &Document) -> bool {
        let named = self.named_in([before, after]);
        self.can_assume(before, &named) && !self.can_assume(after, &named)
    }

    /// Whether a trust policy may allow it to assume the role, without an external ID: access roles are assumed without one.
    fn can_assume(&self, trust: &Document, named: &[String]) -> bool {
        let context =
            RequestContext::default().with("aws:PrincipalAccount", self.account.as_str()).without("sts:ExternalId");
        // A role session has used no MFA: see `MfaContext`.
        let context = match self.kind {
            Kind::User => context,
            Kind::Role | Kind::RoleSession => {
                context.with("aws:MultiFactorAuthPresent", "false").without("aws:MultiFactorAuthAge")
            }
        };
        let trust = &trust.in_partition(&self.partition);
        let caller = |arn: &str| Caller { account: self.account.clone(), arn: Some(arn.to_owned()) };
        match named {
            [] => can_assume(trust, &caller(&self.arn), &context).can(),
            named => named.iter().any(|arn| {
                can_assume(trust, &caller(arn), &context.clone().with("aws:PrincipalArn", arn.as_str())).can()
            }),
        }
    }

    /// The ARN that policies compare: that of the role or user. For a session, those that the policies name; none if they name none.
    fn named_in(&self, policies: [&Document; 2]) -> Vec<String> {
        if self.kind != Kind::RoleSession {
            return vec![self.arn.clone()];
        }
        let statements = policies.iter().flat_map(|policy| policy.statements());
        let principals = statements.flat_map(|statement| match &statement.principals {
            Principals::Only(all) | Principals::AllBut(all) => all.as_slice(),
            Principals::Absent => &[],
        });
        let own = |principal: &Principal| match principal {
            Principal::Arn(arn) if is_session_of(&self.arn, arn) => Some(arn.clone()),
            _ => None,
        };
        principals.filter_map(own).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl fmt::Display for CallerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

/// The principals that must keep their access to the access roles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callers(Vec<CallerIdentity>);

impl Callers {
    /// The role of the management account that the configuration names, and whoever calls, as `sts:GetCallerIdentity` returned it. A
    /// caller in another account than that role's acts through the role, and assumes no access role itself.
    #[must_use]
    pub fn new(caller_arn: &str, management: Option<&ManagementRole>) -> Self {
        let role = management.and_then(|role| CallerIdentity::from_arn(&role.arn));
        let acts_itself = |caller: &CallerIdentity| role.as_ref().is_none_or(|role| role.account == caller.account);
        let caller = CallerIdentity::from_arn(caller_arn).filter(acts_itself);
        Self(role.iter().chain(&caller).cloned().collect())
    }

    /// The first of them that could no longer assume a role after an edit of the role's trust policy.
    #[must_use]
    pub(crate) fn first_to_lose_access(&self, before: &Document, after: &Document) -> Option<&CallerIdentity> {
        self.0.iter().find(|caller| caller.loses_access(before, after))
    }
}

#[cfg(test)]
#[path = "caller_identity_tests.rs"]
mod tests;
