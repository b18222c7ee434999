//! An organization in memory, with IAM's rules: strict where emulators are lax, and deterministic.
//!
//! [`FakeOrganization`] implements the ports; [`Faulty`] wraps any implementation of them and makes one call go wrong.
//! Nothing here does I/O or waits: time is the organization's own and passes when somebody sleeps.

mod account;
mod account_creation;
mod authorize;
mod clock;
mod consistency;
mod directory;
mod document;
mod fault;
mod faulty;
mod journal;
mod leases;
mod notifier;
mod organization;
mod principals;
mod queue;
mod quota;
mod read;
mod role_state;
mod session;
mod setup;
mod validate;
mod vendor;
mod write;

pub use account::Control;
pub use account_creation::AccountCreation;
pub use consistency::Lag;
pub use fault::{Injection, Script};
pub use faulty::Faulty;
pub use journal::Call;
pub use notifier::FakeNotifier;
pub use organization::FakeOrganization;
pub use queue::{DeadLetter, Delivered, FakeQueue};
pub use quota::Quotas;
pub use role_state::{PolicyText, RoleState};
pub use session::Session;
pub use vendor::{Connector, Tenant};

#[cfg(test)]
mod example;
