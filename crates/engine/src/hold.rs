//! The hold on an account: of several runs at the same moment one writes, and the others look at what it made.

use super::within::within;
use super::{End, Job};
use crate::ports::{Clock, LeaseStore};
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_core::message_action::is_transient;
use onboarding_core::outcome::Outcome;

/// What a run has of an account.
enum State {
    Nothing,
    Held,
    /// Claims cannot be made here, for this reason: work goes on without.
    Without(String),
}

/// The hold of one run on its account.
pub(super) struct AccountLease<'a, K> {
    claims: &'a K,
    errand: &'a Job,
    state: State,
    /// Whether it was tried whether the account is new to claims.
    tried: bool,
    /// How many claims of this run stand where another run's should.
    forfeited: u32,
}

impl<'a, K: LeaseStore> AccountLease<'a, K> {
    pub(super) fn of(claims: &'a K, errand: &'a Job) -> Self {
        Self { claims, errand, state: State::Nothing, tried: false, forfeited: 0 }
    }

    /// Whether this run may write, and no other does.
    pub(super) fn is_held(&self) -> bool {
        !matches!(self.state, State::Nothing)
    }

    /// Takes hold of an account that was never claimed: one call. Otherwise it is for [`AccountLease::take`] to say.
    pub(super) async fn take_if_new(&mut self) {
        if self.is_held() || std::mem::replace(&mut self.tried, true) {
            return;
        }
        // An error is for `take` to judge, too.
        if self.claims.claim(&self.errand.account, &self.mine(), None).await.unwrap_or_default() {
            self.state = State::Held;
        }
    }

    /// Takes hold of the account. What was read before may be the half-done work of another run: it has to be read again.
    ///
    /// # Errors
    /// When another run has it, or it cannot be known yet.
    pub(super) async fn take(&mut self, clock: &impl Clock) -> Result<(), End> {
        if self.is_held() {
            return Ok(());
        }
        let account = &self.errand.account;
        match self.claim(clock.now()).await {
            Ok(true) => self.state = State::Held,
            Ok(false) => {
                let message = format!("another run is at work in account {account}");
                return Err(Outcome::waiting("lease_held", message));
            }
            Err(error) if is_transient(&error) => return Err(Outcome::from_error(&error, false)),
            // To make a few writes twice is better than to make none.
            Err(error) => self.state = State::Without(error.to_string()),
        }
        Ok(())
    }

    async fn claim(&mut self, now: f64) -> Result<bool, ApiError> {
        let (account, mine) = (&self.errand.account, self.mine());
        if self.claims.claim(account, &mine, None).await? {
            return Ok(true);
        }
        // Who gave it back just now is asked again at the next try.
        let Some((there, version)) = self.claims.claimed(account).await? else { return Ok(false) };
        if there.by == mine.by {
            // The answer to the claim was lost.
            return Ok(true);
        }
        if there.holds(now) {
            return Ok(false);
        }
        let taken_over = self.claims.claim(account, &mine, Some(version)).await?;
        if !taken_over {
            // Another was first, and our claim stands where theirs was, until they give the account back: it is not ours.
            self.forfeited += 1;
        }
        Ok(taken_over)
    }

    fn mine(&self) -> Lease {
        let by = match self.forfeited {
            0 => self.errand.run.clone(),
            count => format!("{}+{count}", self.errand.run),
        };
        Lease { by, until: self.errand.end + LAST_CALLS }
    }

    /// Gives the account back, and tells what a person should know. A claim that cannot be given back runs out.
    pub(super) async fn release(self, clock: &impl Clock) -> Option<String> {
        match self.state {
            State::Nothing => None,
            State::Held => {
                let _ = within(clock, self.errand.end, self.claims.release(&self.errand.account)).await;
                None
            }
            State::Without(why) => Some(format!(
                "the account could not be claimed, so that another run at the same moment would make the same writes: {why}"
            )),
        }
    }
}

/// How long AWS may still be at a call that was given up, in seconds.
const LAST_CALLS: f64 = 4.0;
