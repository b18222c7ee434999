//! Which policy denied a call, according to the error message.
//!
//! The phrases are those of "Access denied error message examples":
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.
//! The ARN after them: <https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns>.

use std::fmt;

/// Why a call was denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The denied action, such as `iam:CreateRole`, if the message contains it.
    pub action: Option<String>,
    /// The kind of policy that denied it.
    pub by: DeniedBy,
    /// Whether a statement denies the action explicitly; otherwise no statement allows it.
    pub explicit: bool,
    /// The ARN of the policy, if the message contains it.
    pub policy: Option<String>,
}

/// The kind of policy that denied a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeniedBy {
    /// A service control policy (SCP), which limits the roles and users of an account.
    ServiceControlPolicy,
    /// A resource control policy (RCP), which limits the access of any caller to the resources of an account.
    ResourceControlPolicy,
    /// The permissions boundary of the caller.
    PermissionsBoundary,
    /// The session policy of the caller.
    SessionPolicy,
    /// An identity-based policy of the caller.
    IdentityPolicy,
    /// A resource-based policy.
    ResourcePolicy,
    /// The trust policy of the role to be assumed.
    TrustPolicy,
    /// Another kind, such as a VPC endpoint policy.
    Other,
    /// The message does not say.
    Unknown,
}

/// The names of the kinds in messages. AWS's page also has `sessions policy`.
const KINDS: [(&str, DeniedBy); 8] = [
    ("service control policy", DeniedBy::ServiceControlPolicy),
    ("resource control policy", DeniedBy::ResourceControlPolicy),
    ("permissions boundary", DeniedBy::PermissionsBoundary),
    ("session policy", DeniedBy::SessionPolicy),
    ("sessions policy", DeniedBy::SessionPolicy),
    ("identity-based policy", DeniedBy::IdentityPolicy),
    ("resource-based policy", DeniedBy::ResourcePolicy),
    ("role trust policy", DeniedBy::TrustPolicy),
];

impl Denial {
    /// Parses a message. An unknown message is not an error; it yields [`DeniedBy::Unknown`].
    #[must_use]
    pub(crate) fn read(message: &str) -> Self {
        let action = message.split_once("not authorized to perform: ").and_then(|(_, rest)| action(rest));
        let denies = message.split_once("with an explicit deny in ").map(|(_, rest)| {
            let article = ["a ", "an ", "the "].iter().find_map(|article| rest.strip_prefix(article));
            article.unwrap_or(rest)
        });
        let allows = message.split_once("because no ").map(|(_, rest)| rest);
        let explicit = denies.is_some();
        let Some(reason) = denies.or(allows) else {
            return Self { action, by: DeniedBy::Unknown, explicit, policy: None };
        };
        let kind = KINDS.iter().find_map(|(name, by)| Some((*by, reason.strip_prefix(name)?)));
        let (by, rest) = kind.unwrap_or((DeniedBy::Other, ""));
        let policy = rest.strip_prefix(": ").filter(|_| explicit).and_then(arn);
        Self { action, by, explicit, policy }
    }

    /// Whether a control policy of the organization denied the call.
    #[must_use]
    pub fn is_by_control_policy(&self) -> bool {
        matches!(self.by, DeniedBy::ServiceControlPolicy | DeniedBy::ResourceControlPolicy)
    }

    /// Whether a policy of the caller denied the call that exists on purpose: a permissions boundary, or a statement that
    /// denies. In a new account the policies that allow may not be in effect yet.
    #[must_use]
    pub(crate) fn is_permanent(&self) -> bool {
        self.by == DeniedBy::PermissionsBoundary || (self.by == DeniedBy::IdentityPolicy && self.explicit)
    }

    /// Whether a policy of the caller denied the call, so that the target makes no difference.
    #[must_use]
    pub fn is_by_the_caller(&self) -> bool {
        matches!(self.by, DeniedBy::IdentityPolicy | DeniedBy::PermissionsBoundary | DeniedBy::SessionPolicy)
    }
}

/// A sentence such as ``a service control policy denies `iam:CreateRole` ``.
impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.explicit {
            f.write_str(if self.by == DeniedBy::IdentityPolicy { "an " } else { "a " })?;
            "denies"
        } else {
            f.write_str("no ")?;
            "allows"
        };
        f.write_str(KINDS.iter().find(|(_, by)| *by == self.by).map_or("policy", |(name, _)| name))?;
        if let Some(arn) = &self.policy {
            write!(f, " (`{arn}`)")?;
        }
        write!(f, " {verb} `{}`", self.action.as_deref().unwrap_or("the call"))
    }
}

/// An action (`service:Name`) at the start of a string, with allowed characters and of plausible length only.
fn action(text: &str) -> Option<String> {
    let word = text.split_whitespace().next()?.trim_end_matches(['.', ',']);
    let (service, name) = word.split_once(':')?;
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (word.len() <= 128 && plain(service) && plain(name)).then(|| word.to_owned())
}

/// An ARN at the start of a string.
fn arn(text: &str) -> Option<String> {
    let word = text.split_whitespace().next()?.trim_end_matches(['.', ',', '"']);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b":/_+=,.@-".contains(&b);
    (word.starts_with("arn:") && word.len() <= 256 && word.bytes().all(plain)).then(|| word.to_owned())
}

#[cfg(test)]
#[path = "denial_tests.rs"]
mod tests;
