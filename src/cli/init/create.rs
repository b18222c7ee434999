//! Creates the file, whole or not at all, and never in the place of another one.

use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;

/// Writes a temporary file next to the target and renames it, which fails if the target exists by then.
pub(super) fn create_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot_write = || format!("cannot write `{}`", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".onboarding-").suffix(".tmp");
    // Readable for others, as the user's umask allows: the file contains no secrets.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).with_context(cannot_write)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).with_context(cannot_write)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            anyhow::bail!("`{}` was created in the meantime and is not overwritten", path.display())
        }
        Err(error) => Err(error.error).with_context(cannot_write),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn existing_file_stays_as_it_is_and_no_temporary_file_remains() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("onboarding.toml");
        create_new(&path, "first").unwrap();
        let error = create_new(&path, "second").unwrap_err().to_string();
        assert!(error.contains("was created in the meantime"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(create_new(&folder.path().join("nowhere/onboarding.toml"), "x").is_err());
    }
}
