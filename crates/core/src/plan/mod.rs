//! From what is to what should be: the difference as changes, and the guard that lets them through.

mod change;
mod diff;
mod guard;
mod proof;

pub use change::{Action, Change, NewRole, RegistrationChange, Sign};
pub use diff::{Plan, diff};
pub use guard::{Approved, Refusal, guard};
pub use proof::{Proof, proofs};

#[cfg(test)]
pub(crate) mod sample;
