//! Files that a configuration references: policies and vendor definitions.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// The largest file that is read, in bytes.
const MAX_FILE_SIZE: u64 = 1 << 20;

/// The problem of a path that leaves the directory of the configuration.
pub(super) const OUTSIDE: &str = "is outside the directory of the configuration; move the file into that directory and use a relative path without `..`";

/// Access to the files that a configuration references.
pub trait Files {
    /// The name of the configuration itself, such as `onboarding.toml`. Every error message starts with it.
    fn name(&self) -> &str;

    /// Reads a file that the configuration references.
    ///
    /// # Errors
    /// A message that says why the file cannot be read and what to do.
    fn read(&self, path: &str) -> Result<String, String>;
}

/// The files in the directory of a configuration and below.
///
/// Paths are relative to the configuration file, so that a checkout works the same on every machine.
#[derive(Debug, Clone)]
pub struct Folder {
    name: String,
    folder: PathBuf,
}

impl Folder {
    /// The directory of this configuration file.
    #[must_use]
    pub fn containing(configuration: &Path) -> Self {
        let folder = configuration.parent().unwrap_or(Path::new("")).to_owned();
        Self { name: configuration.display().to_string(), folder }
    }
}

impl Files for Folder {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, path: &str) -> Result<String, String> {
        let is_inside = Path::new(path).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if path.is_empty() || !is_inside {
            return Err(OUTSIDE.to_owned());
        }
        let unreadable =
            |error: std::io::Error| format!("cannot be read: {error}; paths are relative to the configuration file");
        let full = self.folder.join(path);
        // Opening a pipe would wait for a writer.
        if !std::fs::metadata(&full).map_err(unreadable)?.is_file() {
            return Err("is not a regular file; name a file with its content".to_owned());
        }
        let file = File::open(full).map_err(unreadable)?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_FILE_SIZE {
            return Err("is larger than 1 MiB, the limit for policy and vendor files".to_owned());
        }
        String::from_utf8(bytes).map_err(|_| "is not UTF-8; save it as UTF-8".to_owned())
    }
}

/// No files, for a configuration that is the value of one SSM parameter.
#[derive(Debug, Clone)]
pub struct NoFiles {
    name: String,
}

impl NoFiles {
    /// No files for the configuration of this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned() }
    }
}

impl Files for NoFiles {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, _: &str) -> Result<String, String> {
        Err("cannot be read: this configuration is stored without files; store them with it (`onboard config push`), or write the \
             content inline"
            .to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_in_the_configuration_directory_are_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("policies")).unwrap();
        std::fs::write(folder.path().join("policies/x.json"), "{}").unwrap();
        std::fs::write(folder.path().join("latin1"), b"\xe9").unwrap();
        let files = Folder::containing(&folder.path().join("onboarding.toml"));
        assert!(files.name().ends_with("onboarding.toml"));
        assert_eq!(files.read("./policies/x.json").unwrap(), "{}");
        insta::assert_snapshot!(files.read("policies").unwrap_err(), @"is not a regular file; name a file with its content");
        insta::assert_snapshot!(files.read("x.json").unwrap_err(), @"cannot be read: No such file or directory (os error 2); paths are relative to the configuration file");
        insta::assert_snapshot!(files.read("../x.json").unwrap_err(), @"is outside the directory of the configuration; move the file into that directory and use a relative path without `..`");
        insta::assert_snapshot!(files.read("latin1").unwrap_err(), @"is not UTF-8; save it as UTF-8");
        assert!(files.read("/etc/hostname").unwrap_err().starts_with("is outside"));
        assert!(files.read("").is_err() && files.read("policies").is_err() && files.read("a\0b").is_err());
    }

    #[test]
    fn configuration_in_a_parameter_reads_no_files() {
        insta::assert_snapshot!(NoFiles::named("the parameter").read("x.json").unwrap_err(), @"cannot be read: this configuration is stored without files; store them with it (`onboard config push`), or write the content inline");
    }
}
