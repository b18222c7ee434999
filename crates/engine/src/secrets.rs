//! The external IDs and API keys that the configuration keeps in SSM parameters.
//!
//! They are the same for every account, so an engine reads them once, ten with each call, and keeps them as long as it lives.
//! That is what limits their age: the function makes a new engine every minute. A read in which a value is missing is not
//! kept, so that a parameter which is created meanwhile is found by the next account.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use futures_util::lock::Mutex;
use onboarding_core::account::AccountAge;
use onboarding_core::blueprint::{self, SecretValues};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::outcome::Stop;
use secrecy::{ExposeSecret, SecretString};

use crate::job::Engine;
use crate::ports::{ParameterKind, ParameterValue, World};

/// The most names in one call.
///
/// See <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html>.
const NAMES_PER_CALL: usize = 10;

/// The values of parameters by name, or why one is not available.
type ParameterValues = BTreeMap<String, Result<SecretString, String>>;

/// The values that were read, once all of them were.
pub(crate) type SecretCache = Mutex<Option<ParameterValues>>;

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
        // Concurrent runs wait here for the first of them to read, instead of reading the same.
        let mut cache = self.secrets.lock().await;
        if let Some(values) = &*cache {
            return Ok(values.clone());
        }
        let keys = blueprint::key_parameters(&self.config);
        let mut values = ParameterValues::new();
        for read in join_all(names.chunks(NAMES_PER_CALL).map(|names| self.read(names, &keys))).await {
            values.extend(read?);
        }
        if values.values().all(Result::is_ok) {
            *cache = Some(values.clone());
        }
        Ok(values)
    }

    async fn read(&self, names: &[&str], keys: &BTreeSet<&str>) -> Result<ParameterValues, Stop> {
        let mut values = ParameterValues::new();
        match self.world.parameters(names).await {
            Ok(mut found) => {
                // Also a key that is refused below: it has been read.
                found.values().for_each(|value| self.known_secrets.add(value.value.expose_secret()));
                for name in names {
                    let value = found.remove(*name).ok_or_else(|| MISSING.to_owned());
                    let value = if keys.contains(name) { value.and_then(key) } else { value.map(|value| value.value) };
                    values.insert((*name).to_owned(), value);
                }
            }
            Err(error) if passes_with_time(&error) || fails_every_call(&error) => {
                return Err(Stop::from_error(&error, AccountAge::Established));
            }
            Err(error) => match names {
                [name] => _ = values.insert((*name).to_owned(), Err(error.to_string())),
                // One parameter that must not be read fails the whole call: each role is to know only about its own.
                several => {
                    let single = several.iter().map(|name| Box::pin(self.read(std::slice::from_ref(name), keys)));
                    for read in join_all(single).await {
                        values.extend(read?);
                    }
                }
            },
        }
        Ok(values)
    }
}

const MISSING: &str = "the parameter does not exist in this region";

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

/// An API key has to be encrypted, because whoever reads it acts for the whole organization at the vendor.
fn key(value: ParameterValue) -> Result<SecretString, String> {
    match value.kind {
        ParameterKind::Secure => Ok(value.value),
        ParameterKind::Plain => {
            Err("an API key must be a SecureString; store it again with `--type SecureString`".to_owned())
        }
    }
}
