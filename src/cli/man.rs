//! The man pages, generated from the `--help` texts: one for `onboard` and one for each of its subcommands.

use std::path::Path;

use anyhow::Context;
use clap::Command;

use super::exit::Exit;

/// Writes the man pages to a folder, which is created if it does not exist.
pub(super) fn write(command: Command, folder: &Path) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder `{}`", folder.display()))?;
    clap_mangen::generate_to(command, folder)
        .with_context(|| format!("cannot write the man pages to `{}`", folder.display()))?;
    Ok(Exit::Done)
}
