//! `onboard demo`: the real engine on a simulated organization, without AWS.
//!
//! Everything is carried out before the first line is printed, so that the summary comes first. Time and the pauses between
//! attempts are simulated, so that every run prints the same.

mod every_account;
mod one_account;

use std::fmt::Display;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use super::exit::Exit;
use onboarding_core::config::Config;
use onboarding_core::lines::{Line, Style};
use onboarding_simulation::FakeOrganization;

const CONFIG: &str = include_str!("../../../onboarding.toml");
const MANAGEMENT: &str = "111122223333";
const IDENTITY: &str = "222233334444";
const PIPELINE: &str = "arn:aws:iam::222233334444:role/app-pipeline";
/// The vendors' accounts. Like IAM, the simulation rejects policies that name accounts that do not exist.
const VENDORS: [&str; 2] = ["147995105371", "377450845233"];

/// The options of `onboard demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Plan, apply and audit every account of a simulated organization, instead of onboarding one new account
    #[arg(long)]
    all: bool,
    /// Write the audit of the simulated organization to this file, as a page for a browser
    #[arg(long, value_name = "FILE", requires = "all")]
    out: Option<PathBuf>,
}

pub(super) async fn demo(arguments: DemoArgs) -> anyhow::Result<Exit> {
    if arguments.all { every_account::demo(arguments.out.as_deref()).await } else { one_account::demo().await }
}

fn config() -> anyhow::Result<Config> {
    Config::parse_without_files(CONFIG).map_err(|problems| anyhow!("{problems}"))
}

/// An organization with the principals that the configuration names.
fn organization() -> anyhow::Result<FakeOrganization> {
    let mut organization = FakeOrganization::new("aws".parse()?, MANAGEMENT.parse()?, IDENTITY.parse()?)
        .with_identity(PIPELINE)
        .with_jitter_seed(1);
    for vendor in VENDORS {
        organization = organization.with_outside_account(&vendor.parse()?);
    }
    Ok(organization)
}

fn heading(title: &str) -> Vec<Line> {
    vec![Line::blank(), Line::heading(title)]
}

fn faint(text: impl Display) -> Line {
    Line::at(0).styled(Style::Faint, text)
}
