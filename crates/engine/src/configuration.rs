//! The deployed configuration: the value of an SSM parameter, or files below it.
//!
//! The value decides: a configuration, or the index of a configuration with files. The files are read after the index. A push writes
//! them before the index, and deletes the old ones after it, so that what the index names is present unless a push has replaced the
//! index since. Then the index is read again. See [`onboarding_core::config::deployed_files`].

use onboarding_core::config::deployed_files::{FileIndex, FileSet, Incomplete};
use onboarding_core::config::{Config, ConfigErrors};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::limits::CONFIGURATION_REREAD;
use onboarding_core::text::Untrusted;
use secrecy::ExposeSecret;

use crate::ports::{Clock, Secrets};

/// How often the files are read until they are what the index says.
const READS: usize = 3;

/// The most pages that are read: a hundred files, each with several old versions, have fewer.
const MAX_PAGES: usize = 100;

/// The most parameters that a configuration's warnings name.
const NAMED_STRAYS: usize = 10;

/// A configuration as it is stored.
#[derive(Debug)]
pub struct DeployedConfiguration {
    /// The name of the parameter, which is the path of the files.
    name: String,
    /// The configuration and its files.
    pub files: FileSet,
    /// The parameters below the path that belong to no configuration.
    pub strays: Vec<String>,
}

/// Why the configuration could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The parameter cannot be read.
    #[error("could not read the configuration from the SSM parameter `{name}`: {error}{}", push(.name, .error))]
    Parameter {
        /// Its name.
        name: String,
        /// The error of `ssm:GetParameter`.
        error: ApiError,
    },
    /// The parameters below the path cannot be listed.
    #[error("could not read the files of the configuration below `{path}`: {error}{}", allow(.error))]
    Files {
        /// The path.
        path: String,
        /// The error of `ssm:GetParametersByPath`.
        error: ApiError,
    },
    /// The value is meant to be an index, and is not a valid one.
    #[error(
        "the value of the SSM parameter `{name}` starts like the index of a configuration with files and is not a valid one: \
         {problem}; run `onboard config push --name {name}` again"
    )]
    Index {
        /// The name of the parameter.
        name: String,
        /// The part that is not valid.
        problem: String,
    },
    /// The files are not those of the index, and did not become so.
    #[error(
        "the configuration below `{path}` is not complete, so that none of it is used: {incomplete}; run `onboard config push --name {path}` again"
    )]
    Incomplete {
        /// The path.
        path: String,
        /// The files.
        incomplete: Incomplete,
    },
}

fn push(name: &str, error: &ApiError) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("; store it with `onboard config push --name {name}`"),
        _ => String::new(),
    }
}

fn allow(error: &ApiError) -> &'static str {
    match error.kind() {
        ErrorKind::AccessDenied => {
            "; allow `ssm:GetParametersByPath` on this path (for the function, deploy the stack again)"
        }
        _ => "",
    }
}

impl DeployedConfiguration {
    /// Reads the configuration, whole.
    ///
    /// # Errors
    /// See [`ConfigurationError`].
    pub async fn read<W: Secrets + Clock>(world: &W, name: &str) -> Result<Self, ConfigurationError> {
        let mut reads = 0;
        loop {
            reads += 1;
            let read = world.parameter(name).await;
            let value = read.map_err(|error| ConfigurationError::Parameter { name: name.to_owned(), error })?;
            let index = match FileIndex::parse(value.expose_secret()) {
                None => {
                    let files = FileSet::single(value.expose_secret());
                    return Ok(Self { name: name.to_owned(), files, strays: Vec::new() });
                }
                Some(index) => index.map_err(|problem| ConfigurationError::Index { name: name.to_owned(), problem })?,
            };
            let listed = parameters_below(world, name).await;
            let listed = listed.map_err(|error| ConfigurationError::Files { path: name.to_owned(), error })?;
            let stored = index.compare(name, listed);
            match stored.complete() {
                Ok(files) => return Ok(Self { name: name.to_owned(), files, strays: stored.strays }),
                Err(incomplete) if reads == READS => {
                    return Err(ConfigurationError::Incomplete { path: name.to_owned(), incomplete });
                }
                Err(_) => world.sleep(CONFIGURATION_REREAD).await,
            }
        }
    }

    /// Parses it. Parameters that belong to no configuration are warnings: they are ignored, and keep nothing from being processed.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn parse(&self) -> Result<Config, ConfigErrors> {
        let mut config = self.files.parse(&self.name)?;
        let named = self.strays.iter().take(NAMED_STRAYS);
        config.warnings.extend(named.map(|name| {
            format!(
                "the SSM parameter `{}` is below the configuration `{}` and was not written by `onboard config push`: it is ignored; \
                 store it elsewhere",
                Untrusted::new(name),
                self.name
            )
        }));
        Ok(config)
    }
}

/// All parameters below a path, page by page. Stops after [`MAX_PAGES`].
///
/// # Errors
/// The first error.
pub async fn parameters_below(world: &impl Secrets, path: &str) -> Result<Vec<(String, String)>, ApiError> {
    let mut found = Vec::new();
    let mut from = None;
    for _ in 0..MAX_PAGES {
        let page = world.parameters_below(path, from).await?;
        found.extend(page.parameters);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    Ok(found)
}
