//! How the key of a vendor's API is sent.

/// The HTTP header that carries the API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyHeader {
    /// The lowercase name of the header.
    pub name: &'static str,
    /// What precedes the key in its value.
    pub prefix: &'static str,
}
