//! `onboard doctor`: checks everything that a run or a deployment needs, and says what to do. It only reads.
//!
//! Checks run concurrently, each with a time limit, and one that cannot read its facts does not stop the others.

mod deployment;
mod tools;

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use super::args::Doctor;
use super::common_args::{Aws, Format};
use super::config::{DEFAULT_CONFIG, load, refused_examples};
use super::exit::Exit;
use onboarding_core::account::{AccountId, Partition};
use onboarding_core::config::Config;
use onboarding_core::doctor::{self, Check, Diagnosis, Status, not_read};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::lines::render;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::suggestion::counted;
use onboarding_core::targets::Targets;
use onboarding_engine::ports::{Inspect, ManageAccounts, World};
use onboarding_engine::{ConfigurationError, DeployedConfiguration, all_accounts, target_units};

/// The longest time for a check. The SDK's own retries may take longer.
const LIMIT: Duration = Duration::from_secs(15);

/// The longest time to list the organization: 10,000 accounts take a minute.
const LISTING_LIMIT: Duration = Duration::from_secs(120);

pub(super) async fn doctor<W: World + Inspect + ManageAccounts>(
    options: Doctor,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let secrets = KnownSecrets::default();
    let (local, mut checks) = local_configuration(options.config.as_deref());
    let tools = std::thread::spawn(tools::checks);
    match connect(&options.aws).await {
        Ok(world) => checks.splice(0..0, remote(&world, &options, local, &secrets).await).for_each(drop),
        Err(error) => {
            let fix =
                "see the AWS CLI's `aws configure`, or pass `--profile` and `--region`; everything in AWS is unchecked";
            checks.insert(0, Check::failed("credentials", format!("{error:#}"), fix));
        }
    }
    checks.extend(tools.join().unwrap_or_default());
    let diagnosis = Diagnosis::new(checks, &secrets);
    match options.format {
        Format::Text => print_text!("{}", render(&diagnosis.lines())),
        Format::Json => print_line!("{}", diagnosis.to_json()?),
    }
    Ok(if diagnosis.count(Status::Failed) > 0 { Exit::Error } else { Exit::Done })
}

/// The file of `--config`, or the default one if there is one.
fn local_configuration(file: Option<&str>) -> (Option<Config>, Vec<Check>) {
    let file = match file {
        Some(file) => file,
        None if Path::new(DEFAULT_CONFIG).exists() => DEFAULT_CONFIG,
        None => return (None, Vec::new()),
    };
    match load(file) {
        Ok(config) => {
            let check = configuration_check(file, &config);
            (Some(config), vec![check])
        }
        Err(error) => {
            let fix = match Path::new(file).exists() {
                true => format!("`onboard config check {file}`"),
                false => format!("`onboard init --out {file}`"),
            };
            (None, vec![Check::failed("configuration", format!("{error:#}"), fix)])
        }
    }
}

fn configuration_check(name: &str, config: &Config) -> Check {
    let examples = refused_examples(config).count();
    if examples > 0 {
        let text = format!("{name} still contains {}", counted(examples, "example value"));
        return Check::failed(
            "configuration",
            text,
            "replace the example values; `onboard config check FILE` lists them",
        );
    }
    match config.warnings.len() {
        0 => Check::ok("configuration", format!("{name} is valid")),
        count => {
            let text = format!("{name} has {}", counted(count, "warning"));
            Check::warning("configuration", text, "`onboard config check FILE` shows them")
        }
    }
}

/// Everything in AWS, in the order in which it is shown.
async fn remote<W: World + Inspect + ManageAccounts>(
    world: &W,
    options: &Doctor,
    local: Option<Config>,
    secrets: &KnownSecrets,
) -> Vec<Check> {
    let region = world.region_name();
    let (caller, organization, trails, function) = futures_util::join!(
        limited("sts:GetCallerIdentity", world.caller_arn()),
        limited("organizations:DescribeOrganization", world.organization_facts()),
        limited("cloudtrail:DescribeTrails", world.trail_facts()),
        limited("lambda:GetFunctionConfiguration", world.function_facts(&options.function)),
    );
    let mut checks = Vec::new();
    match &caller {
        Ok(arn) => checks.push(doctor::credentials(arn, options.aws.profile.as_deref())),
        Err(error) => {
            let fix = match error.kind() {
                ErrorKind::Unavailable | ErrorKind::Throttled | ErrorKind::Unreachable => {
                    "check the network, the proxy and the trusted certificates (`AWS_CA_BUNDLE`), then run again"
                }
                _ => "sign in (`aws sso login --profile NAME`), then pass `--profile NAME`",
            };
            checks.push(Check::failed("credentials", format!("they cannot be used: {error}"), fix));
        }
    }
    let account = caller.as_deref().ok().and_then(AccountId::from_arn);
    let mut configurations: Vec<Config> = local.into_iter().collect();
    let mut deployed = Vec::new();
    match function {
        Err(error) => deployed.push(not_read("function", &error)),
        Ok(found) => {
            deployed.push(doctor::function(&options.function, &region, found.as_ref()));
            if let Some(facts) = found {
                let (config, found) = deployment::checks(world, &facts).await;
                configurations.extend(config);
                deployed.extend(found);
            }
        }
    }
    let through = configurations.iter().find_map(|config| config.management.as_ref());
    match &organization {
        Ok(facts) => {
            checks.push(doctor::organization(facts));
            checks.extend(account.as_ref().map(|account| doctor::account(account, facts, through)));
        }
        Err(error) => checks.push(not_read("organization", error)),
    }
    if let Some(partition) = caller.as_deref().ok().and_then(|arn| Partition::from_arn(arn).ok()) {
        checks.push(doctor::region(&region, &partition));
    }
    checks.push(match (through, trails) {
        (Some(role), _) if account.as_ref() != Some(&role.account) => doctor::trails_elsewhere(&role.account),
        (_, Err(error)) => not_read("CloudTrail", &error),
        (_, Ok(found)) => doctor::trails(&found, &region),
    });
    checks.extend(deployed);
    for config in &configurations {
        checks.extend(targets(world, config).await);
    }
    checks.extend(deployment::parameters_and_vendors(world, &configurations, account.as_ref(), secrets).await);
    checks
}

/// The targets of a configuration, compared with the organization, which is listed only if something has targets.
async fn targets<W: World + ManageAccounts>(world: &W, config: &Config) -> Vec<Check> {
    if config.targets().all(Targets::is_every_account) {
        return Vec::new();
    }
    let work = async {
        let accounts = all_accounts(world).await?.accounts;
        let units = target_units(world, config, &accounts).await?;
        Ok::<_, ApiError>(doctor::targets(config, &accounts, &units, None))
    };
    match tokio::time::timeout(LISTING_LIMIT, work).await {
        Ok(Ok(checks)) => checks,
        Ok(Err(error)) => vec![not_read("targets", &error)],
        Err(_) => vec![not_read("targets", &late("organizations:ListAccounts", LISTING_LIMIT))],
    }
}

/// The configuration that the function reads, with its files, read as the function does.
async fn deployed_configuration<W: World>(world: &W, name: &str) -> (Option<Config>, Check) {
    let read = tokio::time::timeout(LIMIT, DeployedConfiguration::read(world, name)).await;
    let deployed = match read {
        Ok(Ok(deployed)) => deployed,
        Ok(Err(ConfigurationError::Parameter { error, .. } | ConfigurationError::Files { error, .. })) => {
            return (None, not_read("configuration", &error));
        }
        Ok(Err(error)) => {
            let fix = format!("`onboard config push --name {name}`");
            return (None, Check::failed("configuration", error.to_string(), fix));
        }
        Err(_) => return (None, not_read("configuration", &late("ssm:GetParameter", LIMIT))),
    };
    let shown = match deployed.files.iter().count() {
        1 => name.to_owned(),
        count => format!("{name} with {count} files"),
    };
    match deployed.parse() {
        Ok(config) => {
            let check = configuration_check(&shown, &config);
            (Some(config), check)
        }
        Err(problems) => {
            let fix = format!(
                "correct it and run `onboard config push --name {name}`; if the stack creates this parameter, correct the \
                 stack's parameters and deploy again"
            );
            (None, Check::failed("configuration", problems.to_string().trim_end().to_owned(), fix))
        }
    }
}

/// The result of a call, or an error after the time limit.
async fn limited<T>(call: &'static str, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    tokio::time::timeout(LIMIT, work).await.unwrap_or_else(|_| Err(late(call, LIMIT)))
}

fn late(call: &'static str, limit: Duration) -> ApiError {
    ApiError::new(call, "Timeout", &format!("no answer within {} seconds", limit.as_secs()))
}
