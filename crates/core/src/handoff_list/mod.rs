//! The hand-offs of several accounts, as `onboard handoff` prints them: lines, CSV and JSON.

mod csv;
mod lines;
mod tenant;

pub use csv::csv;
pub use lines::{AccountHandoff, handoff_lines};
pub use tenant::{TenantSteps, tenant_lines, tenant_steps};
