//! From the observed to the desired state: [`diff()`] plans the changes, [`guard()`] approves or refuses them, [`predicted`]
//! is the state that they lead to, and [`proofs`] verifies who can assume what. [`StillPresent`] is what is left of an earlier
//! configuration.

mod change;
mod confirmed;
mod diff;
mod guard;
mod predict;
mod proof;
mod refusal;
mod removal;
mod restate;
mod revocation;
mod session_revocation;
mod settings;
mod still_present;
mod unselected;

pub(crate) use change::Sign;
pub use change::{Action, Change, DeletedRole, Deregistration, NewRole, RegistrationChange, RoleDetails};
pub(crate) use confirmed::is_hash;
pub use confirmed::{ConfirmedPlan, HashedChange, HashedPlan, Salt};
pub use diff::{Plan, diff};
pub use guard::{Approved, guard};
pub use predict::predicted;
pub(crate) use proof::{Presented, ProofSubject};
pub use proof::{Proof, proofs};
pub use refusal::Refusal;
pub use restate::restated;
pub use revocation::{KnownRoles, RoleHistory};
pub use session_revocation::{RecordedRevocation, RecordedRevocations, RevocationReason, SessionRevocation};
pub use still_present::{
    NoLonger, RecordedGrant, StillPresent, ended_grants_left, grants_to_record, is_gone, recognize_withdrawn,
    removed_roles, still_present_grants, still_present_role,
};
pub use unselected::{leave_foreign, remove_unselected};

#[cfg(test)]
mod ended_tests;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod unselected_tests;
