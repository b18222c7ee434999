//! `onboard vendors`: list and show the vendor catalogue.

use std::path::Path;

use anyhow::anyhow;

use super::{Exit, read};
use onboarding_core::config::{Config, Folder};
use onboarding_core::report::paint::strong;
use onboarding_core::suggestion::{did_you_mean, list_of};
use onboarding_core::vendor::{self, Catalogue};

pub(super) fn list(config: Option<&str>) -> anyhow::Result<Exit> {
    let rows = vendor::rows(&catalogue(config)?);
    let head = vendor::Row {
        name: "NAME".to_owned(),
        title: "VENDOR".to_owned(),
        role: "ROLE".to_owned(),
        origin: "FROM".to_owned(),
    };
    let width =
        |cell: fn(&vendor::Row) -> &str| rows.iter().chain([&head]).map(|row| cell(row).len()).max().unwrap_or(0);
    let name = width(|r| &r.name);
    let title = width(|r| &r.title);
    let role = width(|r| &r.role);
    let line = |row: &vendor::Row| {
        format!("{:name$}  {:title$}  {:role$}  {}", row.name, row.title, row.role, row.origin).trim_end().to_owned()
    };
    print_line!("{}", strong(line(&head)));
    for row in &rows {
        print_line!("{}", line(row));
    }
    Ok(Exit::Done)
}

pub(super) fn show(name: &str, config: Option<&str>) -> anyhow::Result<Exit> {
    let catalogue = catalogue(config)?;
    let Some(vendor) = catalogue.get(name) else {
        let hint = did_you_mean(name, catalogue.names());
        anyhow::bail!("unknown vendor `{name}`; known vendors are {}{hint}", list_of(catalogue.names()));
    };
    print_text!("{}", vendor::show(vendor));
    Ok(Exit::Done)
}

fn catalogue(config: Option<&str>) -> anyhow::Result<Catalogue> {
    let Some(file) = config else { return Ok(Catalogue::built_in()) };
    let text = read(file)?;
    Config::catalogue(&text, &Folder::containing(Path::new(file))).map_err(|p| anyhow!("{}", p.to_string().trim_end()))
}
