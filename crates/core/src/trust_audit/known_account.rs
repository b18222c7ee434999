//! An account outside the organization that is known by name, and where the name comes from.

use serde::Serialize;

/// Where a name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// The file of the user's.
    File,
    /// The catalogue of vendors, with those that the user defines.
    Catalogue,
    /// The data file of known vendors that is part of the program.
    BuiltIn,
}

/// An account outside the organization that is known by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAccount {
    /// Who it belongs to.
    pub name: String,
    /// Where the name comes from.
    pub by: KnownBy,
    /// A page that names the account.
    pub source: Option<String>,
    /// On which day that page was read.
    pub retrieved: Option<String>,
}
