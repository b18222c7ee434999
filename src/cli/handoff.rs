//! `onboard handoff`: what a person still has to do at vendors, and `onboard handoff done`, which records that it was done.

use anyhow::{anyhow, ensure};
use serde::Serialize;

use super::accounts::warn_of_unreadable;
use super::common_args::Aws;
use super::config;
use super::exit::Exit;
use super::explained::explained;
use super::output::warn;
use super::vendor_args::{Handoff, HandoffCommand, HandoffDone, HandoffFormat, HandoffList};
use onboarding_core::config::{Config, RoleTemplate};
use onboarding_core::handoff::HandoffStatus;
use onboarding_core::handoff_list::{AccountHandoff, TenantSteps, csv, handoff_lines, tenant_lines, tenant_steps};
use onboarding_core::lines::{Line, Style, render};
use onboarding_core::owner::Owner;
use onboarding_core::suggestion::{did_you_mean, list_of};
use onboarding_engine::Engine;
use onboarding_engine::ports::World;

/// The JSON format. Its version changes like that of the report.
#[derive(Serialize)]
struct Wire<'a> {
    version: u32,
    handoffs: &'a [AccountHandoff],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tenants: &'a [TenantSteps],
}

pub(super) async fn handoff<W: World>(
    Handoff { command, list }: Handoff,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    match command {
        Some(HandoffCommand::Done(arguments)) => done(arguments, connect).await,
        None => show(list, connect).await,
    }
}

async fn show<W: World>(
    HandoffList { vendor, account, all: _, format, config, aws }: HandoffList,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let config = config::load(&config)?;
    if let Some(vendor) = &vendor {
        check_vendor(&config, vendor, |role| role.handoff.is_some() || !role.once.is_empty())?;
    }
    let mut tenants = tenant_steps(&config);
    let engine = Engine::new(connect(&aws).await?, config);
    let mut handoffs = match &account {
        Some(id) => engine.account_handoffs(id).await.map_err(explained)?,
        None => {
            let (handoffs, unreadable) =
                engine.all_handoffs().await.map_err(|stop| explained(stop).context("cannot list the hand-offs"))?;
            warn_of_unreadable(unreadable);
            handoffs
        }
    };
    handoffs.retain(|one| vendor.as_ref().is_none_or(|vendor| one.handoff.vendor == *vendor));
    tenants.retain(|one| vendor.as_ref().is_none_or(|vendor| one.vendor == *vendor));
    if !engine.world.records_enabled() {
        warn("without `--records TABLE`, it is not known which hand-offs are done: all are shown as open");
    }
    match format {
        HandoffFormat::Text => {
            let mut lines = handoff_lines(&handoffs);
            lines.extend(tenant_lines(&tenants));
            print_text!("{}", render(&lines));
        }
        HandoffFormat::Csv => print_text!("{}", csv(&handoffs)),
        HandoffFormat::Json => {
            print_line!(
                "{}",
                serde_json::to_string_pretty(&Wire { version: 1, handoffs: &handoffs, tenants: &tenants })?
            );
        }
    }
    Ok(Exit::Done)
}

async fn done<W: World>(
    HandoffDone { vendor, account, undo, config, aws }: HandoffDone,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let config = config::load(&config)?;
    check_vendor(&config, &vendor, |role| role.handoff.is_some())?;
    let engine = Engine::new(connect(&aws).await?, config);
    ensure!(
        engine.world.records_enabled(),
        "the hand-off cannot be recorded without a table; pass `--records TABLE` (output `RecordsTable` of the stack)"
    );
    let status = if undo { HandoffStatus::Open } else { HandoffStatus::Done };
    let before = engine.mark_handoff(&account, &vendor, status).await.map_err(explained)?;
    let before = before.ok_or_else(|| anyhow!("`{vendor}` has no hand-off"))?;
    let AccountHandoff { account_id, account_name, handoff, .. } = &before;
    let verb = match (handoff.status == status && !(undo && handoff.changed), status) {
        (true, status) => format!("was {} already", status.as_str()),
        (false, status) => format!("is {}", status.as_str()),
    };
    let line = Line::at(0).styled(Style::Success, format!("The hand-off of {} ", handoff.title));
    let line = line.styled(Style::Success, verb).text(format!(": account {account_id} ({account_name})"));
    print_text!("{}", render(&[line]));
    Ok(Exit::Done)
}

fn check_vendor(config: &Config, vendor: &str, has_steps: fn(&RoleTemplate) -> bool) -> anyhow::Result<()> {
    let with_handoff = config.roles.iter().filter(|role| has_steps(role));
    let names: Vec<_> = with_handoff
        .filter_map(|role| match &role.definition.owner {
            Owner::Vendor(name) => Some(name.as_str()),
            Owner::Role(_) => None,
        })
        .collect();
    ensure!(
        names.contains(&vendor),
        "`{vendor}` has no hand-off in this configuration; the vendors with one are: {}{}",
        list_of(names.iter().copied()),
        did_you_mean(vendor, names.iter().copied())
    );
    Ok(())
}
