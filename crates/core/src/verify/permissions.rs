//! What a role may do, from its own policies as they are in the account.
//!
//! Inline policies are read and counted; managed policies are named, because their documents are not read. A permissions boundary or
//! a control policy may allow less than this, and neither allows more.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::blueprint::{Blueprint, RoleSpec};
use crate::lines::{Line, Style, widest};
use crate::observed::{Observed, ObservedRole};
use crate::policy::{allowed_actions, is_read_only, permissions_summary};
use crate::report::Detail;
use crate::role::RoleName;
use crate::suggestion::{counted, plain_list_of};

/// The most actions that are named.
const NAMED: usize = 3;

/// What a role may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RolePermissions {
    /// The role.
    pub role: RoleName,
    /// The vendor or role in the configuration.
    pub title: String,
    /// How many actions its inline policies allow; a pattern counts as one.
    pub actions: usize,
    /// Those of them that may write, by their names.
    pub may_write: Vec<String>,
    /// The inline policies by name, each in sentences.
    pub inline_policies: BTreeMap<String, Vec<String>>,
    /// How many of the inline policies are not supported, so that their actions are not known.
    #[serde(skip)]
    unsupported: usize,
    /// The ARNs of its managed policies.
    pub managed_policies: Vec<String>,
    /// The ARN of its permissions boundary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
}

/// What the roles of a blueprint may do that exist.
#[must_use]
pub fn permissions(blueprint: &Blueprint, observed: &Observed) -> Vec<RolePermissions> {
    let existing = blueprint.roles.iter().filter_map(|spec| Some((spec, observed.roles.get(spec.name())?)));
    existing.map(|(spec, role)| of_role(spec, role)).collect()
}

fn of_role(spec: &RoleSpec, role: &ObservedRole) -> RolePermissions {
    let mut actions: Vec<String> = Vec::new();
    let mut inline_policies = BTreeMap::new();
    for (name, policy) in &role.policies {
        let sentences = match policy {
            Ok(policy) => {
                let named = allowed_actions(policy);
                actions.extend(named.map(|action| action.unwrap_or("all actions except some").to_owned()));
                permissions_summary(policy)
            }
            Err(problem) => vec![format!("the policy is not supported: {problem}")],
        };
        inline_policies.insert(name.clone(), sentences);
    }
    actions.sort();
    actions.dedup();
    RolePermissions {
        role: spec.name().clone(),
        title: spec.definition.title.clone(),
        actions: actions.len(),
        may_write: actions.into_iter().filter(|action| !is_read_only(action)).collect(),
        inline_policies,
        unsupported: role.policies.values().filter(|policy| policy.is_err()).count(),
        managed_policies: role.attached.iter().cloned().collect(),
        boundary: role.settings.boundary.clone(),
    }
}

impl RolePermissions {
    /// In one sentence, such as `15 actions, none of them writes`.
    fn sentence(&self) -> String {
        let mut parts = Vec::new();
        let count = self.may_write.len();
        match (self.actions, count) {
            (0, _) => {}
            (1, 0) => parts.push("1 action, which does not write".to_owned()),
            (actions, 0) => parts.push(format!("{actions} actions, none of them writes")),
            (actions, _) => {
                let named = plain_list_of(self.may_write.iter().take(NAMED).map(String::as_str));
                let more = if count > NAMED { format!(", and {} more", count - NAMED) } else { String::new() };
                parts.push(format!("{}, of which {count} may write: {named}{more}", counted(actions, "action")));
            }
        }
        let managed = plain_list_of(self.managed_policies.iter().map(|arn| last_of(arn)));
        match self.managed_policies.len() {
            0 => {}
            1 => parts.push(format!("the managed policy {managed}")),
            _ => parts.push(format!("the managed policies {managed}")),
        }
        match self.unsupported {
            0 => {}
            1 => parts.push("1 inline policy that is not supported".to_owned()),
            count => parts.push(format!("{count} inline policies that are not supported")),
        }
        let mut text = if parts.is_empty() { "nothing".to_owned() } else { parts.join("; ") };
        if let Some(boundary) = &self.boundary {
            text.push_str(&format!("; at most what the boundary {} allows", last_of(boundary)));
        }
        text
    }
}

/// The name in an ARN.
fn last_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// One line for each role, and in full one for each sentence about its policies.
pub(super) fn permission_lines(all: &[RolePermissions], detail: Detail) -> Vec<Line> {
    if all.is_empty() {
        return Vec::new();
    }
    let title = Line::at(0).styled(Style::Strong, "What the roles may do, evaluated");
    let mut lines = vec![Line::blank(), title.styled(Style::Faint, " (control policies may allow less)")];
    let width = widest(all.iter().map(|one| one.role.as_str()));
    for one in all {
        lines.push(Line::at(4).column(Style::Plain, &one.role, width).text(one.sentence()));
        if detail == Detail::Full {
            let sentences = one.inline_policies.iter().flat_map(|(name, all)| all.iter().map(move |text| (name, text)));
            lines.extend(sentences.map(|(name, text)| Line::at(6).styled(Style::Faint, format!("{name}: {text}"))));
            lines.extend(one.managed_policies.iter().map(|arn| Line::at(6).styled(Style::Faint, arn)));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::plain;
    use crate::plan::sample::{ROLE, blueprint, converged, document, drifted, fresh, name};

    fn shown(observed: &Observed, detail: Detail) -> String {
        plain(&permission_lines(&permissions(&blueprint(), observed), detail))
    }

    #[test]
    fn role_that_does_not_exist_may_do_nothing() {
        assert_eq!(shown(&fresh(), Detail::Full), "");
    }

    #[test]
    fn actions_are_counted_and_those_that_may_write_are_named() {
        insta::assert_snapshot!(shown(&converged(&blueprint()), Detail::Summary), @"

        What the roles may do, evaluated (control policies may allow less)
            Acme  1 action, which does not write; the managed policy ReadOnlyAccess; at
                  most what the boundary PowerUserAccess allows
        ");
        let observed = drifted(|role| {
            let text = r#"{"Statement":[{"Effect":"Allow","Action":["ec2:DescribeInstances","ecs:UpdateService","a:B","c:D","e:F"],"Resource":"*"},
                {"Effect":"Deny","Action":"x:Y","Resource":"*"}]}"#;
            role.policies.insert("deploy".to_owned(), Ok(document(text)));
            role.policies.insert("odd".to_owned(), Err("no statements".to_owned()));
            role.settings.boundary = None;
        });
        insta::assert_snapshot!(shown(&observed, Detail::Full), @"

        What the roles may do, evaluated (control policies may allow less)
            Acme  5 actions, of which 4 may write: a:B, c:D and e:F, and 1 more; the
                  managed policy ReadOnlyAccess; 1 inline policy that is not supported
              deploy: allows 5 actions of a, c, e, ec2 and ecs on all resources
              deploy: denies x:Y on all resources
              odd: the policy is not supported: no statements
              read: allows ec2:DescribeInstances on all resources
              arn:aws:iam::aws:policy/ReadOnlyAccess
        ");
        let [found] = &permissions(&blueprint(), &observed)[..] else { panic!() };
        assert_eq!((&found.role, found.actions, found.may_write.len()), (&name(ROLE), 5, 4));
    }

    #[test]
    fn role_without_policies_may_do_nothing() {
        let observed = drifted(|role| {
            role.policies.clear();
            role.attached.clear();
            role.settings.boundary = None;
        });
        assert!(shown(&observed, Detail::Summary).ends_with("Acme  nothing\n"));
    }
}
