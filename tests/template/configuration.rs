//! The configuration that the stack makes of its answers.

use crate::stack::{Stack, TEMPLATE, text};

#[test]
fn the_configuration_is_valid_for_all_answers() {
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
                // the configuration parses
                if let Err(error) = onboarding_core::config::Config::parse_alone(toml) {
                    panic!("{error:?}\n{toml}");
                }
                for (name, external_id) in [("workload-security", workload_security), ("trelica", trelica)] {
                    assert_eq!(toml.contains(&format!("[vendors.{name}]")), !external_id.is_empty(), "{toml}");
                    assert!(
                        external_id.is_empty() || !toml.contains(external_id),
                        "the external ID stays out:\n{toml}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_stack_s_configuration_registers_where_it_is_told_to() {
    let answers = |region| [("WorkloadSecurityExternalId", "one"), ("WorkloadSecurityRegion", region)];
    let made = |region| text(&Stack::with(&answers(region)).resource("Configuration")["Value"]).to_owned();
    assert!(!made("").contains("registration"));
    let toml = made("de-1");
    let config = onboarding_core::config::Config::parse_alone(&toml).unwrap_or_else(|error| panic!("{error}\n{toml}"));
    let registration = config.roles.iter().find_map(|role| role.registration.as_ref()).expect("a registration");
    assert_eq!(registration.endpoint.url(), "https://workload.de-1.cloudone.trendmicro.com/api");
    assert!(registration.key_parameter.starts_with("/account-onboarding/"), "it is where the function may read");
    // Every region that may be chosen is one that the configuration takes.
    let (_, list) = TEMPLATE.split_once("AllowedValues: [\"\", us-1").expect("the regions");
    for region in list.split(']').next().unwrap_or_default().split(", ").filter(|region| !region.is_empty()) {
        assert!(onboarding_core::config::Config::parse_alone(&made(region)).is_ok(), "{region}");
    }
}

#[test]
fn the_external_ids_are_where_the_configuration_says() {
    let stack = Stack::with(&[("WorkloadSecurityExternalId", "one"), ("TrelicaExternalId", "two")]);
    let configuration = stack.resource("Configuration")["Value"].clone();
    for (resource, external_id) in
        [("WorkloadSecurityExternalIdParameter", "one"), ("TrelicaExternalIdParameter", "two")]
    {
        let parameter = stack.resource(resource);
        assert_eq!(parameter["Value"], external_id);
        let name = text(&parameter["Name"]);
        assert!(name.starts_with("/account-onboarding/"), "`{name}` is where the function may read");
        let reference = format!("external-id = {{ ssm-parameter = \"{name}\" }}");
        assert!(text(&configuration).contains(&reference), "{configuration}");
    }
}
