//! The entry point of the Lambda function: reads the environment, creates the clients and starts the runtime.

// The future of an invocation nests deeper than the default limit of 128.
#![recursion_limit = "256"]

use std::process::ExitCode;

use account_onboarding::aws::{self, Aws, Resources};
use account_onboarding::lambda::{self, ConfigLocation, Function};
use lambda_runtime::{LambdaEvent, service_fn};
use onboarding_core::redaction::KnownSecrets;
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let secrets = KnownSecrets::default();
    // Lambda passes the credentials of the role in the environment.
    let credentials =
        ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(|name| std::env::var(name).unwrap_or_default());
    credentials.iter().for_each(|value| secrets.add(value));
    lambda::start_log(std::env::var("ONBOARDING_LOG").ok().as_deref(), &secrets);
    match run(secrets).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            lambda::start_failed(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(secrets: KnownSecrets) -> Result<(), lambda_runtime::Error> {
    let world = Aws::new(&aws::function_config()?, Resources::from_env());
    let function = Function::new(world, ConfigLocation::from_env()?, lambda::sweep_mode_from_env()?, secrets);
    let function = &function.one_of(lambda::concurrency_from_env()?);
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Box<RawValue>>| function.handle(event).await)).await
}
