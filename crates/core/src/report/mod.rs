//! The report on one account, and its output formats: JSON, lines, EventBridge event and metrics.

mod change_lines;
mod detail;
mod event;
mod lines;
mod link_lines;
mod metrics;
mod model;
mod proof_lines;
mod undo_lines;

pub use detail::Detail;
pub use event::{AccountEvent, EventContext, EventKind};
pub(crate) use lines::{changed_lines, changes_lines, ending_lines, heading_line, remark_lines};
pub use lines::{outcome_line, plan_lines, report_lines};
pub use metrics::{emf, time_to_onboarded};
pub use model::{Calls, ChangeResult, ChangeStatus, NoLongerConfigured, Report, UndoneRun};
pub(crate) use proof_lines::proof_lines;
pub use undo_lines::{undo_plan_lines, undo_report_lines};
