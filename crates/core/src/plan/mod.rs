//! From the observed to the desired state: [`diff()`] plans the changes, [`guard()`] approves or refuses them, [`predicted`]
//! is the state that they lead to, and [`proofs`] verifies who can assume what.

mod change;
mod diff;
mod guard;
mod predict;
mod proof;
mod refusal;
mod revocation;
mod settings;

pub(crate) use change::Sign;
pub use change::{Action, Change, NewRole, RegistrationChange, RoleDetails};
pub use diff::{Plan, diff};
pub use guard::{Approved, guard};
pub use predict::predicted;
pub(crate) use proof::{Presented, ProofSubject};
pub use proof::{Proof, proofs};
pub use refusal::Refusal;
pub use revocation::{KnownRoles, RevocationReason, RoleHistory, SessionRevocation};

#[cfg(test)]
pub(crate) mod sample;
