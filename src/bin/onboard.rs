//! The entry point of the CLI: passes the AWS clients to the commands and returns their exit code.

use std::process::ExitCode;

use account_onboarding::aws::{self, HttpClient, Organizations, Parameters, Sts, SystemClock};
use account_onboarding::cli::{self, Aws};
use account_onboarding::vendors::Vendors;
use onboarding_engine::ports::{NoLeases, Ports};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let connect = async |access: &Aws| {
        let config = aws::cli_config(access.profile.as_deref(), access.region.as_deref()).await?;
        Ok(Ports {
            directory: Organizations::new(&config),
            sessions: Sts::new(&config),
            secrets: Parameters::new(&config),
            leases: NoLeases,
            vendors: Vendors::new(HttpClient::default()),
            clock: SystemClock,
        })
    };
    cli::run(connect).await.into()
}
