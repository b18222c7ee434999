//! The trust policy of an entry of the configuration, as far as warnings depend on it. External IDs are left out.

use serde_json::{Map, Value as Json};

use super::{PrincipalSpec, TrustSpec};
use crate::policy::Document;

/// The policy with the entry as its only statement. The placeholders stay in it.
pub(super) fn of_entry(spec: &TrustSpec) -> Option<Document> {
    let principals = spec.principals.iter().map(|principal| (principal, text(principal).to_owned()));
    Document::from_statements(vec![statement(spec, principals, spec.condition.to_json())]).ok()
}

/// The policy for one principal of the entry. Every text is changed by `expand`.
pub(super) fn of_principal(
    spec: &TrustSpec,
    principal: &PrincipalSpec,
    expand: impl Fn(&str) -> String,
) -> Option<Document> {
    let condition = spec.condition.clone().map_values(&expand).to_json();
    let principals = [(principal, expand(text(principal)))].into_iter();
    Document::from_statements(vec![statement(spec, principals, condition)]).ok()
}

fn statement<'a>(
    spec: &TrustSpec,
    principals: impl Iterator<Item = (&'a PrincipalSpec, String)>,
    condition: Json,
) -> Json {
    let mut by_kind = [("AWS", Vec::new()), ("Service", Vec::new()), ("Federated", Vec::new())];
    for (principal, text) in principals {
        let kind = match principal {
            PrincipalSpec::Aws(_) => "AWS",
            PrincipalSpec::Service(_) => "Service",
            PrincipalSpec::Federated(_) => "Federated",
        };
        for (_, texts) in by_kind.iter_mut().filter(|(name, _)| *name == kind) {
            texts.push(Json::from(text.as_str()));
        }
    }
    let by_kind = by_kind.map(|(kind, texts)| (kind.to_owned(), Json::Array(texts)));
    let elements = [
        ("Effect", Json::from("Allow")),
        ("Principal", Json::Object(Map::from_iter(by_kind))),
        ("Action", spec.actions.to_policy()),
        ("Condition", condition),
    ];
    Json::Object(elements.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The principal as it is configured.
pub(super) fn text(principal: &PrincipalSpec) -> &str {
    match principal {
        PrincipalSpec::Aws(text) | PrincipalSpec::Federated(text) => &text.0,
        PrincipalSpec::Service(name) => name,
    }
}
