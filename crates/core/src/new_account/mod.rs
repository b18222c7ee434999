//! Accounts to create: what a person asks for, what AWS is asked for, and how that ended.
//!
//! | File | Contents |
//! |---|---|
//! | `values` | names, emails and access to billing, as AWS accepts them |
//! | `request` | one account to create |
//! | `csv_file` | many of them, from a CSV file, with all errors at once |
//! | `failure` | why AWS did not create an account, and what to do |
//! | `plan` | what is done for each account, and how that ended |
//! | `lines` | both, as lines |

mod csv_file;
mod failure;
mod lines;
mod plan;
mod request;
mod values;

pub use csv_file::{RowError, parse_csv};
pub use failure::{CreationFailure, Quota, creation_stop, move_stop};
pub use lines::{plan_lines, question, result_lines, summary_line};
pub use plan::{AccountPlan, AccountResult, Ending, Existing};
pub use request::{AccountRow, NewAccount, TagList};
pub use values::{AccountEmail, AccountName, BillingAccess, InvalidEmail, InvalidName};
