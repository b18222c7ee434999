//! What a person does once at a vendor, for all accounts, if the vendor has no hand-off for each of them.
//!
//! The steps of a vendor that has one are notes of its hand-offs.

use serde::Serialize;

use crate::config::Config;
use crate::lines::{Line, Style};
use crate::owner::Owner;
use crate::text::printable;

/// The steps at one vendor. Whether they are done is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TenantSteps {
    /// The name of the vendor in the configuration.
    pub vendor: String,
    /// Its title.
    pub title: String,
    /// The steps.
    pub steps: Vec<String>,
}

/// The steps of the configured vendors that have no hand-off.
#[must_use]
pub fn tenant_steps(config: &Config) -> Vec<TenantSteps> {
    let without_handoff = config.roles.iter().filter(|role| role.handoff.is_none() && !role.once.is_empty());
    let steps = without_handoff.filter_map(|role| match &role.definition.owner {
        Owner::Vendor(vendor) => Some(TenantSteps {
            vendor: vendor.clone(),
            title: role.definition.title.clone(),
            steps: role.once.iter().map(|step| printable(step)).collect(),
        }),
        Owner::Role(_) => None,
    });
    steps.collect()
}

/// The steps as text.
#[must_use]
pub fn tenant_lines(all: &[TenantSteps]) -> Vec<Line> {
    let mut lines = Vec::new();
    for one in all {
        lines.extend([Line::blank(), Line::heading(&one.title).text(format!(" ({})", one.vendor)), Line::blank()]);
        lines.push(Line::at(2).styled(Style::Strong, "Once, for all accounts"));
        lines.extend(one.steps.iter().map(|step| Line::at(4).text(step)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::plain;

    #[test]
    fn steps_of_a_registered_vendor_are_shown_once() {
        let steps = |registration: &str| {
            let text = format!(
                "[vendors.workload-security]\nexternal-id = {{ ssm-parameter = '/account-onboarding/id' }}\n{registration}"
            );
            tenant_steps(&Config::parse_without_files(&text).unwrap())
        };
        assert_eq!(steps(""), [], "they are notes of the hand-off");
        let registered =
            steps("registration = { region = 'us-1', api-key = { ssm-parameter = '/account-onboarding/key' } }");
        insta::assert_snapshot!(plain(&tenant_lines(&registered)), @"

        Trend Micro Cloud One Workload Security (workload-security)

          Once, for all accounts
            In the Workload Security console, under Administration > System Settings >
            Advanced > Manager AWS Identity, select Use Manager Instance Role. The API
            has no call for it.
            To protect instances, run the script that the console makes under Support >
            Deployment Scripts on them, for example as user data: it installs the agent.
            The page Computers lists the instances that were loaded.
        ");
    }
}
