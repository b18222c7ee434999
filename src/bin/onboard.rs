//! The entry point of the CLI: passes the AWS clients to the commands and returns their exit code.

use std::process::ExitCode;

use account_onboarding::aws::{self, Aws};
use account_onboarding::cli;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let connect = async |access: &cli::Aws| {
        let config = aws::cli_config(access.profile.as_deref(), access.region.as_deref()).await?;
        Ok(Aws::for_user(config, access.records.clone()))
    };
    cli::run(connect).await.into()
}
