//! The entry point of the Lambda function: reads the environment, creates the clients and starts the runtime.

use std::process::ExitCode;

use account_onboarding::aws::{
    self, EventBridgeNotifier, HttpClient, Organizations, Parameters, Sqs, SsmLeases, Sts, SystemClock,
};
use account_onboarding::lambda::{self, Clients, Function, Settings};
use account_onboarding::vendors::Vendors;
use lambda_runtime::{LambdaEvent, service_fn};
use onboarding_engine::ports::Ports;
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::start_log(std::env::var("ONBOARDING_LOG").ok().as_deref());
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            lambda::start_failed(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let config = aws::function_config()?;
    let settings = Settings::from_env()?;
    let secrets = Parameters::new(&config);
    let world = Ports {
        directory: Organizations::new(&config),
        sessions: Sts::new(&config),
        leases: SsmLeases::new(&secrets, settings.lease_prefix.clone()),
        vendors: Vendors::new(HttpClient::default()),
        secrets: secrets.clone(),
        clock: SystemClock,
    };
    let ports = Clients {
        world,
        queue: Sqs::new(&config, settings.queue.clone(), settings.dead_letters.clone()),
        notifier: EventBridgeNotifier::new(
            &config,
            &secrets,
            settings.event_bus.clone(),
            settings.notification_prefix.clone(),
        ),
    };
    let function = &Function { ports, settings };
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Box<RawValue>>| function.handle(event).await)).await
}
