//! Connections of the CLI that no retry makes: the host name is not found, its certificate is not trusted, or a proxy refuses.
//!
//! The function keeps retrying these, because its network is AWS's. On a user's machine, the network or its settings have to be
//! changed first. The types of the underlying errors are private, so they are recognized by their text.

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::result::ConnectorError;

/// What prevents the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// The name of the host, or of the proxy, is not found.
    Name,
    /// The certificate of the host is not valid.
    Certificate,
    /// The proxy does not connect to the host.
    Proxy,
}

/// The phrases of `hyper_util::client::legacy::connect` (`http` and `proxy::tunnel`) and of `rustls::Error`.
const PHRASES: [(&str, Obstacle); 4] = [
    ("dns error", Obstacle::Name),
    ("invalid peer certificate", Obstacle::Certificate),
    ("tunnel error: proxy authorization required", Obstacle::Proxy),
    ("tunnel error: unsuccessful", Obstacle::Proxy),
];

impl Obstacle {
    fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut causes = std::iter::successors(Some(error), |&cause| cause.source()).map(ToString::to_string);
        causes.find_map(|text| PHRASES.iter().find(|(phrase, _)| text.contains(phrase)).map(|(_, obstacle)| *obstacle))
    }

    /// The error code.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Name => "HostNotFound",
            Self::Certificate => "CertificateNotTrusted",
            Self::Proxy => "ProxyRefused",
        }
    }
}

/// A connection that cannot be made.
#[derive(Debug)]
struct Unreachable {
    host: String,
    obstacle: Obstacle,
    source: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection to `{}`", self.host)
    }
}

impl Error for Unreachable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// Marks the error of a connection to this host if no retry makes it.
pub(super) fn marked(error: ConnectorError, host: &str) -> ConnectorError {
    match Obstacle::of(&error) {
        Some(obstacle) => {
            ConnectorError::io(Box::new(Unreachable { host: host.to_owned(), obstacle, source: error.into_source() }))
        }
        None => error,
    }
}

/// What prevented a connection, if its error was [`marked`].
pub(super) fn obstacle(error: &(dyn Error + 'static)) -> Option<Obstacle> {
    let mut causes = std::iter::successors(Some(error), |&cause| cause.source());
    causes.find_map(|cause| cause.downcast_ref::<Unreachable>()).map(|unreachable| unreachable.obstacle)
}
