//! The per-account lease.
//!
//! An account's creation reaches the function through several events within seconds, and a message may be delivered twice.
//! IAM has neither locks nor version checks, so that two runs at the same moment would make the same writes. Whoever writes
//! therefore acquires the account's lease first; the others wait until it is released, read the account again and find
//! nothing left to do. A lease expires, so that an invocation that was killed does not block others.
//!
//! The lease saves writes; no decision rests on it. Where leases cannot be stored, work goes on without, and the report says
//! so.

use onboarding_core::account::AccountAge;
use onboarding_core::code::Code;
use onboarding_core::error::ApiError;
use onboarding_core::lease::{Lease, StoredLease};
use onboarding_core::limits::ABANDONED_CALLS;
use onboarding_core::message_action::is_transient;
use onboarding_core::outcome::Stop;
use onboarding_core::time::after;

use crate::job::Job;
use crate::ports::{Clock, LeaseStore};
use crate::retry::timeout_at;

/// What a run has of an account's lease.
enum State {
    NotHeld,
    Held,
    /// Leases cannot be stored, for this reason: work goes on without.
    Unavailable(String),
}

/// The lease of one run on its account.
pub(crate) struct AccountLease<'a, W> {
    world: &'a W,
    job: &'a Job,
    state: State,
    /// Whether acquiring was tried as for an account that never had a lease.
    tried_as_new: bool,
    /// How many times this run's lease was stored in place of one that another run had just taken over.
    lost_takeovers: u32,
}

/// The proof that this run may write: [`AccountLease::permit`] gives it, and the ledger takes it.
pub(crate) struct WritePermit(());

impl<'a, W: LeaseStore + Clock> AccountLease<'a, W> {
    pub(crate) fn new(world: &'a W, job: &'a Job) -> Self {
        Self { world, job, state: State::NotHeld, tried_as_new: false, lost_takeovers: 0 }
    }

    /// The proof that this run may write, once the lease was acquired.
    pub(crate) fn permit(&self) -> Option<WritePermit> {
        (!matches!(self.state, State::NotHeld)).then_some(WritePermit(()))
    }

    /// Acquires the lease of an account that never had one, with one call. Every other case is left to
    /// [`AccountLease::acquire`], errors included.
    pub(crate) async fn acquire_if_new(&mut self) {
        if self.permit().is_some() || std::mem::replace(&mut self.tried_as_new, true) {
            return;
        }
        if self.world.try_acquire_lease(&self.job.account, &self.mine(), None).await.unwrap_or_default() {
            self.state = State::Held;
        }
    }

    /// Acquires the lease. What was read before may be the half-done work of another run and has to be read again.
    ///
    /// # Errors
    /// When another run holds the lease, or the store does not answer.
    pub(crate) async fn acquire(&mut self) -> Result<(), Stop> {
        if self.permit().is_some() {
            return Ok(());
        }
        match self.try_acquire().await {
            Ok(true) => self.state = State::Held,
            Ok(false) => {
                let message = format!("another run is processing account {}", self.job.account);
                return Err(Stop::wait(Code::LeaseHeld, message));
            }
            Err(error) if is_transient(&error) => return Err(Stop::from_error(&error, AccountAge::Established)),
            // Making a few writes twice is better than making none.
            Err(error) => self.state = State::Unavailable(error.to_string()),
        }
        Ok(())
    }

    async fn try_acquire(&mut self) -> Result<bool, ApiError> {
        let account = &self.job.account;
        let mine = self.mine();
        if self.world.try_acquire_lease(account, &mine, None).await? {
            return Ok(true);
        }
        // A lease that was released in this moment is acquired by the next attempt.
        let Some(StoredLease { lease: current, version }) = self.world.stored_lease(account).await? else {
            return Ok(false);
        };
        if current.owner == mine.owner {
            // The response to an earlier attempt was lost.
            return Ok(true);
        }
        if current.is_active(self.world.now()) {
            return Ok(false);
        }
        let taken_over = self.world.try_acquire_lease(account, &mine, Some(version)).await?;
        if !taken_over {
            // Another run was faster, yet our lease may be stored in place of theirs. It is not ours to use: the next
            // attempt goes by another name.
            self.lost_takeovers += 1;
        }
        Ok(taken_over)
    }

    fn mine(&self) -> Lease {
        let owner = match self.lost_takeovers {
            0 => self.job.lease_owner.clone(),
            count => format!("{}+{count}", self.job.lease_owner),
        };
        Lease { owner, expires_at: after(self.job.abandon_at, ABANDONED_CALLS) }
    }

    /// Releases the lease, and returns what the report should mention. A lease that cannot be released expires.
    pub(crate) async fn release(&self) -> Option<String> {
        match &self.state {
            State::NotHeld => None,
            State::Held => {
                let _ = timeout_at(self.world, self.job.abandon_at, self.world.release_lease(&self.job.account)).await;
                None
            }
            State::Unavailable(why) => Some(format!(
                "the account's lease could not be acquired, so a concurrent run could make the same writes: {why}"
            )),
        }
    }
}
