//! Who makes the attempts: the identity that `sts:GetCallerIdentity` names.
//!
//! STS names a role session without the path of its role: `arn:aws:sts::222233334444:assumed-role/platform-engineer/ann`. Policies
//! compare the ARN of the role, with its path. Names of roles are unique in an account, so a configured ARN of that account and name
//! is the caller's. A role that IAM Identity Center made is known by its name. Its path has the region of IAM Identity Center, or none
//! in `us-east-1`; which of them is not known here.

use std::fmt;

use crate::account::{AccountId, Partition};
use crate::policy::MfaContext;
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

    /// The ARN that policies compare, or those that it may be. `configured` are the ARNs that the configuration names.
    pub(super) fn iam_arns(&self, configured: &[String]) -> Vec<String> {
        let Kind::RoleSession(name) = &self.kind else { return vec![self.arn.clone()] };
        let Self { partition, account, .. } = self;
        let role = format!("arn:{partition}:iam::{account}:role/");
        let is_own = |arn: &&String| {
            let path_and_name = arn.strip_prefix(&role).filter(|rest| !rest.contains(['*', '?', '$']));
            path_and_name.and_then(|rest| rest.rsplit('/').next()).is_some_and(|last| last == name)
        };
        match configured.iter().find(is_own) {
            Some(arn) => vec![arn.clone()],
            None if name.starts_with(PERMISSION_SET) => {
                let regions = configured.iter().filter_map(|arn| region_in(arn));
                let paths = [String::new(), format!("{ANY_REGION}/")].into_iter().chain(regions);
                paths.map(|region| format!("{role}{RESERVED}{region}{name}")).collect()
            }
            None => vec![format!("{role}{name}")],
        }
    }
}

/// What the names of the roles of permission sets start with.
const PERMISSION_SET: &str = "AWSReservedSSO_";

/// The path in which only IAM Identity Center can create roles, without the region.
///
/// See <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>.
const RESERVED: &str = "aws-reserved/sso.amazonaws.com/";

/// Some region, which policies match with a wildcard.
const ANY_REGION: &str = "eu-central-1";

/// The region, with a slash, that an ARN of a permission set's role names.
fn region_in(arn: &str) -> Option<String> {
    let (region, _) = arn.split_once(RESERVED)?.1.split_once('/')?;
    let is_region = region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    is_region.then(|| format!("{region}/"))
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
        let arns = |session: &str, configured: &[&str]| {
            let arn = format!("arn:aws:sts::222233334444:assumed-role/{session}");
            let configured: Vec<_> = configured.iter().map(|arn| (*arn).to_owned()).collect();
            caller(&arn, KeyKind::Temporary).iam_arns(&configured)
        };
        let role = |path: &str| format!("arn:aws:iam::222233334444:role{path}");
        assert_eq!(arns("admin/ann", &[]), [role("/admin")]);
        let others = ["arn:aws:iam::222233334444:role/team/other-admin", "arn:aws:iam::333344445555:role/team/admin"];
        assert_eq!(arns("admin/ann", &others), [role("/admin")]);
        assert_eq!(arns("admin/ann", &["arn:aws:iam::222233334444:role/*/admin"]), [role("/admin")], "a pattern");
        assert_eq!(arns("admin/ann", &["arn:aws:iam::222233334444:role/team/admin"]), [role("/team/admin")]);
        let sso = "AWSReservedSSO_Admin_0123456789abcdef";
        let reserved = "/aws-reserved/sso.amazonaws.com/";
        let expected = ["", "eu-central-1/"].map(|region| role(&format!("{reserved}{region}{sso}")));
        assert_eq!(arns(&format!("{sso}/ann"), &[&role(&format!("{reserved}*{sso}"))]), expected);
        let with_region = role(&format!("{reserved}eu-west-1/AWSReservedSSO_Admin_*"));
        assert_eq!(
            arns(&format!("{sso}/ann"), &[&with_region]).last(),
            Some(&role(&format!("{reserved}eu-west-1/{sso}")))
        );
    }
}
