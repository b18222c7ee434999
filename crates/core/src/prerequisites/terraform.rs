//! The policies as Terraform resources, to copy into a configuration for one account.

use super::documents::{chosen, map_strings};
use super::json::names;
use super::kind::Prerequisite;
use super::parameters::{ACCESS_POLICY, ACCOUNT_CREATION_ACCESS_POLICY, APPLICATION_POLICY, CREATION_POLICY};
use super::settings::Settings;
use crate::hcl::{Hcl, block, quoted};

const PARTITION: &str = "data.aws_partition.current.partition";
const ACCOUNT: &str = "data.aws_caller_identity.current.account_id";

/// The resources of these prerequisites, as text that `terraform fmt` would not change.
#[must_use]
pub fn terraform(selected: &[Prerequisite], settings: &Settings) -> String {
    let resources: Vec<_> = selected.iter().map(|one| resource(*one, selected, settings)).collect();
    let resources = resources.join("\n");
    let mut text = String::new();
    for (expression, block) in [
        (PARTITION, "data \"aws_partition\" \"current\" {}\n\n"),
        (ACCOUNT, "data \"aws_caller_identity\" \"current\" {}\n\n"),
    ] {
        if resources.contains(expression) {
            text.push_str(block);
        }
    }
    text + &resources
}

fn resource(prerequisite: Prerequisite, selected: &[Prerequisite], settings: &Settings) -> String {
    let (kind, label) = match prerequisite {
        Prerequisite::IdentityAccessPolicy => ("aws_iam_policy", "identity_access"),
        Prerequisite::ApplicationRole => ("aws_iam_role", "application"),
        Prerequisite::ApplicationPolicy => ("aws_iam_role_policy", "application"),
        Prerequisite::ManagementAccessPolicy => ("aws_iam_policy", "management_access"),
        Prerequisite::AccountCreationAccessPolicy => ("aws_iam_policy", "account_creation_access"),
        Prerequisite::AccountCreationRole => ("aws_iam_role", "account_creation"),
        Prerequisite::AccountCreationPolicy => ("aws_iam_role_policy", "account_creation"),
    };
    let string = |text: &str| Hcl::Inline(quoted(text));
    let description = || ("description", string(prerequisite.summary()));
    let policy = |name| (name, policy(prerequisite, settings));
    let role_of = |role: Prerequisite, name: &str| match selected.contains(&role) {
        true => Hcl::Inline(format!("aws_iam_role.{label}.name")),
        false => string(name),
    };
    let attributes = match prerequisite {
        Prerequisite::IdentityAccessPolicy | Prerequisite::ManagementAccessPolicy => {
            vec![("name", string(ACCESS_POLICY)), description(), policy("policy")]
        }
        Prerequisite::AccountCreationAccessPolicy => {
            vec![("name", string(ACCOUNT_CREATION_ACCESS_POLICY)), description(), policy("policy")]
        }
        Prerequisite::ApplicationRole => {
            vec![("name", string(settings.application_role.as_str())), description(), policy("assume_role_policy")]
        }
        Prerequisite::AccountCreationRole => {
            vec![("name", string(settings.account_creation_role.as_str())), description(), policy("assume_role_policy")]
        }
        Prerequisite::ApplicationPolicy => {
            let role = role_of(Prerequisite::ApplicationRole, settings.application_role.as_str());
            vec![("name", string(APPLICATION_POLICY)), ("role", role), policy("policy")]
        }
        Prerequisite::AccountCreationPolicy => {
            let role = role_of(Prerequisite::AccountCreationRole, settings.account_creation_role.as_str());
            vec![("name", string(CREATION_POLICY)), ("role", role), policy("policy")]
        }
    };
    format!("# {prerequisite}\n{}", block(&format!("resource \"{kind}\" \"{label}\""), &[attributes]))
}

fn policy(prerequisite: Prerequisite, settings: &Settings) -> Hcl {
    let document = map_strings(&chosen(prerequisite, settings), &|text| names(text, settings));
    Hcl::Call("jsonencode", Box::new(Hcl::from_json(&document, &expression)))
}

/// A string of a policy as an expression.
fn expression(text: &str) -> String {
    match text {
        // `terraform fmt` removes an interpolation around a single reference.
        "{partition}" => PARTITION.to_owned(),
        "{account}" => ACCOUNT.to_owned(),
        text => quoted(text)
            .replace("{partition}", &format!("${{{PARTITION}}}"))
            .replace("{account}", &format!("${{{ACCOUNT}}}")),
    }
}
