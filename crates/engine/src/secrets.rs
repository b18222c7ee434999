//! The external IDs and API keys that the configuration keeps in SSM parameters.
//!
//! They are the same for every account, so an engine reads them once, ten with each call, and keeps them as long as it lives.
//! That is what limits their age: the function makes a new engine every minute. A read in which a value is missing is not
//! kept, so that a parameter which is created meanwhile is found by the next account.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use onboarding_core::account::AccountAge;
use onboarding_core::blueprint::{self, SecretValues};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::outcome::Stop;
use secrecy::ExposeSecret;

use crate::cache::ParameterValues;
use crate::job::Engine;
use crate::ports::{ParameterKind, ParameterValue, Secrets, World};

/// The most names in one call.
///
/// See <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html>.
const NAMES_PER_CALL: usize = 10;

impl<W: World> Engine<W> {
    /// The external IDs and keys that the configuration refers to. A value that is not available is reported by the role that needs it.
    pub(crate) async fn secret_values(&self) -> Result<SecretValues, Stop> {
        let values = SecretValues { parameters: self.parameter_values().await?, ..SecretValues::default() };
        let tenants = self.tenant_external_ids(&values).await;
        Ok(SecretValues { tenants, ..values })
    }

    /// The values of all parameters. Only an error that passes with time, or that is about the caller, stops the run; another is
    /// reported by the role that needs the value.
    pub(crate) async fn parameter_values(&self) -> Result<ParameterValues, Stop> {
        let names: Vec<_> = blueprint::parameters(&self.config).into_iter().collect();
        if names.is_empty() {
            return Ok(ParameterValues::new());
        }
        let mut cache = self.cache.parameters.lock().await;
        if let Some(values) = &*cache {
            return Ok(values.clone());
        }
        let keys = blueprint::key_parameters(&self.config);
        let read = read_parameters(&self.world, &names).await;
        let read = read.map_err(|error| Stop::from_error(&error, AccountAge::Established))?;
        let values = read.into_iter().map(|(name, value)| {
            // Also a value that is refused below: it has been read.
            value.iter().for_each(|value| self.known_secrets.add(value.value.expose_secret()));
            let used_as = if keys.contains(name) { Use::Key } else { Use::ExternalId };
            let usable = value.and_then(|value| used_as.check(value.kind).map(|()| value.value));
            (name.to_owned(), usable.map_err(|problem| problem.to_string()))
        });
        let values: ParameterValues = values.collect();
        if values.values().all(Result::is_ok) {
            *cache = Some(values.clone());
        }
        Ok(values)
    }
}

/// Reads parameters, ten with each call. One that must not be read fails a whole call, so that they are then read one by one: each
/// name has a result of its own.
///
/// # Errors
/// Only an error that passes with time, or with which every call fails.
pub async fn read_parameters<'a, W: Secrets>(
    world: &W,
    names: &[&'a str],
) -> Result<BTreeMap<&'a str, Result<ParameterValue, Unusable>>, ApiError> {
    let mut values = BTreeMap::new();
    for read in join_all(names.chunks(NAMES_PER_CALL).map(|names| read_chunk(world, names))).await {
        values.extend(read?);
    }
    Ok(values)
}

async fn read_chunk<'a, W: Secrets>(
    world: &W,
    names: &[&'a str],
) -> Result<Vec<(&'a str, Result<ParameterValue, Unusable>)>, ApiError> {
    match world.parameters(names).await {
        Ok(mut found) => Ok(names.iter().map(|name| (*name, found.remove(*name).ok_or(Unusable::Missing))).collect()),
        Err(error) if passes_with_time(&error) || fails_every_call(&error) => Err(error),
        Err(error) => match names {
            [name] => Ok(vec![(*name, Err(Unusable::Unreadable(error)))]),
            several => {
                let single = several.iter().map(|name| Box::pin(read_chunk(world, std::slice::from_ref(name))));
                let mut values = Vec::new();
                for read in join_all(single).await {
                    values.extend(read?);
                }
                Ok(values)
            }
        },
    }
}

/// Why the value of a parameter cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// There is no such parameter.
    #[error("the parameter does not exist in this region")]
    Missing,
    /// The call failed.
    #[error("{0}")]
    Unreadable(ApiError),
    /// It is a list: its commas would become part of the value.
    #[error(
        "the parameter is a StringList, which is several values; delete it, and store the one value with `--type SecureString`"
    )]
    List,
    /// An API key has to be encrypted, because whoever reads it acts for the whole organization at the vendor.
    #[error("an API key must be a SecureString; store it again with `--type SecureString`")]
    NotEncrypted,
}

/// What a parameter is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// As an external ID.
    ExternalId,
    /// As the API key of a vendor.
    Key,
}

impl Use {
    /// Whether a parameter that is stored like this can be used.
    ///
    /// # Errors
    /// Why not.
    pub fn check(self, kind: ParameterKind) -> Result<(), Unusable> {
        match (self, kind) {
            (_, ParameterKind::List) => Err(Unusable::List),
            (Self::Key, ParameterKind::Plain) => Err(Unusable::NotEncrypted),
            (Self::ExternalId, ParameterKind::Plain) | (_, ParameterKind::Secure) => Ok(()),
        }
    }
}

fn passes_with_time(error: &ApiError) -> bool {
    let stop = Stop::from_error(error, AccountAge::Established);
    matches!(stop, Stop::Wait(_) | Stop::Reopen(_)) && error.kind() != ErrorKind::NotFound
}

/// Whether no call succeeds, whatever the parameter: because of the credentials, or without a connection.
fn fails_every_call(error: &ApiError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::FixedCredentials | ErrorKind::NoCredentials | ErrorKind::ClockSkew | ErrorKind::Unreachable
    )
}
