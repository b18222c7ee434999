//! The checks of the deployed stack, which the environment of the function names, and of what the configurations refer to.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use futures_util::join;
use secrecy::ExposeSecret;

use super::{deployed_configuration, limited};
use onboarding_core::account::AccountId;
use onboarding_core::blueprint;
use onboarding_core::config::{Config, VendorTenant};
use onboarding_core::doctor::{self, Check, FunctionFacts, not_read};
use onboarding_core::error::ErrorKind;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::role::{ExternalId, InvalidExternalId};
use onboarding_core::vendor::{Api, ApiAccess};
use onboarding_engine::ports::{Inspect, ParameterValue, World};
use onboarding_engine::{Unusable, Use, read_parameters};

/// The stack: the configuration that the function reads, and a check of each resource.
pub(super) async fn checks<W: World + Inspect>(world: &W, function: &FunctionFacts) -> (Option<Config>, Vec<Check>) {
    let variable = |name: &str| function.environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let queue_of = async |name: &str| match variable(name) {
        Some(url) => Some(limited("sqs:GetQueueAttributes", world.queue_facts(url)).await),
        None => None,
    };
    let table = async {
        let name = variable("ONBOARDING_TABLE")?;
        let state = limited("dynamodb:DescribeTable", world.table_state(name)).await;
        Some(state.map_or_else(|error| not_read("table", &error), |state| doctor::table(name, &state)))
    };
    let role = async {
        let name = function.role.as_deref()?;
        Some((name, limited("iam:ListRolePolicies", world.own_role_policies(name)).await))
    };
    let configuration = async {
        match variable("ONBOARDING_CONFIG_PARAMETER") {
            Some(name) => Some(deployed_configuration(world, name).await),
            None => None,
        }
    };
    let (queue, dead_letters, table, role, configuration) =
        join!(queue_of("ONBOARDING_QUEUE_URL"), queue_of("ONBOARDING_DEAD_LETTERS_URL"), table, role, configuration);

    let unset = |check, name: &str| {
        Check::warning(check, format!("the function has no variable `{name}`"), "deploy the stack again")
    };
    let (config, configuration) = configuration.unzip();
    let config = config.flatten();
    let through = config.as_ref().and_then(|config| config.management.as_ref());
    let role = role.map(|(name, policies)| match policies {
        Ok(policies) => doctor::role(name, &policies, through),
        Err(error) => not_read("role", &error),
    });
    let mut checks = vec![
        role.unwrap_or_else(|| Check::failed("role", "the function has no role", "deploy the stack again")),
        configuration.unwrap_or_else(|| unset("configuration", "ONBOARDING_CONFIG_PARAMETER")),
    ];
    let inbox = match queue {
        None => {
            checks.push(unset("queue", "ONBOARDING_QUEUE_URL"));
            None
        }
        Some(Err(error)) => {
            checks.push(not_read("queue", &error));
            None
        }
        Some(Ok(facts)) => {
            checks.push(doctor::inbox(&facts));
            let rules = limited("events:ListRuleNamesByTarget", world.rules_with_target(&facts.arn)).await;
            checks.push(rules.map_or_else(|error| not_read("rules", &error), |rules| doctor::rules(&rules)));
            Some(facts)
        }
    };
    checks.push(match dead_letters {
        None => unset("dead letters", "ONBOARDING_DEAD_LETTERS_URL"),
        Some(Err(error)) => not_read("dead letters", &error),
        Some(Ok(facts)) => doctor::dead_letters(&facts, inbox.as_ref().map(|inbox| inbox.arn.as_str())),
    });
    checks.push(table.unwrap_or_else(|| unset("table", "ONBOARDING_TABLE")));
    (config, checks)
}

/// The SSM parameters that the configurations refer to, and the vendors' APIs with the keys in them.
pub(super) async fn parameters_and_vendors<W: World + Inspect>(
    world: &W,
    configurations: &[Config],
    account: Option<&AccountId>,
    secrets: &KnownSecrets,
) -> Vec<Check> {
    let names: BTreeSet<&str> = configurations.iter().flat_map(blueprint::parameters).collect();
    let keys: BTreeSet<&str> = configurations.iter().flat_map(blueprint::key_parameters).collect();
    let names: Vec<_> = names.into_iter().collect();
    let mut checks = Vec::new();
    let read = limited("ssm:GetParameters", read_parameters(world, &names)).await;
    let read = read.unwrap_or_else(|error| {
        checks.push(not_read("parameter", &error));
        BTreeMap::new()
    });
    let region = world.region_name();
    let mut values = BTreeMap::new();
    for (name, value) in read {
        let used_as = if keys.contains(name) { Use::Key } else { Use::ExternalId };
        checks.push(match value {
            Ok(value) => {
                secrets.add(value.value.expose_secret());
                let external_id: Result<ExternalId, _> = value.value.expose_secret().trim().parse();
                let check = match (used_as.check(value.kind), external_id) {
                    (Err(problem), _) => unusable(name, &problem),
                    (Ok(()), Err(problem)) if used_as == Use::ExternalId => not_an_external_id(name, &problem),
                    (Ok(()), _) => Check::ok("parameter", format!("{name} exists")),
                };
                values.insert(name, value);
                check
            }
            Err(Unusable::Missing) => doctor::parameter(name, &region),
            Err(Unusable::Unreadable(error)) => doctor::unreadable_parameter(name, &error),
            Err(problem) => unusable(name, &problem),
        });
    }
    let registrations =
        configurations.iter().flat_map(|config| &config.roles).filter_map(|role| role.registration.as_ref());
    let mut seen = BTreeSet::new();
    let once = registrations.filter(|one| seen.insert(one.tenant.clone()));
    let asked: BTreeSet<_> = configurations.iter().flat_map(blueprint::tenants).collect();
    let vendors = once.map(async |registration| {
        let tenant = &registration.tenant;
        let access = match vendor_access(world, tenant, &values, account).await? {
            Ok(access) => access,
            Err(failed) => return Some(failed),
        };
        if asked.contains(tenant) {
            return Some(external_id(world, tenant.api, &access, secrets).await);
        }
        Some(Check::ok("vendor API", format!("{} answers and accepts the key", access.endpoint.url())))
    });
    checks.extend(join_all(vendors).await.into_iter().flatten());
    checks
}

/// A parameter whose value the function does not use.
fn unusable(name: &str, problem: &Unusable) -> Check {
    let text = match problem {
        Unusable::NotEncrypted => format!("{name} holds an API key and is not a SecureString"),
        Unusable::List => format!("{name} is a StringList, and an external ID or API key is one value"),
        Unusable::Missing | Unusable::Unreadable(_) => format!("{name}: {problem}"),
    };
    let fix = format!(
        "delete it, and store the value with `aws ssm put-parameter --type SecureString --name {name} --value …`"
    );
    Check::failed("parameter", text, fix)
}

/// A parameter with something else than an external ID, such as the placeholder of a command that was pasted.
fn not_an_external_id(name: &str, problem: &InvalidExternalId) -> Check {
    let fix = format!(
        "store the ID that the vendor shows with `aws ssm put-parameter --overwrite --type SecureString --name {name} --value …`"
    );
    Check::failed("parameter", format!("{name}: {problem}"), fix)
}

/// The access to a vendor's API that answers from here and accepts the key, or what is wrong. The function may be in another
/// network. `None` if there is no key, or no account to ask for.
async fn vendor_access<W: World>(
    world: &W,
    VendorTenant { api, endpoint, key_parameter }: &VendorTenant,
    values: &BTreeMap<&str, ParameterValue>,
    account: Option<&AccountId>,
) -> Option<Result<ApiAccess, Check>> {
    let url = endpoint.url();
    let key = values.get(key_parameter.as_str())?.value.expose_secret().trim().parse();
    let Ok(key) = key else {
        let text = format!("the value of {key_parameter} is not a valid API key");
        return Some(Err(Check::failed("vendor API", text, "store the key that the vendor gave you")));
    };
    let access = ApiAccess { endpoint: endpoint.clone(), key };
    let asked = limited("vendor API", world.vendor_registrations(*api, &access, account?)).await;
    Some(match asked {
        Ok(_) => Ok(access),
        Err(error) if error.kind() == ErrorKind::Unavailable => Err(Check::failed(
            "vendor API",
            format!("{url} cannot be reached from here: {error}"),
            "check the network, and the region or URL of the registration",
        )),
        Err(error) => Err(Check::failed(
            "vendor API",
            format!("{url} refuses: {error}"),
            "check the key, and its permission to list AWS connectors",
        )),
    })
}

/// Whether a vendor's API that answers returns the external ID, which the configuration leaves to it.
async fn external_id<W: World>(world: &W, api: Api, access: &ApiAccess, secrets: &KnownSecrets) -> Check {
    let url = access.endpoint.url();
    let failed = |problem: &str| {
        let text = format!("{url} accepts the key and returns no external ID: {problem}");
        Check::failed("vendor API", text, "set `external-id` of the vendor in the configuration, or check the key")
    };
    let returned = match limited("vendor API", world.vendor_external_id(api, access)).await {
        Ok(Some(returned)) => returned,
        Ok(None) => return failed("the response has none"),
        Err(error) => return failed(&error.to_string()),
    };
    match returned.expose_secret().parse::<ExternalId>() {
        Ok(id) => {
            id.add_to(secrets);
            Check::ok("vendor API", format!("{url} answers, accepts the key and returns the external ID"))
        }
        Err(error) => failed(&error.to_string()),
    }
}
