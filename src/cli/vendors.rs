//! `onboard vendors`: list and show the vendor catalogue.

use std::path::Path;

use anyhow::anyhow;

use super::exit::Exit;
use super::input::read;
use onboarding_core::config::{Config, Folder};
use onboarding_core::lines::render;
use onboarding_core::suggestion::{did_you_mean, list_of};
use onboarding_core::vendor::{self, Catalogue};

pub(super) fn list(config: Option<&str>) -> anyhow::Result<Exit> {
    print_text!("{}", render(&vendor::list(&catalogue(config)?)));
    Ok(Exit::Done)
}

pub(super) fn show(name: &str, config: Option<&str>) -> anyhow::Result<Exit> {
    let catalogue = catalogue(config)?;
    let Some(vendor) = catalogue.get(name) else {
        let hint = did_you_mean(name, catalogue.names());
        anyhow::bail!("unknown vendor `{name}`; known vendors are {}{hint}", list_of(catalogue.names()));
    };
    print_text!("{}", render(&vendor::show(vendor)));
    Ok(Exit::Done)
}

fn catalogue(config: Option<&str>) -> anyhow::Result<Catalogue> {
    let Some(file) = config else { return Ok(Catalogue::built_in()) };
    let text = read(file)?;
    Config::catalogue(&text, &Folder::containing(Path::new(file))).map_err(|p| anyhow!("{}", p.to_string().trim_end()))
}
