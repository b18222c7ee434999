//! The Lambda function: environment, clients, run.

use account_onboarding::aws::{self, Organizations, Parameters, Sts, SystemClock};
use account_onboarding::lambda::{self, Function, Settings};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::start_log(std::env::var("ONBOARDING_LOG").ok().as_deref());
    let config = aws::function()?;
    let function = Function {
        directory: Organizations::new(&config),
        sessions: Sts::new(&config),
        secrets: Parameters::new(&config),
        clock: SystemClock,
        settings: Settings::from_env()?,
    };
    let function = &function;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Box<RawValue>>| function.answer(event).await)).await
}
