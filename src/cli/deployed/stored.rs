//! Reads the SSM parameters of a configuration, before they are compared and replaced.

use anyhow::anyhow;
use secrecy::ExposeSecret;

use crate::cli::explained::explained_error;
use onboarding_core::config::deployed_files::{FileIndex, FileSet};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_engine::parameters_below;
use onboarding_engine::ports::{ParameterStore, Secrets, StoredParameter};

/// The parameter, and those below it.
pub(super) struct Stored {
    /// The present version of the parameter.
    pub(super) value: Option<StoredParameter>,
    /// The names and values of the parameters below it.
    pub(super) below: Vec<(String, String)>,
    /// The index, if the parameter has a valid one.
    pub(super) index: FileIndex,
    /// The configuration, as far as it is complete.
    pub(super) files: Option<FileSet>,
}

/// When to list the parameters below the named one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Below {
    Always,
    OfIndex,
}

impl Stored {
    pub(super) async fn read<W: ParameterStore + Secrets>(world: &W, name: &str, list: Below) -> anyhow::Result<Self> {
        let value = stored(world, name).await?;
        let text = value.as_ref().map(|stored| stored.value.expose_secret());
        let index = text.and_then(FileIndex::parse);
        let below = if index.is_some() || list == Below::Always {
            parameters_below(world, name).await.map_err(|error| denied(error, name, "list the parameters below"))?
        } else {
            Vec::new()
        };
        let (index, files) = match index {
            None => (FileIndex::default(), text.map(FileSet::single)),
            // One that is not valid is replaced.
            Some(index) => {
                let index = index.unwrap_or_default();
                let files = index.compare(name, below.clone()).readable();
                (index, files)
            }
        };
        Ok(Self { value, below, index, files })
    }
}

pub(super) async fn stored(world: &impl ParameterStore, name: &str) -> anyhow::Result<Option<StoredParameter>> {
    world.stored_parameter(name).await.map_err(|error| denied(error, name, "read"))
}

/// Names the permission that is missing.
pub(super) fn denied(error: ApiError, name: &str, what: &str) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AccessDenied => {
            let call = error.call;
            anyhow!(
                "cannot {what} the SSM parameter `{name}`: {error}; your role or user needs `{call}` on it (and `kms:Decrypt` or `kms:Encrypt` for a SecureString with a key of your own)"
            )
        }
        _ => explained_error(&format!("cannot {what} the SSM parameter `{name}`"), &error),
    }
}
