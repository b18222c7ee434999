//! An error with its sources.

use std::error::Error;

/// An error and its sources in one string. `Display` of an SDK error shows only the outermost.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
