//! The key of a vendor's API, and how it is sent.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

use super::endpoint::Endpoint;
use super::key_header::KeyHeader;

/// The key of a vendor's API: 1 to 1024 visible ASCII characters, so that it fits in an HTTP header. Never printed.
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// A string is not a valid API key. The error does not contain the string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value is not a valid API key; use 1 to 1024 visible ASCII characters, without spaces")]
pub struct InvalidApiKey;

impl ApiKey {
    /// The plain key. Use it only for the header of a request.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for ApiKey {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, InvalidApiKey> {
        if (1..=1024).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(SecretString::from(text)))
        } else {
            Err(InvalidApiKey)
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

/// An endpoint and the API key for it.
#[derive(Debug, Clone)]
pub struct ApiAccess {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The API key.
    pub key: ApiKey,
}

impl ApiAccess {
    /// The name and the value of the header that carries the API key. Use it only for a request to the endpoint.
    #[must_use]
    pub fn key_header(&self) -> (&'static str, String) {
        let KeyHeader { name, prefix } = self.endpoint.header();
        (name, format!("{prefix}{}", self.key.expose()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_key_is_never_printed() {
        let key: ApiKey = "tmc12:s3cret/key==".parse().unwrap();
        assert_eq!(format!("{key:?}"), "ApiKey(hidden)");
        for bad in ["", "two words", "line\nbreak", "é", &"x".repeat(1025)] {
            assert!(bad.parse::<ApiKey>().is_err());
        }
        assert!(!"s3cret key".parse::<ApiKey>().unwrap_err().to_string().contains("s3cret"));
    }
}
