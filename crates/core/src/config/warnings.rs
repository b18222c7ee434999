//! Settings that are valid but deserve review.

use super::services::unknown_service;
use super::{PrincipalSpec, RoleTemplate, TrustSpec};
use crate::policy::{AssumeAction, Document, ExternalIdRequirement, lint_permissions};
use crate::suggestion::list_of;

/// Services that pass session tags or a source identity whenever they assume a role.
///
/// See <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html> and
/// <https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html>.
const SERVICES_THAT_PASS_MORE: [(&str, &[AssumeAction]); 2] = [
    ("pods.eks.amazonaws.com", &[AssumeAction::TagSession]),
    ("rolesanywhere.amazonaws.com", &[AssumeAction::TagSession, AssumeAction::SetSourceIdentity]),
];

/// The warnings about a role.
pub(super) fn of_role(role: &RoleTemplate) -> Vec<String> {
    let owner = &role.definition.owner;
    let mut found = Vec::new();
    if owner.is_vendor() && role.external_id_requirement == ExternalIdRequirement::Optional {
        found.push(format!("{owner}: the vendor assumes the role without an external ID"));
    }
    let principals = role.trust.iter().flat_map(|spec| spec.principals.iter().map(move |one| (spec, one)));
    found.extend(principals.flat_map(|(spec, one)| service_warnings(spec, one)).map(|text| format!("{owner}: {text}")));
    for (name, policy) in &role.policies {
        if let Ok(policy) = Document::parse(&policy.0) {
            let findings = lint_permissions(name, &policy);
            found.extend(findings.iter().map(|finding| format!("{owner}: {finding}")));
        }
    }
    found
}

fn service_warnings(spec: &TrustSpec, principal: &PrincipalSpec) -> Vec<String> {
    let PrincipalSpec::Service(service) = principal else { return Vec::new() };
    unknown_service(service).into_iter().chain(missing_actions(spec, service)).collect()
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
