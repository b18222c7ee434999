//! Writes files, each whole or not at all.

use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, ensure};

use onboarding_core::text::printable;

/// The readers of a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Everybody, as far as the user's umask allows.
    All,
    /// The user: the file may contain secrets.
    Owner,
}

/// Whether a file of the same name is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Kept,
    Replaced,
}

/// Fails if [`write_file`] could not replace the file, so that no one waits for a result that cannot be kept.
pub(super) fn ensure_can_replace(path: &Path) -> anyhow::Result<()> {
    ensure_is_file(path)?;
    probe_folder(path)
}

/// Renaming a file over a device or a pipe would remove it, for example `/dev/null` if root runs the command.
fn ensure_is_file(path: &Path) -> anyhow::Result<()> {
    let is_file = std::fs::metadata(path).map_or(true, |metadata| metadata.is_file());
    ensure!(is_file && !is_system_link(path), "`{}` is not a file; pass the name of a file", shown(path));
    Ok(())
}

/// Whether a path is a link of the system, such as `/dev/stdout`: renaming a file over it would replace the link for every process,
/// although it leads to a file if the output of this one was redirected.
fn is_system_link(path: &Path) -> bool {
    path.is_symlink() && std::fs::canonicalize(folder(path)).is_ok_and(|folder| is_of_system(&folder))
}

/// Whether a folder has the devices and processes of the system.
pub(super) fn is_of_system(folder: &Path) -> bool {
    ["/dev", "/proc"].iter().any(|system| folder.starts_with(system))
}

/// Creates a file next to `path`, and removes it.
pub(super) fn probe_folder(path: &Path) -> anyhow::Result<()> {
    tempfile::tempfile_in(folder(path)).map(|_| ()).with_context(|| cannot_write(path))
}

/// The folder of a file.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A path in a message.
pub(super) fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

pub(super) fn cannot_write(path: &Path) -> String {
    format!("cannot write `{}`; check the folder and its permissions", shown(path))
}

/// Writes a temporary file next to the target and renames it, which fails if an existing file is kept.
pub(super) fn write_file(path: &Path, text: &str, readers: Readers, existing: Existing) -> anyhow::Result<()> {
    let cannot_write = || cannot_write(path);
    if existing == Existing::Replaced {
        ensure_is_file(path)?;
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".onboarding-").suffix(".tmp");
    // A temporary file is for its owner alone, unless it says otherwise.
    #[cfg(unix)]
    if readers == Readers::All {
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = readers;
    let mut file = builder.tempfile_in(folder(path)).with_context(cannot_write)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).with_context(cannot_write)?;
    let written = match existing {
        Existing::Kept => file.persist_noclobber(path),
        Existing::Replaced => file.persist(path),
    };
    match written {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            anyhow::bail!("`{}` exists already and is not overwritten", path.display())
        }
        Err(error) => Err(error.error).with_context(cannot_write),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also if the output of this process is redirected to a file.
    #[cfg(unix)]
    #[test]
    fn links_of_the_system_are_not_replaced() {
        for path in ["/dev/stdout", "/dev/stderr", "/proc/self/fd/1"].map(Path::new) {
            assert!(!path.is_symlink() || is_system_link(path), "{}", path.display());
        }
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("target", &link).unwrap();
        assert!(!is_system_link(&link));
    }

    #[test]
    fn existing_file_is_kept_or_replaced_and_no_temporary_file_remains() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("onboarding.toml");
        let write = |text, existing| write_file(&path, text, Readers::All, existing);
        write("first", Existing::Kept).unwrap();
        let error = write("second", Existing::Kept).unwrap_err().to_string();
        assert!(error.ends_with("exists already and is not overwritten"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        write("third", Existing::Replaced).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "third");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_file(&folder.path().join("nowhere/x"), "x", Readers::Owner, Existing::Kept).is_err());
    }
}
