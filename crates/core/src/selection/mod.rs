//! Which accounts a command is for: the request of the user, and the accounts of the organization that it selects.
//!
//! A user names organizational units, accounts, or the whole organization, and may narrow that with tags. [`find`] compares the
//! request with the list that Organizations returned. A unit or an account that the organization does not have is an error
//! before anything is read in an account. Of the accounts that were found, those that are not processed are left out with the
//! reason: the decision is [`crate::eligibility`], as for the sweep of the function.

mod file;
mod find;
mod id;
mod nothing;
mod request;
mod skipped;

pub use file::{LineError, parse_account_file};
pub use find::{Listing, NotFound, Selected, find};
pub use id::typed_account_id;
pub use nothing::{Narrowing, NothingSelected};
pub use request::{InvalidTag, RequestedId, Scope, Selection, TagFilter};
pub use skipped::{SkipReason, SkippedAccount, skipped_summary};
