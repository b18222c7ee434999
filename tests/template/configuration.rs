//! The configuration that the stack generates from its parameters.

use std::collections::BTreeSet;

use onboarding_core::config::starter::{Granted, Starter, permission_set_pattern};
use onboarding_core::config::{Config, PrincipalSpec};
use serde_json::{Value, json};

use crate::stack::{Stack, TEMPLATE, template, text};

#[test]
fn generated_configuration_is_valid_for_all_parameter_values() {
    let external_ids = ["", "0a1b2c3d-4e5f", "=,.@:/-+_"];
    for access_role in ["OrganizationAccountAccessRole", "AWSControlTowerExecution", "Vending+=,.@-_"] {
        for workload_security in external_ids {
            for trelica in external_ids {
                let stack = Stack::with(&[
                    ("AccessRoleName", access_role),
                    ("WorkloadSecurityExternalId", workload_security),
                    ("TrelicaExternalId", trelica),
                ]);
                let configuration = stack.resource("Configuration")["Value"].clone();
                let toml = text(&configuration);
                if let Err(error) = onboarding_core::config::Config::parse_without_files(toml) {
                    panic!("{error:?}\n{toml}");
                }
                for (name, external_id) in [("workload-security", workload_security), ("trelica", trelica)] {
                    assert_eq!(toml.contains(&format!("[vendors.{name}]")), !external_id.is_empty(), "{toml}");
                    assert!(
                        external_id.is_empty() || !toml.contains(external_id),
                        "the external ID is not part of the configuration:\n{toml}"
                    );
                }
            }
        }
    }
}

/// The principals of each grant in the generated configuration, and its condition.
fn grants(parameters: &[(&str, &str)]) -> Vec<(Vec<String>, Value)> {
    let configuration = Stack::with(parameters).resource("Configuration")["Value"].clone();
    let config = onboarding_core::config::Config::parse_without_files(text(&configuration));
    let config = config.unwrap_or_else(|error| panic!("{error}\n{configuration}"));
    let principal = |principal: &PrincipalSpec| match principal {
        PrincipalSpec::Aws(template) => template.0.clone(),
        other => panic!("{other:?} is an account, a role or a user"),
    };
    let grants = config.access_role.grants.iter().map(|grant| {
        assert_eq!(grant.access_role, None);
        let principals = grant.trust.principals.iter().map(principal).collect();
        (principals, Value::Object(grant.trust.condition.to_json().as_object().cloned().unwrap_or_default()))
    });
    grants.collect()
}

#[test]
fn generated_grants_are_those_of_the_parameters() {
    const ROLE: &str = "arn:aws:iam::222233334444:role/teams/Admin";
    const USER: &str = "arn:aws:iam::222233334444:user/ann";
    let two = format!("{ROLE},{USER}");
    let account = || vec!["222233334444".to_owned()];
    let both = || vec![ROLE.to_owned(), USER.to_owned()];
    let mfa = || json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } });
    let pattern = permission_set_pattern;
    let one_set = || json!({ "ArnLike": { "aws:PrincipalArn": pattern("Admin") } });
    let two_sets = || json!({ "ArnLike": { "aws:PrincipalArn": [pattern("Admin"), pattern("On-Call")] } });
    let require_mfa = ("RequireMfa", "true");

    assert_eq!(grants(&[]), [(account(), json!({}))]);
    assert_eq!(grants(&[require_mfa]), [(account(), mfa())]);
    assert_eq!(grants(&[("IdentityPrincipals", &two)]), [(both(), json!({}))]);
    assert_eq!(grants(&[("IdentityPrincipals", &two), require_mfa]), [(both(), mfa())]);
    assert_eq!(grants(&[("PermissionSets", "Admin")]), [(account(), one_set())]);
    assert_eq!(grants(&[("PermissionSets", "Admin,On-Call")]), [(account(), two_sets())]);
    let all = [("IdentityPrincipals", &*two), ("PermissionSets", "Admin"), require_mfa];
    assert_eq!(grants(&all), [(both(), mfa()), (account(), one_set())], "MFA is not required of permission sets");
    // Next to everything else that the configuration has.
    let others = [("ExcludedAccountIds", "333344445555"), ("TrelicaExternalId", "one"), require_mfa];
    assert_eq!(grants(&others), [(account(), mfa())]);
}

/// CloudFormation cannot look into a list of ARNs, so that roles are not rejected as in the Terraform module.
#[test]
fn generated_configuration_warns_of_roles_that_mfa_denies() {
    const ROLE: &str = "arn:aws:iam::222233334444:role/teams/Admin";
    const USER: &str = "arn:aws:iam::222233334444:user/ann";
    let warnings = |principals: &str, mfa: &str| {
        let stack = Stack::with(&[("IdentityPrincipals", principals), ("RequireMfa", mfa)]);
        Config::parse_without_files(text(&stack.resource("Configuration")["Value"])).expect("a configuration").warnings
    };
    let found = warnings(&format!("{USER},{ROLE}"), "true");
    assert!(found.len() == 1 && found[0].starts_with(&format!("access-role: `{ROLE}` is denied")), "{found:?}");
    assert_eq!(warnings(&format!("{USER},{ROLE}"), "false"), [""; 0]);
    assert_eq!(warnings(USER, "true"), [""; 0]);
}

/// The stack, the Terraform module, the documentation and `onboard init` write one pattern.
#[test]
fn permission_sets_have_one_pattern() {
    let text = "arn:{partition}:iam::*:role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO_Admin_????????????????";
    assert_eq!(permission_set_pattern("Admin"), text);
    for (file, name) in [("docs/PREREQUISITES.md", "PlatformEngineer"), ("terraform/configuration.tf", "${name}")] {
        let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
        let content = std::fs::read_to_string(path).expect("the file");
        assert!(content.contains(&permission_set_pattern(name)), "{file}");
    }
    let starter = Starter {
        identity_account: "482913650127".parse().expect("an account ID"),
        granted: Granted::PermissionSets(vec!["Admin".to_owned()]),
        vendors: Vec::new(),
        excluded: BTreeSet::new(),
    };
    assert!(starter.to_toml().contains(&format!("\"{text}\"")), "{}", starter.to_toml());
}

/// With nothing but permission sets, to which MFA does not apply, it would be required of no one.
#[test]
fn mfa_without_effect_is_rejected() {
    let rule = &template()["Rules"]["MfaHasAnEffect"];
    assert_eq!(rule["RuleCondition"], json!({ "Fn::Equals": [{ "Ref": "RequireMfa" }, "true"] }));
    let is_empty = |parameter: &str| json!({ "Fn::Equals": [{ "Ref": parameter }, ""] });
    let expected = json!({ "Fn::Or": [is_empty("PermissionSets"), { "Fn::Not": [is_empty("IdentityPrincipals")] }] });
    assert_eq!(rule["Assertions"][0]["Assert"], expected);
}

#[test]
fn generated_configuration_excludes_the_given_accounts() {
    let excluded = |ids: &str| {
        let configuration = Stack::with(&[("ExcludedAccountIds", ids)]).resource("Configuration")["Value"].clone();
        let config = onboarding_core::config::Config::parse_without_files(text(&configuration));
        let config = config.unwrap_or_else(|error| panic!("{error}\n{configuration}"));
        config.excluded.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(excluded(""), [""; 0]);
    assert_eq!(excluded("333344445555"), ["333344445555"]);
    assert_eq!(excluded("333344445555,444455556666"), ["333344445555", "444455556666"]);
}

#[test]
fn generated_configuration_registers_in_the_chosen_region() {
    let parameters = |region| [("WorkloadSecurityExternalId", "one"), ("WorkloadSecurityRegion", region)];
    let configuration = |region| text(&Stack::with(&parameters(region)).resource("Configuration")["Value"]).to_owned();
    assert!(!configuration("").contains("registration"));
    let toml = configuration("de-1");
    let config =
        onboarding_core::config::Config::parse_without_files(&toml).unwrap_or_else(|error| panic!("{error}\n{toml}"));
    let registration = config.roles.iter().find_map(|role| role.registration.as_ref()).expect("a registration");
    assert_eq!(registration.tenant.endpoint.url(), "https://workload.de-1.cloudone.trendmicro.com/api");
    assert!(
        registration.tenant.key_parameter.starts_with("/account-onboarding/"),
        "the function is allowed to read the parameter"
    );
    // Without an external ID, the key is left out, and the function reads it from the API.
    let stack = Stack::with(&[("WorkloadSecurityRegion", "de-1")]);
    let toml = text(&stack.resource("Configuration")["Value"]).to_owned();
    let config =
        onboarding_core::config::Config::parse_without_files(&toml).unwrap_or_else(|error| panic!("{error}\n{toml}"));
    assert_eq!(onboarding_core::blueprint::tenants(&config).len(), 1, "{toml}");
    assert!(!toml.contains("external-id"), "{toml}");
    // The configuration accepts every region that the template offers.
    let (_, list) = TEMPLATE.split_once("AllowedValues: [\"\", us-1").expect("the regions");
    for region in list.split(']').next().unwrap_or_default().split(", ").filter(|region| !region.is_empty()) {
        assert!(onboarding_core::config::Config::parse_without_files(&configuration(region)).is_ok(), "{region}");
    }
}

#[test]
fn generated_configuration_refers_to_the_external_id_parameters() {
    let stack = Stack::with(&[("WorkloadSecurityExternalId", "one"), ("TrelicaExternalId", "two")]);
    let configuration = stack.resource("Configuration")["Value"].clone();
    for (resource, external_id) in
        [("WorkloadSecurityExternalIdParameter", "one"), ("TrelicaExternalIdParameter", "two")]
    {
        let parameter = stack.resource(resource);
        assert_eq!(parameter["Value"], external_id);
        let name = text(&parameter["Name"]);
        assert!(name.starts_with("/account-onboarding/"), "the function is allowed to read `{name}`");
        let reference = format!("external-id = {{ ssm-parameter = \"{name}\" }}");
        assert!(text(&configuration).contains(&reference), "{configuration}");
    }
}
