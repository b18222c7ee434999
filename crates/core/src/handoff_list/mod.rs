//! The hand-offs of several accounts, as `onboard handoff` prints them: lines, CSV and JSON.

mod csv;
mod lines;

pub use csv::csv;
pub(crate) use csv::line as csv_line;
pub use lines::{AccountHandoff, handoff_lines};
