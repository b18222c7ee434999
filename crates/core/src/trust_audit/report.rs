//! The findings of all accounts, grouped by principal.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::finding::{AccountTrust, FindingKind, LastUse, RoleFinding, TrustSeverity, UnreadAccount, UnreadPolicy};
use super::known::KnownAccounts;
use super::known_account::KnownAccount;
use crate::account::AccountId;
use crate::policy::ExternalIdCheck;
use crate::selection::SkippedAccount;
use crate::text::Untrusted;

/// A finding, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedFinding {
    /// The account of the role.
    pub account: AccountId,
    /// Its name.
    pub account_name: Untrusted,
    /// The finding. Its severity takes into account who the principal is.
    pub finding: RoleFinding,
    /// The last use of the role, by anyone.
    pub last_use: LastUse,
    /// Whether the configuration gives this role to this principal.
    pub is_configured: bool,
}

/// Everything that one principal can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalFindings {
    /// The principal, as text.
    pub principal: String,
    /// Its account, if it has one.
    pub account: Option<AccountId>,
    /// Who it belongs to; `None` if that is not known.
    pub known: Option<KnownAccount>,
    /// Whether the configuration names it.
    pub is_configured: bool,
    /// The findings, the most severe first.
    pub findings: Vec<PlacedFinding>,
}

impl PrincipalFindings {
    /// The highest severity.
    #[must_use]
    pub fn severity(&self) -> TrustSeverity {
        self.findings.iter().map(|one| one.finding.severity).max().unwrap_or(TrustSeverity::Info)
    }

    /// Whether it can assume a role without an external ID, or with any.
    #[must_use]
    pub fn needs_no_external_id(&self) -> bool {
        self.findings.iter().any(|one| one.finding.external_id.is_some_and(|id| id != ExternalIdCheck::Required))
    }

    /// Whether it is an account, role or user whose owner is not known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.account.is_some() && self.known.is_none() && !self.is_configured
    }
}

/// A trust policy that cannot be read, and the account of its role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedPolicy {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: Untrusted,
    /// The role and the problem.
    pub policy: UnreadPolicy,
}

/// The result of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustReport {
    /// The ID of the organization, if it is known.
    pub organization: Option<String>,
    /// How many accounts were read.
    pub accounts: usize,
    /// How many roles were read.
    pub roles: usize,
    /// Accounts, roles and users outside the organization, and everyone; those without an external ID first.
    pub principals: Vec<PrincipalFindings>,
    /// Identity providers outside AWS.
    pub identity_providers: Vec<PrincipalFindings>,
    /// Principals that policies name and that cannot assume the role.
    pub without_access: Vec<PrincipalFindings>,
    /// The trust policies that cannot be read.
    pub unread_policies: Vec<PlacedPolicy>,
    /// The accounts whose roles could not be listed.
    pub unread_accounts: Vec<UnreadAccount>,
    /// The accounts that are not processed.
    pub skipped: Vec<SkippedAccount>,
}

impl TrustReport {
    /// Groups the findings of accounts.
    #[must_use]
    pub fn new(
        organization: Option<String>,
        accounts: Vec<AccountTrust>,
        mut unread_accounts: Vec<UnreadAccount>,
        skipped: Vec<SkippedAccount>,
        known: &KnownAccounts,
    ) -> Self {
        let roles = accounts.iter().map(|account| account.roles).sum();
        let read = accounts.len();
        let mut unread_policies = Vec::new();
        let mut groups: BTreeMap<(FindingKind, String), PrincipalFindings> = BTreeMap::new();
        for AccountTrust { account, account_name, findings, unread, roles: _ } in accounts {
            let place = |policy| PlacedPolicy { account: account.clone(), account_name: account_name.clone(), policy };
            unread_policies.extend(unread.into_iter().map(place));
            for (finding, last_use) in findings {
                let key = (finding.kind, finding.principal.clone());
                let group = groups.entry(key).or_insert_with(|| principal(&finding, known));
                let is_configured = is_configured_for(&finding, known);
                let severity = severity(&finding, group.known.is_some(), group.is_configured, is_configured);
                group.findings.push(PlacedFinding {
                    account: account.clone(),
                    account_name: account_name.clone(),
                    finding: RoleFinding { severity, ..finding },
                    last_use,
                    is_configured,
                });
            }
        }
        unread_policies.sort_by(|a, b| (&a.account, &a.policy.role_arn).cmp(&(&b.account, &b.policy.role_arn)));
        unread_accounts.sort_by(|a, b| a.account.cmp(&b.account));
        let mut section = |kind| sorted(&mut groups, kind);
        Self {
            organization,
            accounts: read,
            roles,
            principals: section(FindingKind::Principal),
            identity_providers: section(FindingKind::IdentityProvider),
            without_access: section(FindingKind::NoAccess),
            unread_policies,
            unread_accounts,
            skipped,
        }
    }

    /// The highest severity of all findings.
    #[must_use]
    pub fn severity(&self) -> TrustSeverity {
        let all = self.principals.iter().chain(&self.identity_providers);
        all.map(PrincipalFindings::severity).max().unwrap_or(TrustSeverity::Info)
    }

    /// Whether everything that was selected was read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unread_accounts.is_empty() && self.unread_policies.is_empty()
    }

    /// The number of roles that principals outside the organization can assume, and of accounts that have such roles.
    pub(super) fn reach(&self) -> (usize, usize) {
        let findings = self.principals.iter().flat_map(|one| &one.findings);
        let roles: BTreeSet<_> = findings.clone().map(|one| &one.finding.role_arn).collect();
        let accounts: BTreeSet<_> = findings.map(|one| &one.account).collect();
        (roles.len(), accounts.len())
    }
}

fn principal(finding: &RoleFinding, known: &KnownAccounts) -> PrincipalFindings {
    let account = finding.principal_account.clone();
    PrincipalFindings {
        principal: finding.principal.clone(),
        known: account.as_ref().and_then(|id| known.name(id)).cloned(),
        is_configured: known.configured_for(&finding.principal, account.as_ref()).is_some(),
        account,
        findings: Vec::new(),
    }
}

fn is_configured_for(finding: &RoleFinding, known: &KnownAccounts) -> bool {
    let roles = known.configured_for(&finding.principal, finding.principal_account.as_ref()).unwrap_or_default();
    roles.iter().any(|role| role.as_str() == finding.role)
}

/// The severity, now that it is known who the principal is: what the configuration asks for is low, and so is a known principal
/// that has to pass its external ID.
fn severity(finding: &RoleFinding, is_known: bool, is_configured: bool, for_this_role: bool) -> TrustSeverity {
    let has_external_id = finding.external_id == Some(ExternalIdCheck::Required);
    let is_identified = has_external_id && (is_known || is_configured);
    match finding.kind {
        FindingKind::Principal if for_this_role || is_identified => finding.severity.min(TrustSeverity::Low),
        _ => finding.severity,
    }
}

/// The groups of a kind, the most severe first, and of those the principals without an external ID.
fn sorted(
    groups: &mut BTreeMap<(FindingKind, String), PrincipalFindings>,
    kind: FindingKind,
) -> Vec<PrincipalFindings> {
    let keys: Vec<_> = groups.keys().filter(|(of, _)| *of == kind).cloned().collect();
    let mut found: Vec<_> = keys.iter().filter_map(|key| groups.remove(key)).collect();
    for group in &mut found {
        group.findings.sort_by(|a, b| {
            let order = |one: &PlacedFinding| (Reverse(one.finding.severity), one.account.clone());
            order(a).cmp(&order(b)).then_with(|| a.finding.role_arn.cmp(&b.finding.role_arn))
        });
    }
    found.sort_by_cached_key(|one| (!one.needs_no_external_id(), Reverse(one.severity()), one.principal.clone()));
    found
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
