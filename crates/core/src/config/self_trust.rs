//! Roles that trust themselves or each other. IAM accepts a role as a principal only once it exists, so none of them could
//! ever be created.

use std::collections::{BTreeMap, BTreeSet};

use super::{PrincipalSpec, RoleTemplate};
use crate::suggestion::list_of;
use crate::toml_reader::Value;

/// Records a problem at each role that trusts itself, and at the first of the roles that trust each other.
pub(super) fn check(roles: &[(Value<'_>, RoleTemplate)]) {
    let indexes: BTreeMap<_, _> =
        roles.iter().enumerate().map(|(i, (_, role))| (resource(&own_arn(role)), i)).collect();
    let trusted = |role: &RoleTemplate| -> BTreeSet<usize> {
        let principals = role.trust.iter().flat_map(|spec| &spec.principals);
        let arns = principals.filter_map(|principal| match principal {
            PrincipalSpec::Aws(text) => Some(resource(&text.0)),
            PrincipalSpec::Service(_) | PrincipalSpec::Federated(_) => None,
        });
        arns.filter_map(|arn| indexes.get(&arn).copied()).collect()
    };
    let edges: Vec<_> = roles.iter().map(|(_, role)| trusted(role)).collect();
    for (index, (value, role)) in roles.iter().enumerate() {
        if edges.get(index).is_some_and(|trusted| trusted.contains(&index)) {
            let at = principal_of(value, |arn| indexes.get(arn) == Some(&index));
            report(&at, role, &format!("the role `{}` trusts itself", role.definition.name));
        }
    }
    let circle = circle(edges.into_iter().enumerate().collect());
    let names: Vec<_> =
        circle.iter().filter_map(|index| roles.get(*index)).map(|(_, r)| r.definition.name.as_str()).collect();
    if let Some((value, role)) = circle.first().and_then(|index| roles.get(*index)) {
        let at = principal_of(value, |arn| indexes.get(arn).is_some_and(|index| circle.contains(index)));
        report(&at, role, &format!("the roles {} trust each other", list_of(names.iter().copied())));
    }
}

/// The roles that trust each other in a circle of at least two, and those between such circles.
fn circle(mut edges: BTreeMap<usize, BTreeSet<usize>>) -> BTreeSet<usize> {
    edges.iter_mut().for_each(|(index, trusted)| _ = trusted.remove(index));
    loop {
        let before = edges.len();
        let remaining: BTreeSet<_> = edges.keys().copied().collect();
        edges.values_mut().for_each(|trusted| trusted.retain(|index| remaining.contains(index)));
        let pointed_at: BTreeSet<_> = edges.values().flatten().copied().collect();
        edges.retain(|index, trusted| !trusted.is_empty() && pointed_at.contains(index));
        if edges.len() == before {
            return edges.into_keys().collect();
        }
    }
}

/// The first principal of a role that `is_meant`, which gets the account and the resource of its ARN. A vendor's principals are not in
/// the entry of the role; then it is the entry.
fn principal_of<'a>(role: &Value<'a>, is_meant: impl Fn(&str) -> bool) -> Value<'a> {
    let items = |value: Value<'a>| match value.node().is_array() {
        true => value.list().unwrap_or_default(),
        false => vec![value],
    };
    let entries = role.peek("trust").map(items).unwrap_or_default();
    let mut principals = entries.iter().filter_map(|entry| entry.peek("principal")).flat_map(items);
    let found = principals.find(|value| value.node().as_str().is_some_and(|arn| is_meant(&resource(arn))));
    found.unwrap_or_else(|| role.clone())
}

fn report(value: &Value<'_>, role: &RoleTemplate, subject: &str) {
    let remedy = if role.definition.owner.is_vendor() {
        "remove its ARN from `accounts` of the vendor, or install the role with `[[role]]`".to_owned()
    } else {
        format!(
            "trust the account instead: `principal = \"arn:{{partition}}:iam::{{account-id}}:root\"` with `condition = {{ ArnLike = \
             {{ \"aws:PrincipalArn\" = \"{}\" }} }}`",
            own_arn(role)
        )
    };
    value.problem(format!("{subject}, and IAM accepts a role as a principal only once it exists; {remedy}"));
}

/// The ARN of a role, with placeholders.
fn own_arn(role: &RoleTemplate) -> String {
    format!("arn:{{partition}}:iam::{{account-id}}:role{}{}", role.definition.settings.path, role.definition.name)
}

/// The account and the resource of an ARN, in lowercase, because role names are case-insensitive.
fn resource(arn: &str) -> String {
    arn.splitn(5, ':').nth(4).unwrap_or_default().to_ascii_lowercase()
}
