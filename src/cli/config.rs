//! `onboard config check` and `onboard config show`.

use std::path::Path;

use anyhow::anyhow;

use super::{Exit, read};
use onboarding_core::config::{self, Config, Folder};
use onboarding_core::report::paint;

/// Reads a configuration. The error message has one line per problem.
pub(super) fn load(file: &str) -> anyhow::Result<Config> {
    let text = read(file)?;
    Config::parse(&text, &Folder::containing(Path::new(file)))
        .map_err(|problems| anyhow!("{}", problems.to_string().trim_end()))
}

pub(super) fn check(file: &str) -> anyhow::Result<Exit> {
    let config = load(file)?;
    for warning in config.warnings() {
        eprint_line!("{} {warning}", paint::careful("warning:"));
    }
    let grants = config.access_role.grants.len();
    let roles = config.roles.len();
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let grants = plural(grants, "grant");
    let roles = plural(roles, "role");
    print_line!("{} {grants} on the access role, {roles}", paint::good(format!("{file} is valid:")));
    Ok(Exit::Done)
}

pub(super) fn show(file: &str) -> anyhow::Result<Exit> {
    print_text!("{}", config::show(&load(file)?));
    Ok(Exit::Done)
}
