//! Who makes the attempts: the identity that `sts:GetCallerIdentity` names.
//!
//! STS names a role session without the path of its role: `arn:aws:sts::222233334444:assumed-role/platform-engineer/ann`. Policies
//! compare the ARN of the role, with its path. Names of roles are unique in an account, so a configured ARN of that account and name
//! is the caller's. A role that IAM Identity Center made is known by its name, and its path starts with `/aws-reserved/`.

use std::fmt;

use crate::account::{AccountId, Partition};
use crate::policy::{CallerArn, MfaContext};
use crate::text::Untrusted;

/// The kind of the caller's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// The access keys of an IAM user.
    LongTerm,
    /// The credentials of a session.
    Temporary,
}

/// A role or user that makes attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyCaller {
    arn: String,
    account: AccountId,
    partition: Partition,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    User(KeyKind),
    /// The session of a role: its name.
    RoleSession(String),
}

/// The caller cannot assume roles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot assume roles; use the profile of an IAM user, or of a role, in the identity account")]
pub struct UnusableCaller(Untrusted);

impl VerifyCaller {
    /// The caller with this ARN, as `sts:GetCallerIdentity` returns it.
    ///
    /// # Errors
    /// When it is neither an IAM user nor the session of a role: the root user and federated users cannot assume roles.
    pub fn new(arn: &str, keys: KeyKind) -> Result<Self, UnusableCaller> {
        let unusable = || UnusableCaller(arn.into());
        let account = AccountId::from_arn(arn).ok_or_else(unusable)?;
        let partition = Partition::from_arn(arn).map_err(|_| unusable())?;
        let fields: Vec<_> = arn.splitn(6, ':').collect();
        let kind = match fields.as_slice() {
            [_, _, "iam", _, _, resource] if resource.starts_with("user/") => Kind::User(keys),
            [_, _, "sts", _, _, resource] => {
                let role = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next());
                Kind::RoleSession(role.filter(|name| !name.is_empty()).ok_or_else(unusable)?.to_owned())
            }
            _ => return Err(unusable()),
        };
        Ok(Self { arn: arn.to_owned(), account, partition, kind })
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The ARN, as `sts:GetCallerIdentity` returns it.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Whether the caller can present an MFA code: an IAM user with access keys. A role has no MFA device, and credentials of a
    /// session cannot be exchanged for others.
    #[must_use]
    pub fn can_use_mfa(&self) -> bool {
        self.kind == Kind::User(KeyKind::LongTerm)
    }

    /// The MFA context of its requests, if it presents no code.
    pub(super) fn mfa(&self) -> MfaContext {
        match self.kind {
            Kind::User(KeyKind::LongTerm) => MfaContext::Absent,
            // Whoever called GetSessionToken may have passed a code.
            Kind::User(KeyKind::Temporary) => MfaContext::Unknown,
            Kind::RoleSession(_) => MfaContext::False,
        }
    }

    /// The ARN that policies compare. `configured` are the ARNs that the configuration names.
    pub(super) fn iam_arn<'a>(&self, mut configured: impl Iterator<Item = &'a str>) -> CallerArn {
        let Kind::RoleSession(name) = &self.kind else { return CallerArn::Exactly(self.arn.clone()) };
        let Self { partition, account, .. } = self;
        let role = format!("arn:{partition}:iam::{account}:role/");
        let is_own = |arn: &&str| {
            let path_and_name = arn.strip_prefix(&role).filter(|rest| !rest.contains(['*', '?', '$']));
            path_and_name.and_then(|rest| rest.rsplit('/').next()).is_some_and(|last| last == name)
        };
        match configured.find(is_own) {
            Some(arn) => CallerArn::Exactly(arn.to_owned()),
            None if name.starts_with("AWSReservedSSO_") => {
                CallerArn::Like(format!("{role}aws-reserved/sso.amazonaws.com/*{name}"))
            }
            None => CallerArn::Exactly(format!("{role}{name}")),
        }
    }
}

impl fmt::Display for VerifyCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(arn: &str, keys: KeyKind) -> VerifyCaller {
        VerifyCaller::new(arn, keys).unwrap()
    }

    #[test]
    fn only_users_with_access_keys_can_present_a_code() {
        let user = "arn:aws:iam::222233334444:user/team/ann";
        let session = caller("arn:aws:sts::222233334444:assumed-role/admin/ann", KeyKind::Temporary);
        for (caller, can_use_mfa, mfa) in [
            (caller(user, KeyKind::LongTerm), true, MfaContext::Absent),
            (caller(user, KeyKind::Temporary), false, MfaContext::Unknown),
            (session, false, MfaContext::False),
        ] {
            assert_eq!((caller.can_use_mfa(), caller.mfa()), (can_use_mfa, mfa), "{caller}");
            assert_eq!(caller.account().as_str(), "222233334444");
        }
    }

    #[test]
    fn identities_that_cannot_assume_roles_are_refused() {
        for arn in [
            "arn:aws:iam::222233334444:root",
            "arn:aws:sts::222233334444:federated-user/ann",
            "arn:aws:sts::222233334444:assumed-role/",
            "arn:aws:iam::2222:user/ann",
            "nonsense",
        ] {
            assert!(VerifyCaller::new(arn, KeyKind::LongTerm).is_err(), "{arn}");
        }
    }

    #[test]
    fn role_of_a_session_is_known_with_its_path() {
        let arn = |session: &str, configured: &[&str]| {
            let arn = format!("arn:aws:sts::222233334444:assumed-role/{session}");
            caller(&arn, KeyKind::Temporary).iam_arn(configured.iter().copied())
        };
        let role = |path: &str| CallerArn::Exactly(format!("arn:aws:iam::222233334444:role{path}"));
        assert_eq!(arn("admin/ann", &[]), role("/admin"));
        let others = ["arn:aws:iam::222233334444:role/team/other-admin", "arn:aws:iam::333344445555:role/team/admin"];
        assert_eq!(arn("admin/ann", &others), role("/admin"));
        assert_eq!(arn("admin/ann", &["arn:aws:iam::222233334444:role/*/admin"]), role("/admin"), "a pattern");
        assert_eq!(arn("admin/ann", &["arn:aws:iam::222233334444:role/team/admin"]), role("/team/admin"));
        let sso = "arn:aws:iam::222233334444:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Admin_0123456789abcdef";
        assert_eq!(arn("AWSReservedSSO_Admin_0123456789abcdef/ann", &[]), CallerArn::Like(sso.to_owned()));
    }
}
