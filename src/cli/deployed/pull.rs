//! `onboard config pull`: prints the deployed configuration, saves it with its files, or shows what a push would change.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{anyhow, ensure};
use secrecy::ExposeSecret;

use super::save::Target;
use super::stored::stored;
use crate::cli::common_args::Aws;
use crate::cli::config::errors;
use crate::cli::config_args::Pull;
use crate::cli::exit::Exit;
use crate::cli::input::read;
use crate::cli::new_file::{Existing, Readers};
use crate::cli::output::warn;
use onboarding_core::config::Folder;
use onboarding_core::config::deployed_files::{FileIndex, FileSet, changes};
use onboarding_core::lines::render;
use onboarding_core::suggestion::{counted, list_of};
use onboarding_core::text::printable_lines;
use onboarding_engine::DeployedConfiguration;
use onboarding_engine::ports::{Clock, ParameterKind, ParameterStore, Secrets};

pub(in crate::cli) async fn pull<W: ParameterStore + Secrets + Clock>(
    options: Pull,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let existing = if options.force { Existing::Replaced } else { Existing::Kept };
    if let (Some(file), Existing::Kept) = (&options.out, existing) {
        ensure!(
            std::fs::symlink_metadata(file).is_err(),
            "`{file}` exists already; compare with `--against {file}`, or pass `--force` to replace it"
        );
    }
    let local = options.against.as_deref().map(read).transpose()?;
    let name = &options.parameter.name;
    let world = connect(&options.aws).await?;
    let stored = stored(&world, name).await?.ok_or_else(|| {
        anyhow!("the SSM parameter `{name}` does not exist in this account and region; check `--name` and `--region`")
    })?;
    let value = stored.value.expose_secret();
    let files = match FileIndex::parse(value) {
        None => FileSet::single(value),
        Some(_) => DeployedConfiguration::read(&world, name).await?.files,
    };
    match (local, &options.out) {
        (Some(local), _) => {
            let file = options.against.as_deref().unwrap_or_default();
            let local = match FileSet::collect(&local, &Folder::containing(Path::new(file))) {
                Ok((_, local)) => local,
                // A text that is not valid can be compared with another text, but its files are not known.
                Err(_) if !files.has_files() => FileSet::single(&local),
                Err(problems) => return Err(errors(problems)),
            };
            return compare(name, &files, file, &local);
        }
        (None, None) => {
            // Whoever may write the parameter must not be able to repaint the terminal.
            if std::io::stdout().is_terminal() {
                print_text!("{}", printable_lines(files.text()));
            } else {
                print_text!("{}", files.text());
            }
            if files.has_files() {
                warn(format!("this is the configuration without its {}; `--out FILE` saves all", others(&files)));
            }
        }
        (None, Some(file)) => {
            if files.has_files() {
                let others = files.unreferenced(name).map_err(errors)?;
                ensure!(
                    others.is_empty(),
                    "the index in `{name}` names files that the configuration does not reference: {}; `onboard config push` stores \
                     none, so that something else wrote them; nothing was written, push again",
                    list_of(others.into_iter())
                );
            }
            let readers = if stored.kind == ParameterKind::Secure { Readers::Owner } else { Readers::All };
            Target::new(Path::new(file), &files, existing)?.write(readers)?;
            let with = if files.has_files() { format!(", with {} next to it", others(&files)) } else { String::new() };
            print_line!("{file} is version {} of {name}{with}.", stored.version);
        }
    }
    Ok(Exit::Done)
}

fn others(files: &FileSet) -> String {
    counted(files.iter().count().saturating_sub(1), "file")
}

/// What a push would change.
fn compare(name: &str, deployed: &FileSet, file: &str, local: &FileSet) -> anyhow::Result<Exit> {
    if deployed == local {
        print_line!("{file} and {name} are equal.");
        return Ok(Exit::Done);
    }
    print_line!("A push of {file} would change {name}:");
    print_text!("{}", render(&changes(Some(deployed), local)));
    Ok(Exit::Pending)
}
