//! Values that are stored as JSON, each in a parameter of SSM Parameter Store.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value that is stored as JSON. The default is what counts as stored if the text is not valid.
pub trait Stored: Default + Serialize + DeserializeOwned {
    /// Parses the stored text. Text that is not valid gives the default.
    #[must_use]
    fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The text to store.
    #[must_use]
    fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
