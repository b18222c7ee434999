//! What a run over many accounts found and did, without a report for each: [`Overview`] counts the outcomes and groups the
//! accounts by what they have in common, and [`SavedPlan`] is a plan in a file.
//!
//! Only one example of each group is kept, so that the memory for 10,000 accounts is that of their names.

mod group;
mod lines;
mod overview;
mod saved_plan;
mod units;

pub use group::AccountName;
pub use lines::are_all_named;
pub use overview::{Overview, Tally};
pub use saved_plan::{InvalidPlan, SavedAccount, SavedPlan};
