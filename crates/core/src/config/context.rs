//! What the parsers of all sections share.

use std::cell::RefCell;

use super::ConfigErrors;
use super::files::Files;
use super::names::Names;
use super::parameters::Parameters;

/// State that the parsers of all sections share.
pub(super) struct ReadContext<'f> {
    pub(super) files: &'f dyn Files,
    pub(super) names: RefCell<Names>,
    pub(super) parameters: RefCell<Parameters>,
    /// The problems of vendor files.
    pub(super) vendor_file_problems: RefCell<ConfigErrors>,
}
