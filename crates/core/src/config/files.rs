//! The files beside the configuration: policies, and vendors of the user's own.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Where a configuration stands, and what stands beside it.
pub trait Files {
    /// What people call the configuration itself: `onboarding.toml`. Every error begins with it.
    fn name(&self) -> &str;

    /// Reads a file that the configuration names.
    ///
    /// # Errors
    /// A sentence that says why not, and what to do.
    fn read(&self, path: &str) -> Result<String, String>;
}

/// The files in the folder of a configuration and below it.
///
/// Paths are relative to the configuration, so that a checked-out folder means the same everywhere.
#[derive(Debug, Clone)]
pub struct Folder {
    name: String,
    folder: PathBuf,
}

impl Folder {
    /// The folder that this configuration is in.
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
        let below = Path::new(path).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if path.is_empty() || !below {
            return Err(
                "is outside the configuration's folder; put the file beside the configuration or below it, and \
                        write its path from there, without `..`"
                    .to_owned(),
            );
        }
        let cannot =
            |error: std::io::Error| format!("cannot be read: {error}; the path goes from the configuration's folder");
        let file = File::open(self.folder.join(path)).map_err(cannot)?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > LARGEST {
            return Err("is larger than 1 MiB; no policy and no vendor is".to_owned());
        }
        String::from_utf8(bytes).map_err(|_| "is not UTF-8; save it as UTF-8".to_owned())
    }
}

/// No files: the configuration is the value of an SSM parameter, or stands alone.
#[derive(Debug, Clone)]
pub struct NoFiles {
    name: String,
}

impl NoFiles {
    /// A configuration that people call by this name.
    #[must_use]
    pub fn beside(name: &str) -> Self {
        Self { name: name.to_owned() }
    }
}

impl Files for NoFiles {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, _: &str) -> Result<String, String> {
        Err("cannot be read: there are no files beside an SSM parameter; put the text itself in place".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_beside_the_configuration_or_below() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("policies")).unwrap();
        std::fs::write(folder.path().join("policies/x.json"), "{}").unwrap();
        std::fs::write(folder.path().join("latin1"), b"\xe9").unwrap();
        let files = Folder::containing(&folder.path().join("onboarding.toml"));
        assert!(files.name().ends_with("onboarding.toml"));
        assert_eq!(files.read("./policies/x.json").unwrap(), "{}");
        insta::assert_snapshot!(files.read("x.json").unwrap_err(), @"cannot be read: No such file or directory (os error 2); the path goes from the configuration's folder");
        insta::assert_snapshot!(files.read("../x.json").unwrap_err(), @"is outside the configuration's folder; put the file beside the configuration or below it, and write its path from there, without `..`");
        insta::assert_snapshot!(files.read("latin1").unwrap_err(), @"is not UTF-8; save it as UTF-8");
        assert!(files.read("/etc/hostname").unwrap_err().starts_with("is outside"));
        assert!(files.read("").is_err() && files.read("policies").is_err() && files.read("a\0b").is_err());
    }

    #[test]
    fn a_parameter_has_no_files() {
        insta::assert_snapshot!(NoFiles::beside("the parameter").read("x.json").unwrap_err(), @"cannot be read: there are no files beside an SSM parameter; put the text itself in place");
    }
}
