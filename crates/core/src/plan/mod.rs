//! From the observed to the desired state: [`diff()`] plans the changes, [`guard()`] approves or refuses them, and
//! [`proofs`] verifies who can assume what afterwards.

mod change;
mod diff;
mod guard;
mod proof;
mod settings;

pub(crate) use change::Sign;
pub use change::{Action, Change, NewRole, RegistrationChange, RoleDetails};
pub use diff::{Plan, diff};
pub use guard::{Approved, Refusal, guard};
pub use proof::{Proof, proofs};

#[cfg(test)]
pub(crate) mod sample;
