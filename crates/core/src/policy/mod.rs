//! IAM policy documents: parsed without loss, edited, compared, evaluated, explained and checked.
//!
//! - `document`, `condition`, `principal`: the typed view of a policy;
//! - `normal`: the normal form, which decides whether two documents have the same meaning;
//! - `access`: who is allowed what, as a set, to compare a document before and after an edit;
//! - `assume_action`: the actions of a trust policy;
//! - `trust`: adds grants to a trust policy and removes deleted identities from it;
//! - `evaluate`, `operators`: whether a document allows a request;
//! - `explain`, `summary`, `lint`, `redact`: for people.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

mod access;
mod assume_action;
mod condition;
mod document;
mod error;
mod evaluate;
mod explain;
mod lint;
mod normal;
mod operators;
mod principal;
mod redact;
mod summary;
mod trust;

pub use access::access_entries;
pub use assume_action::{AssumeAction, AssumeActions};
pub use condition::{Condition, ConditionClause};
pub use document::{Actions, Document, Effect, Principals, Statement};
pub use error::PolicyError;
pub use evaluate::{Caller, RequestContext, Verdict, can_anybody_assume, can_assume, can_other_assume, permits};
pub use explain::{Can, ExternalIdDisplay, PrincipalAccess, PrincipalKind, explain};
pub use lint::{ExternalIdRequirement, Finding, Severity, lint_permissions, lint_trust};
pub use operators::is_operator;
pub use principal::{InvalidPrincipal, Principal};
pub use redact::{Redactor, external_ids};
pub(crate) use summary::{permissions_summary, trust_summary};
pub use trust::{Grant, GrantEdit, PolicyNotice, TrustEdit, add_grants, prune_orphans};
