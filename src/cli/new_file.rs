//! Writes files, each whole or not at all.

use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;

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

/// Writes a temporary file next to the target and renames it, which fails if an existing file is kept.
pub(super) fn write_file(path: &Path, text: &str, readers: Readers, existing: Existing) -> anyhow::Result<()> {
    let cannot_write = || format!("cannot write `{}`", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".onboarding-").suffix(".tmp");
    // A temporary file is for its owner alone, unless it says otherwise.
    #[cfg(unix)]
    if readers == Readers::All {
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = readers;
    let mut file = builder.tempfile_in(folder).with_context(cannot_write)?;
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
