//! An in-memory AWS organization for tests: deterministic, and as strict as IAM where common emulators are lax.
//!
//! [`FakeOrganization`] implements the ports of the engine. It simulates what the engine has to cope with in production:
//!
//! - **Eventual consistency.** Reads may return an old state for a number of reads or seconds ([`Lag`]), and new principals
//!   are rejected in policies until they have propagated.
//! - **Account creation in phases.** The account, its access role and working credentials appear one after the other
//!   ([`AccountCreation`]).
//! - **Validation and quotas.** Policies, names and tags are checked when they are written, and IAM quotas apply ([`Quotas`]).
//! - **Request rates.** Calls beyond the rates of AWS are throttled ([`FakeOrganization::enforce_api_quotas`]).
//! - **Live sessions.** A [`Session`] expires, and each of its calls is authorized against the service control policies, the
//!   access role, its permissions boundary and the session policy.
//! - **Concurrency.** Calls of concurrent tasks interleave. Every call is recorded in a journal ([`Call`]).
//!
//! [`Faulty`] wraps any implementation of the ports and injects faults according to a [`Script`]: errors, timeouts before and
//! after the call takes effect, and crashes. [`FakeQueue`] and [`FakeNotifier`] are the test's side of the simulated SQS and
//! event bus.
//!
//! Nothing here does I/O or waits: time is virtual and advances when all tasks sleep.

mod account;
mod account_creation;
mod account_factory;
mod api_quotas;
mod authorize;
mod call;
mod clock;
mod consistency;
mod create_account;
mod directory;
mod document;
mod fault;
mod faulty;
mod hop;
mod inbox;
mod journal;
mod known_principals;
mod list_roles;
mod manage_accounts;
mod management;
mod notifications;
mod notifier;
mod organization;
mod permissions;
mod principals;
mod profile_settings;
mod profiles;
mod queue;
mod quota;
mod read;
mod records;
mod rejection;
mod requested_accounts;
mod role_session;
mod role_state;
mod session;
mod setup;
mod state;
mod target;
mod tenant;
mod validate;
mod vendor;
mod write;

pub use account::ControlPolicy;
pub use account_creation::AccountCreation;
pub use api_quotas::ApiCalls;
pub use call::Call;
pub use consistency::Lag;
pub use fault::{Injection, Script};
pub use faulty::Faulty;
pub use inbox::DeadLetter;
pub use notifier::FakeNotifier;
pub use organization::FakeOrganization;
pub use profiles::FakeProfile;
pub use queue::{Delivered, FakeQueue};
pub use quota::Quotas;
pub use role_session::RoleSession;
pub use role_state::{PolicyText, RoleState};
pub use session::Session;
pub use tenant::{Connector, Tenant};

#[cfg(test)]
mod example;
