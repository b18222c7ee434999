//! The files of the AWS profiles: whether they can be used at all.
//!
//! The SDK treats a file that it cannot read, or that is not UTF-8, as empty, so that every profile in it seems not to exist. And
//! it skips sections of the configuration file without `profile` in front of the name. Both are found here.

use std::env;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use onboarding_core::text::printable;

/// UTF-8 files of some editors start with it. The AWS CLI does not accept it either.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file exists and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} {problem}")]
pub struct UnusableFile {
    /// The file, in backticks if its path comes from the environment.
    file: String,
    /// The problem, and what to do.
    problem: String,
}

/// One of the two files. It displays as its path, in backticks if that comes from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConfigFile {
    variable: &'static str,
    default: &'static str,
    /// The path in the variable.
    named: Option<String>,
}

impl fmt::Display for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.named {
            Some(path) => write!(f, "`{}`", printable(path)),
            None => f.write_str(self.default),
        }
    }
}

impl ConfigFile {
    /// The file with settings.
    pub(super) fn config() -> Self {
        Self::new("AWS_CONFIG_FILE", "~/.aws/config")
    }

    /// The file with keys.
    pub(super) fn credentials() -> Self {
        Self::new("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
    }

    fn new(variable: &'static str, default: &'static str) -> Self {
        let named = env::var(variable).ok().filter(|path| !path.trim().is_empty());
        Self { variable, default, named }
    }

    /// Whether the environment names the file.
    pub(super) fn is_named(&self) -> bool {
        self.named.is_some()
    }

    /// Checks that the file, if it exists, can be read and is UTF-8 without a byte order mark.
    pub(super) fn check(&self) -> Result<(), UnusableFile> {
        let Some(path) = self.path() else { return Ok(()) };
        let is_named = self.is_named();
        let unusable = |problem: String| {
            let or_name_another = if is_named { format!(", or correct `{}`", self.variable) } else { String::new() };
            Err(UnusableFile { file: self.to_string(), problem: format!("{problem}{or_name_another}") })
        };
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => return unusable("is a directory; put a file in its place".to_owned()),
            // A pipe can be read only once.
            Ok(found) if !found.is_file() => return Ok(()),
            _ => {}
        }
        match fs::read(&path) {
            Ok(bytes) if bytes.starts_with(BYTE_ORDER_MARK) => {
                unusable("starts with a byte order mark; save it as UTF-8 without one".to_owned())
            }
            Ok(bytes) if std::str::from_utf8(&bytes).is_err() => unusable("is not UTF-8; save it as UTF-8".to_owned()),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                unusable(format!("cannot be read: {error}; make it readable"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the file has a section with this header, the text between the brackets.
    pub(super) fn has_section(&self, header: &str) -> bool {
        let path = self.path().filter(|path| path.is_file());
        let text = path.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let mut headers = text.lines().filter_map(|line| line.trim().strip_prefix('[')?.split(']').next());
        headers.any(|found| found.trim() == header)
    }

    /// The path, with the home directory for `~/`, as the SDK replaces it.
    fn path(&self) -> Option<PathBuf> {
        let path = self.named.as_deref().unwrap_or(self.default);
        match path.strip_prefix("~/") {
            Some(rest) => Some(env::home_dir()?.join(rest)),
            None => Some(PathBuf::from(path)),
        }
    }
}
