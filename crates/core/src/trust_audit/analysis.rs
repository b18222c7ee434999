//! The findings of one role.

use std::collections::BTreeSet;

use serde_json::json;

use super::finding::{FindingKind, RoleFinding, TrustSeverity, UnreadPolicy};
use crate::account::{Account, AccountId};
use crate::policy::{
    Can, Document, ExternalIdCheck, OutsideAccess, OwnOrganization, Principal, PrincipalKind, ProviderAccess,
    ProviderKind, SubjectCheck, external_ids, outside_access, provider_access,
};
use crate::redaction::SecretRedactor;
use crate::text::excerpt;

/// A role, as `iam:ListRoles` returns it. All of it is untrusted.
#[derive(Debug, Clone)]
pub struct ListedRole {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// The path.
    pub path: String,
    /// The text of the trust policy, decoded.
    pub trust: String,
}

/// The path of the roles of IAM Identity Center. No other principal can create roles below it.
///
/// See <https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html>.
const IDENTITY_CENTER: &str = "/aws-reserved/sso.amazonaws.com/";

/// How many texts of policies without findings are remembered. Most roles of an organization have one of a few policies, such
/// as that of a service.
const REMEMBERED: usize = 1_024;

/// The longest text of a principal or a statement in a finding, in characters. An ARN has up to 2,048.
const LONGEST: usize = 512;

/// The session policy for reading the trust policies of an account. `iam:ListRoles` can be allowed for all roles only.
///
/// See <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>.
#[must_use]
pub fn session_policy(account: &Account) -> String {
    let roles = format!("arn:{}:iam::{}:role/*", account.partition, account.id);
    let list = json!({"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"});
    let last_use = json!({"Effect": "Allow", "Action": "iam:GetRole", "Resource": roles});
    json!({"Version": "2012-10-17", "Statement": [list, last_use]}).to_string()
}

/// Finds who outside an organization can assume roles.
pub struct TrustAnalyzer {
    own: OwnOrganization,
    /// Policies without findings.
    remembered: BTreeSet<String>,
}

impl TrustAnalyzer {
    /// From the point of view of this organization.
    #[must_use]
    pub fn new(own: OwnOrganization) -> Self {
        Self { own, remembered: BTreeSet::new() }
    }

    /// The findings of a role.
    ///
    /// # Errors
    /// When its trust policy cannot be read.
    pub fn findings(&mut self, role: &ListedRole) -> Result<Vec<RoleFinding>, UnreadPolicy> {
        if self.remembered.contains(&role.trust) {
            return Ok(Vec::new());
        }
        let trust = Document::parse(&role.trust)
            .map_err(|error| UnreadPolicy { role_arn: excerpt(&role.arn, LONGEST), problem: error.to_string() })?;
        let secrets = external_ids(&trust);
        let hidden = Hidden(SecretRedactor::new(secrets.iter().map(String::as_str)));
        let providers = provider_access(&trust, &self.own.partition);
        let principals = outside_access(&trust, &self.own);
        if providers.is_empty() && principals.is_empty() && self.remembered.len() < REMEMBERED {
            self.remembered.insert(role.trust.clone());
        }
        let of_principals = principals.into_iter().map(|access| of_principal(role, access, &hidden));
        let listed = providers.into_iter().filter(|access| is_listed(role, access));
        let of_providers = listed.map(|access| of_provider(role, access, &hidden));
        Ok(of_principals.chain(of_providers).collect())
    }
}

/// Hides the external IDs of a policy, wherever else it repeats them.
struct Hidden(SecretRedactor);

impl Hidden {
    fn text(&self, text: impl ToString) -> String {
        let mut text = text.to_string();
        self.0.redact(&mut text);
        excerpt(&text, LONGEST)
    }

    fn conditions<T: ToString>(&self, conditions: &[T]) -> Vec<String> {
        conditions.iter().map(|condition| self.text(condition.to_string())).collect()
    }
}

fn of_principal(role: &ListedRole, access: OutsideAccess, hidden: &Hidden) -> RoleFinding {
    let (severity, message) = judged(&access);
    let can = access.can != Can::Never;
    let message = match &access.why {
        Some(why) => format!("{message}: {}", hidden.text(why)),
        None => message,
    };
    RoleFinding {
        kind: if can { FindingKind::Principal } else { FindingKind::NoAccess },
        principal: excerpt(&access.principal.to_string(), LONGEST),
        principal_account: account_of(&access.principal),
        role: excerpt(&role.name, LONGEST),
        role_arn: excerpt(&role.arn, LONGEST),
        statement: hidden.text(&access.statement),
        external_id: can.then_some(access.external_id),
        requires_mfa: access.requires_mfa,
        conditions: hidden.conditions(&access.conditions),
        severity,
        message,
    }
}

fn account_of(principal: &Principal) -> Option<AccountId> {
    match principal {
        // An account of another partition has the same number as another account.
        Principal::Account(_) | Principal::Arn(_) => principal.account(),
        _ => None,
    }
}

/// The severity for a principal that is not known, and a sentence.
fn judged(access: &OutsideAccess) -> (TrustSeverity, String) {
    let is_anyone = matches!(access.kind, PrincipalKind::Anyone | PrincipalKind::Others);
    let has_id = access.external_id == ExternalIdCheck::Required;
    let id = match access.external_id {
        ExternalIdCheck::NotRequired => "without an external ID",
        ExternalIdCheck::AnyAccepted => "with any external ID, which gives no protection",
        ExternalIdCheck::Required => "with the external ID",
    };
    let mfa = if access.requires_mfa { " and after MFA" } else { "" };
    let (severity, message) = match access.can {
        Can::Never => (TrustSeverity::Info, "it cannot assume the role".to_owned()),
        Can::Always if is_anyone && !has_id && !access.requires_mfa => {
            (TrustSeverity::Critical, "everyone, in every AWS account, can assume the role".to_owned())
        }
        _ if is_anyone && has_id => {
            (TrustSeverity::High, format!("everyone who knows the external ID can assume the role{mfa}"))
        }
        _ if is_anyone => {
            let conditions = "the conditions do not limit the role to this organization";
            (TrustSeverity::High, format!("everyone who meets the conditions can assume the role{mfa}; {conditions}"))
        }
        _ if access.kind == PrincipalKind::Unknown => {
            (TrustSeverity::Medium, "the principal may be able to assume the role".to_owned())
        }
        _ if has_id => (TrustSeverity::Medium, format!("it can assume the role {id}{mfa}")),
        _ if access.requires_mfa => (TrustSeverity::Medium, format!("it can assume the role {id}{mfa}")),
        _ => (TrustSeverity::High, format!("it can assume the role {id}")),
    };
    (severity, message)
}

/// Whether an identity provider is reported: not the clusters and identity pools of AWS, if it is limited which of them, and
/// not IAM Identity Center, which is part of the organization.
fn is_listed(role: &ListedRole, access: &ProviderAccess) -> bool {
    match access.kind {
        ProviderKind::External => true,
        ProviderKind::Saml => !role.path.starts_with(IDENTITY_CENTER),
        // Every subject of a cluster is a workload of that cluster, while the pools of everyone have one issuer.
        ProviderKind::Aws => access.subject == SubjectCheck::Any && !access.provider.contains(":oidc-provider/"),
    }
}

fn of_provider(role: &ListedRole, access: ProviderAccess, hidden: &Hidden) -> RoleFinding {
    let (severity, message) = match (access.can, access.kind, access.subject) {
        (Can::Never, ..) => (TrustSeverity::Info, "its users cannot assume the role".to_owned()),
        (_, ProviderKind::Saml, _) => {
            (TrustSeverity::Low, "users to whom the SAML provider assigns the role can assume it".to_owned())
        }
        (_, _, SubjectCheck::Any) => {
            let everyone = "every user of the issuer can assume the role: no condition limits the subject of the token";
            (TrustSeverity::Critical, everyone.to_owned())
        }
        (_, _, SubjectCheck::Limited) => {
            (TrustSeverity::Low, "users of the issuer whose token meets the conditions can assume the role".to_owned())
        }
    };
    RoleFinding {
        kind: if access.can == Can::Never { FindingKind::NoAccess } else { FindingKind::IdentityProvider },
        principal: excerpt(&access.issuer, LONGEST),
        principal_account: None,
        role: excerpt(&role.name, LONGEST),
        role_arn: excerpt(&role.arn, LONGEST),
        statement: hidden.text(&access.statement),
        external_id: None,
        requires_mfa: false,
        conditions: hidden.conditions(&access.conditions),
        severity,
        message,
    }
}

#[cfg(test)]
#[path = "analysis_tests.rs"]
mod tests;
