//! The configurations of the tests, and the external IDs in them.

use super::IDENTITY;

pub(crate) const SECURITY_ID: &str = "s3cret-of-workload-security";
pub(crate) const TRELICA_ID: &str = "s3cret/of:trelica";
pub(crate) const PARAMETER: &str = "/onboarding/workload-security";
pub(crate) const PIPELINE: &str = "arn:aws:iam::222233334444:role/app-pipeline";

/// Two vendors, one with its external ID in an SSM parameter and one inline, and a custom role that uses every setting.
pub(crate) const CONFIG: &str = r#"
[[access-role.grant]]
principal = "222233334444"

[accounts]
exclude = ["999988887777"]

[vendors.workload-security]
external-id = { ssm-parameter = "/onboarding/workload-security" }

[vendors.trelica]
external-id = "s3cret/of:trelica"
permissions = ["iam", "organizations"]

[[role]]
name = "app-deployer"
path = "/apps/"
description = "The pipeline updates the application"
max-session-seconds = 7200
permissions-boundary = "arn:{partition}:iam::aws:policy/PowerUserAccess"
managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
tags = { team = "platform" }
policies = { deploy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lambda:*","Resource":"*"}}' }
[[role.trust]]
principal = "arn:aws:iam::222233334444:role/app-pipeline"
"#;

/// The configuration for sweeps. It excludes the identity account, which has no access role in this organization.
pub(crate) fn sweep_config() -> String {
    CONFIG.replace("exclude = [\"999988887777\"]", &format!("exclude = [\"999988887777\", \"{IDENTITY}\"]"))
}

/// A configuration with a number of small roles, named `role-0` and so on.
pub(crate) fn many_roles(count: usize) -> String {
    let role = |n: usize| {
        format!(
            "[[role]]\nname = \"role-{n}\"\nmanaged-policies = [\"arn:{{partition}}:iam::aws:policy/ReadOnlyAccess\"]\n\
             [[role.trust]]\nprincipal = \"222233334444\"\n"
        )
    };
    (0..count).map(role).collect()
}

/// [`CONFIG`], which also takes over a role of the vendor's name that this tool does not own.
pub(crate) fn adopting_trelica() -> String {
    CONFIG.replace("[vendors.trelica]", "[vendors.trelica]\nadopt = true")
}

/// [`CONFIG`] with a trusted principal that does not exist at first, named `role` in the identity account.
pub(crate) fn trusting_role(role: &str) -> String {
    CONFIG.replace("role/app-pipeline", &format!("role/{role}"))
}

/// [`CONFIG`] whose external ID is in an SSM parameter that does not exist.
pub(crate) fn missing_parameter() -> String {
    CONFIG.replace(PARAMETER, "/nowhere")
}

/// [`CONFIG`], with accounts that count as new for a week, which is longer than the function retries.
pub(crate) fn new_for_a_week() -> String {
    format!("{CONFIG}\n[waiting]\nnew-account-minutes = 10080\n")
}
