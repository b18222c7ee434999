//! Replacing a file of the user: as a whole or not at all, with its mode and owner, and with a backup.
//!
//! The new content is written next to the file and renamed over it, so that no reader sees half of it. A symbolic link stays
//! one: the file that it points to is replaced. If the file was changed since it was read, nothing is written.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use onboarding_core::text::printable;

/// A file that was read and may be replaced.
pub(super) struct UserFile {
    /// The file itself, at the end of symbolic links.
    path: PathBuf,
    /// Its path in messages.
    pub(super) shown: String,
    /// Its content; empty if it does not exist.
    pub(super) content: Vec<u8>,
    metadata: Option<Metadata>,
}

impl UserFile {
    /// Reads a file, which need not exist.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = shown(path);
        let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
        let path = if is_link {
            fs::canonicalize(path).with_context(|| {
                format!(
                    "{shown} is a symbolic link to a file that does not exist; create that file, or remove the link"
                )
            })?
        } else {
            path.to_owned()
        };
        let (content, metadata) = match fs::metadata(&path) {
            Ok(metadata) => {
                ensure!(metadata.is_file(), "{shown} is not a file; pass `--file`");
                let content = fs::read(&path).with_context(|| format!("cannot read {shown}; check its permissions"))?;
                (content, Some(metadata))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => (Vec::new(), None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {shown}")),
        };
        Ok(Self { path, shown, content, metadata })
    }

    /// Where [`UserFile::replace`] keeps the old content: `FILE.bak`, or a number after it if that exists. `None` without a file.
    pub(super) fn backup_path(&self) -> Option<PathBuf> {
        self.metadata.as_ref()?;
        let name = |suffix: String| {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            PathBuf::from(name)
        };
        let numbered = (2_u32..).map(|number| name(format!(".bak-{number}")));
        std::iter::once(name(".bak".to_owned())).chain(numbered).find(|path| fs::symlink_metadata(path).is_err())
    }

    /// Replaces the content. Nothing is changed if this fails.
    pub(super) fn replace(&self, content: &[u8], backup: Option<&Path>) -> anyhow::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        create_folder(folder)?;
        let current = match fs::read(&self.path) {
            Ok(current) => current,
            Err(error) if error.kind() == ErrorKind::NotFound && self.metadata.is_none() => Vec::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", self.shown)),
        };
        if current != self.content {
            bail!("{} was changed in the meantime, so nothing was written; run again", self.shown);
        }
        if let Some(backup) = backup {
            self.back_up(backup)?;
        }
        // A temporary file can be read by its owner only, from the beginning.
        let cannot_write = || format!("cannot write in {}; nothing was changed", shown(folder));
        let mut new = tempfile::NamedTempFile::new_in(folder).with_context(cannot_write)?;
        new.write_all(content).and_then(|()| new.as_file().sync_all()).with_context(cannot_write)?;
        if let Some(metadata) = &self.metadata {
            keep_owner(new.as_file(), metadata)
                .and_then(|()| new.as_file().set_permissions(metadata.permissions()))
                .with_context(|| {
                    format!("cannot keep the owner and the mode of {}; nothing was changed", self.shown)
                })?;
        }
        new.persist(&self.path).with_context(|| format!("cannot replace {}", self.shown))?;
        Ok(())
    }

    /// Writes the backup, which must not exist, with the owner and the mode of the file.
    fn back_up(&self, backup: &Path) -> anyhow::Result<()> {
        let Some(metadata) = &self.metadata else { return Ok(()) };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let write = || {
            let mut file = options.open(backup)?;
            file.write_all(&self.content)?;
            keep_owner(&file, metadata)?;
            file.set_permissions(metadata.permissions())?;
            file.sync_all()
        };
        write().with_context(|| format!("cannot write the backup {}; nothing was changed", shown(backup)))
    }
}

/// Creates the folder, if it does not exist, for its owner only.
fn create_folder(folder: &Path) -> anyhow::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("cannot create {}", shown(folder)))
}

/// Gives a new file the owner and group of the old one, if they differ: for example, if root runs the command.
#[cfg(unix)]
pub(super) fn keep_owner(file: &File, old: &Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let new = file.metadata()?;
    let user = (new.uid() != old.uid()).then(|| old.uid());
    let group = (new.gid() != old.gid()).then(|| old.gid());
    if user.is_none() && group.is_none() { Ok(()) } else { std::os::unix::fs::fchown(file, user, group) }
}

#[cfg(not(unix))]
pub(super) fn keep_owner(_: &File, _: &Metadata) -> std::io::Result<()> {
    Ok(())
}

/// A path in a message, with `~` for the home folder.
pub(super) fn shown(path: &Path) -> String {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    let below_home = home.and_then(|home| path.strip_prefix(home).ok().map(Path::to_owned));
    let path = below_home.map_or_else(|| path.display().to_string(), |rest| format!("~/{}", rest.display()));
    printable(&path)
}

#[cfg(test)]
#[cfg(unix)]
#[path = "user_file_tests.rs"]
mod tests;
