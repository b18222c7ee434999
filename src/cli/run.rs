//! `onboard plan` and `onboard apply`: for one account, or for many.

use super::account;
use super::common_args::Aws;
use super::exit::Exit;
use super::many_accounts;
use super::run_args::{Apply, Plan};
use onboarding_engine::ports::{ManageAccounts, World, WriteIam};

pub(super) async fn plan<W: World + ManageAccounts>(
    Plan { run, out }: Plan,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    match run.selector() {
        Some(selector) if out.is_none() => account::plan(run.into_target(selector), connect).await,
        _ => many_accounts::plan(run, out.as_deref(), connect).await,
    }
}

pub(super) async fn apply<W: World<Session: WriteIam> + ManageAccounts>(
    Apply { plan_file, run, yes }: Apply,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    match (plan_file, run.selector()) {
        (Some(file), _) => many_accounts::apply_saved(&file, run, yes, connect).await,
        (None, Some(selector)) => account::apply(run.into_target(selector), yes, connect).await,
        (None, None) => many_accounts::apply(run, yes, connect).await,
    }
}
