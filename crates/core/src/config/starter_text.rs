//! The text of a new `onboarding.toml`, with comments.

use std::fmt::Write;

use super::starter::{Granted, Mfa, Starter, StarterVendor, key_parameter, permission_set_pattern};
use crate::account::AccountId;

const HEAD: &str = r#"# What every account of the organization gets: grants on the access role, and the roles that are installed. Check this file
# with `onboard config check`; docs/CONFIGURATION.md documents every key. In ARNs, policies and conditions, {partition} and
# {account-id} are replaced for each account.

# The role that the management account assumes in each account: the first of these names that exists.
[access-role]
names = ["OrganizationAccountAccessRole", "AWSControlTowerExecution"]
"#;

const ACCOUNTS: &str = "
# Accounts that are never changed. The management account is never changed in any case.
[accounts]
";

const VENDORS: &str = "
# Vendors of the catalogue: `onboard vendors list`. External IDs are in SSM parameters, which must exist before the first run.
";

const NO_VENDORS: &str = "
# No vendors yet: `onboard vendors list` shows the catalogue, and `onboard vendors show NAME` what to add here.
";

const ROLES: &str = r#"
# Roles of your own, for example for a pipeline of the identity account:
# [[role]]
# name = "app-deployer"
# managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
# trust = [{ principal = "arn:{partition}:iam::ACCOUNT:role/pipeline" }]
"#;

const MFA: &str = r#"condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }
"#;

impl Starter {
    /// The text of the file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut toml = HEAD.to_owned();
        toml.push_str(&grants(&self.identity_account, &self.granted));
        toml.push_str(ACCOUNTS);
        let excluded: Vec<_> = self.excluded.iter().map(|id| format!("\"{id}\"")).collect();
        _ = writeln!(toml, "exclude = [{}]", excluded.join(", "));
        toml.push_str(if self.vendors.is_empty() { NO_VENDORS } else { VENDORS });
        for one in &self.vendors {
            toml.push_str(&vendor(one));
        }
        toml.push_str(ROLES);
        toml
    }
}

/// The grants on the access role.
fn grants(identity_account: &AccountId, granted: &Granted) -> String {
    match granted {
        Granted::Account(mfa) => {
            let comment = "
# The identity account: its own policies decide which of its users and roles may assume the access role.
";
            let (note, condition) = match mfa {
                Mfa::Required => (
                    "# Only users who signed in with MFA: sessions of roles, also those of IAM Identity Center, are denied.\n",
                    MFA,
                ),
                Mfa::NotRequired => ("", ""),
            };
            format!("{comment}{note}[[access-role.grant]]\nprincipal = \"{identity_account}\"\n{condition}")
        }
        Granted::Principals(principals, mfa) => of_principals(principals, *mfa),
        Granted::PermissionSets(names) => of_permission_sets(identity_account, names),
    }
}

/// One grant for the roles and one for the users, because only users can have MFA.
fn of_principals(principals: &[String], mfa: Mfa) -> String {
    let (users, roles): (Vec<_>, Vec<_>) = principals.iter().partition(|arn| arn.contains(":user/"));
    let grant = |comment: &str, principals: Vec<&String>, condition: &str| {
        if principals.is_empty() {
            return String::new();
        }
        let lines: String = principals.iter().map(|arn| format!("    \"{arn}\",\n")).collect();
        format!("\n# {comment}\n[[access-role.grant]]\nprincipal = [\n{lines}]\n{condition}")
    };
    let (comment, condition) = match mfa {
        Mfa::Required => ("Users of the identity account who signed in with MFA.", MFA),
        Mfa::NotRequired => ("Users of the identity account.", ""),
    };
    grant("Roles of the identity account. Their sessions have no MFA; require it where they are assumed.", roles, "")
        + &grant(comment, users, condition)
}

fn of_permission_sets(identity_account: &AccountId, names: &[String]) -> String {
    let patterns: String = names.iter().map(|name| format!("    \"{}\",\n", permission_set_pattern(name))).collect();
    format!(
        "
# Permission sets of IAM Identity Center, assigned in the identity account. Require MFA in IAM Identity Center: their sessions
# do not show it here.
[[access-role.grant]]
principal = \"{identity_account}\"

[access-role.grant.condition.ArnLike]
\"aws:PrincipalArn\" = [
{patterns}]
"
    )
}

/// The entry of a vendor.
fn vendor(vendor: &StarterVendor) -> String {
    let StarterVendor { name, title, hint, parameter, has_registration, region } = vendor;
    let mut lines = format!("\n# {title}\n[vendors.{name}]\n");
    if let Some(parameter) = parameter {
        if let Some(hint) = hint {
            lines.push_str(&format!("# Its value: {hint}\n"));
        }
        lines.push_str(&format!("external-id = {{ ssm-parameter = \"{parameter}\" }}\n"));
    }
    lines.push_str(&format!("# permissions = []  # by default all read-only groups: `onboard vendors show {name}`\n"));
    let key = format!("api-key = {{ ssm-parameter = \"{}\" }}", key_parameter(name));
    match region {
        Some(region) => {
            lines.push_str("# Each account is registered through the vendor's API");
            lines.push_str(if parameter.is_none() { ", which also returns the external ID.\n" } else { ".\n" });
            lines.push_str(&format!("registration = {{ region = \"{region}\", {key} }}\n"));
        }
        None if *has_registration => lines.push_str(&format!(
            "# To register each account through the vendor's API, which also returns the external ID if the key is left out:
# registration = {{ region = \"REGION\", {key} }}
"
        )),
        None => {}
    }
    lines
}
