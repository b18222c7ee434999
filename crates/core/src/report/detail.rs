//! The level of detail of plans and reports.

/// How much a report shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What changes and who gains access, in a few lines for each change.
    Summary,
    /// The full policy documents and every proof.
    Full,
}
