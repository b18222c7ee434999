//! Settings that are valid but deserve review.

use super::services::unknown_service;
use super::trust_warnings::{any_subject, provider_elsewhere, without_access};
use super::{AccessRole, Config, ExternalIdSource, PrincipalSpec, RoleTemplate, TrustSpec, removal, risks, trust_size};
use crate::exclude::Exclude;
use crate::policy::{AssumeAction, ConditionClause, Document, INLINE_QUOTA, inline_limit, lint_permissions};
use crate::suggestion::list_of;
use crate::toml_reader::{SHORTER_POLICIES, inline_policies_size};

/// Services that pass session tags or a source identity whenever they assume a role.
///
/// See <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html> and
/// <https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html>.
const SERVICES_THAT_PASS_MORE: [(&str, &[AssumeAction]); 2] = [
    ("pods.eks.amazonaws.com", &[AssumeAction::TagSession]),
    ("rolesanywhere.amazonaws.com", &[AssumeAction::TagSession, AssumeAction::SetSourceIdentity]),
];

/// The warnings about a configuration.
pub(super) fn found(config: &Config) -> Vec<String> {
    of_grants(&config.access_role)
        .into_iter()
        .chain(config.roles.iter().flat_map(of_role))
        .chain(risks::found(config))
        .chain(removal::own_role_warning(config))
        .chain(excluded_canary(config))
        .collect()
}

/// The warnings about members of the canary that are never changed.
fn excluded_canary(config: &Config) -> Vec<String> {
    let excluded = config.sweep.canary.intersection(&config.excluded);
    let warning = |member: &Exclude| {
        format!(
            "sweep: `{member}` in `canary` has no effect, because `exclude` in `[accounts]` names it; remove it from one of them"
        )
    };
    excluded.map(warning).collect()
}

/// The warnings about the grants on the access role.
fn of_grants(access_role: &AccessRole) -> Vec<String> {
    let granted = access_role.grants.iter().map(|grant| &grant.trust);
    let too_long = trust_size::warning(trust_size::of_grants(access_role));
    let found = granted.clone().filter_map(pattern_warning).chain(too_long);
    let found = found.chain(granted.clone().flat_map(without_access));
    found.chain(granted.flat_map(denied_by_mfa)).map(|text| format!("access-role: {text}")).collect()
}

/// The warnings about a role.
fn of_role(role: &RoleTemplate) -> Vec<String> {
    let owner = &role.definition.owner;
    let mut found = Vec::new();
    if owner.is_vendor() && role.trust.iter().any(|spec| spec.external_ids.is_empty()) {
        found.push(format!(
            "{owner}: the vendor assumes the role without an external ID; set `external-id` if the vendor supports one"
        ));
    }
    if owner.is_vendor() && role.policies.is_empty() && role.definition.attached.is_empty() {
        found.push(format!(
            "{owner}: the role has no permissions, because no permission group of the vendor is on by default; list those that it \
             needs in `permissions`"
        ));
    }
    found.extend(role.trust.iter().filter_map(pattern_warning).map(|text| format!("{owner}: {text}")));
    let principals = role.trust.iter().flat_map(|spec| spec.principals.iter().map(move |one| (spec, one)));
    found.extend(
        principals.flat_map(|(spec, one)| principal_warnings(role, spec, one)).map(|text| format!("{owner}: {text}")),
    );
    found.extend(role.trust.iter().flat_map(without_access).map(|text| format!("{owner}: {text}")));
    for (name, policy) in &role.policies {
        if let Ok(policy) = Document::parse(&policy.0) {
            let findings = lint_permissions(name, &policy);
            found.extend(findings.iter().map(|finding| format!("{owner}: {finding}")));
        }
    }
    found.extend(role.trust.iter().flat_map(denied_by_mfa).map(|text| format!("{owner}: {text}")));
    let too_long = trust_size::warning(trust_size::of_role(&role.trust));
    found.extend(too_long.map(|text| format!("{owner}: {text}")));
    found.extend(no_space_to_revoke(role).map(|text| format!("{owner}: {text}")));
    found
}

/// Inline policies that IAM accepts, but not together with the policy that revokes sessions.
fn no_space_to_revoke(role: &RoleTemplate) -> Option<String> {
    let size = inline_policies_size(&role.policies);
    let (space, reserved) = inline_limit();
    (size > space).then(|| {
        format!(
            "the inline policies have {size} characters of the {INLINE_QUOTA} that IAM allows, which leaves no space for the policy \
             that revokes the role's sessions ({reserved} characters), so that changes that need it are blocked; {SHORTER_POLICIES}"
        )
    })
}

/// Roles that a condition on MFA denies: the session of a role never shows MFA, even if the role was assumed with MFA. The roles of
/// permission sets are among them.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html>.
fn denied_by_mfa(spec: &TrustSpec) -> Vec<String> {
    let clauses = spec.condition.clauses();
    if !clauses.iter().any(ConditionClause::requires_mfa) {
        return Vec::new();
    }
    let principals = spec.principals.iter().filter_map(|principal| match principal {
        PrincipalSpec::Aws(text) => Some(text.0.as_str()),
        PrincipalSpec::Service(_) | PrincipalSpec::Federated(_) => None,
    });
    let limits = clauses.iter().filter(|clause| {
        clause.key.eq_ignore_ascii_case("aws:PrincipalArn") && !clause.operator.to_ascii_lowercase().contains("not")
    });
    let patterns = limits.flat_map(|clause| clause.values.iter().map(String::as_str));
    let roles = principals.chain(patterns).filter(|arn| arn.contains(":role/"));
    let warning = |role: &str| {
        format!(
            "`{role}` is denied, because the condition requires MFA and the sessions of roles do not show it; require MFA where the \
             role is assumed, and put users into a grant of their own"
        )
    };
    roles.map(warning).collect()
}

/// A pattern does not show which of the vendor's customers a caller acts for.
fn pattern_warning(spec: &TrustSpec) -> Option<String> {
    let is_pattern = |source: &ExternalIdSource| matches!(source, ExternalIdSource::Pattern(_));
    spec.external_ids.iter().any(is_pattern).then(|| {
        "`external-id` is a pattern, so that every matching external ID is accepted; make sure that only you can get such \
         IDs from the vendor"
            .to_owned()
    })
}

fn principal_warnings(role: &RoleTemplate, spec: &TrustSpec, principal: &PrincipalSpec) -> Vec<String> {
    match principal {
        PrincipalSpec::Aws(text) if principal.is_unique_id() => vec![format!(
            "`{}` is a unique ID, and IAM stores the ARN of the role or user in its place, so that a later change to the ARN of \
             another one is not recognized; write the ARN if you know it",
            text.0
        )],
        PrincipalSpec::Aws(_) => Vec::new(),
        PrincipalSpec::Service(service) => {
            unknown_service(service).into_iter().chain(missing_actions(spec, service)).collect()
        }
        PrincipalSpec::Federated(provider) => {
            any_subject(spec, principal).into_iter().chain(provider_elsewhere(role, provider)).collect()
        }
    }
}

/// A service that cannot assume the role, because it always does more than the trust policy allows.
fn missing_actions(spec: &TrustSpec, service: &str) -> Option<String> {
    let (_, needed) = SERVICES_THAT_PASS_MORE.iter().find(|(name, _)| *name == service)?;
    let missing: Vec<_> = needed.iter().filter(|action| !spec.actions.contains(**action)).collect();
    (!missing.is_empty()).then(|| {
        let names = list_of(missing.into_iter().map(|action| action.as_str()));
        format!("`{service}` can assume the role only if `actions` also contains {names}")
    })
}
