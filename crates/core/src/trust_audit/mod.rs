//! Who outside the organization can assume the roles of its accounts: `onboard audit --trust`.
//!
//! ```text
//! the roles of an account → analysis → findings ─┐
//!                                   known names ─┴→ report → text, JSON, CSV
//! ```
//!
//! - `analysis`: one role, from the text of its trust policy. What decides about access is in [`crate::policy`]; this module
//!   decides what is reported, how severe it is, and why. A policy that cannot be read is a finding as well;
//! - `known`: the names of accounts of vendors, from the configuration, the catalogue, a data file with sources, and a file of
//!   the user's (`known_file`, `community_file`);
//! - `report`: all findings, grouped by principal; `lines`, `json` and `csv` are its formats.
//!
//! Trust policies are hostile input: whoever may edit a role writes them. External IDs are never part of a finding.

mod analysis;
mod community_file;
mod csv;
mod finding;
mod json;
mod known;
mod known_account;
mod known_file;
mod lines;
mod report;

pub use analysis::{ListedRole, TrustAnalyzer, session_policy};
pub use community_file::{CommunityFile, CommunityFileError, LARGEST_FILE, read_community_file};
pub use csv::trust_csv;
pub use finding::{AccountTrust, FindingKind, LastUse, RoleFinding, TrustSeverity, UnreadAccount, UnreadPolicy};
pub use json::trust_json;
pub use known::KnownAccounts;
pub use known_account::{KnownAccount, KnownBy};
pub use lines::trust_lines;
pub use report::{PlacedFinding, PlacedPolicy, PrincipalFindings, TrustReport};
