//! IAM policy documents: parsed without loss, edited, compared, evaluated, explained and checked.
//!
//! - `document`, `condition`, `principal`: the typed view of a policy;
//! - `pasted`: a policy in the forms in which people paste it;
//! - `condition_values`: values of conditions that IAM refuses;
//! - `normal`: the normal form, which decides whether two documents have the same meaning;
//! - `access`: the allowed access as a set, to compare a document before and after an edit;
//! - `assume_action`: the actions of a trust policy;
//! - `unique_ids`: recognizes the ARNs that IAM returns in the place of configured unique IDs;
//! - `trust`: adds grants to a trust policy and removes deleted identities from it;
//! - `evaluate`, `context`, `operators`, `glob`, `truth`: whether a document allows a request;
//! - `granted`: whether a document allows what a grant is meant for;
//! - `known_caller`: whether a document allows one request of a known caller;
//! - `revocation`: the policy that revokes the sessions of a role;
//! - `inline_quota`: the space for that policy;
//! - `explain`, `reach`, `condition_text`, `summary`, `read_only`, `lint`, `escalation`, `redact`: for people.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

mod access;
mod assume_action;
mod condition;
mod condition_text;
mod condition_values;
mod context;
mod document;
mod error;
mod escalation;
mod evaluate;
mod explain;
mod glob;
mod granted;
mod inline_quota;
mod known_caller;
mod lint;
mod normal;
mod operators;
mod pasted;
mod principal;
mod reach;
mod read_only;
mod redact;
mod revocation;
mod summary;
mod trust;
mod truth;
mod unique_ids;

pub use access::access_entries;
pub(crate) use access::is_denial;
pub use assume_action::{AssumeAction, AssumeActions};
pub use condition::{Condition, ConditionClause};
pub use condition_text::ExternalIdDisplay;
pub(crate) use condition_values::check_values;
pub use context::RequestContext;
pub use document::{Actions, Document, Effect, Principals, Statement};
pub use error::PolicyError;
pub use escalation::{lint_managed_policy, lint_permissions};
pub use evaluate::{Caller, Verdict, can_anybody_assume, can_assume, can_other_assume, permits};
pub use explain::{PrincipalAccess, PrincipalKind, explain};
pub(crate) use glob::{like, some_match};
pub use granted::{Grant, denied};
pub(crate) use granted::{Presented, can_pass_nothing, grant_verdict};
pub use inline_quota::inline_length;
pub(crate) use inline_quota::{INLINE_QUOTA, deny_everything, inline_limit, only_allows};
pub(crate) use known_caller::{KnownRequest, MfaContext, mentions_mfa, verdict_on_request};
pub use lint::{ExternalIdRequirement, Finding, Severity, lint_trust, lint_trusted};
pub use operators::is_operator;
pub use pasted::{PastedPolicy, PolicyOrigin};
pub(crate) use principal::is_session_of;
pub use principal::{InvalidPrincipal, Principal};
pub use reach::Can;
pub(crate) use read_only::{allowed_actions, is_read_only};
pub use redact::{Redactor, external_ids};
pub use revocation::{REVOCATION_POLICY, revocation_policy, revoked_before};
pub(crate) use summary::{permissions_summary, trust_summary};
pub use trust::{GrantEdit, PolicyNotice, TrustEdit, add_grants, prune_orphans};
pub use unique_ids::with_unique_ids;
