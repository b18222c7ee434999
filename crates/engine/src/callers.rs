//! The principals that must keep their access to the access roles, read once, and only for a change that takes access away.

use onboarding_core::account::AccountAge;
use onboarding_core::caller_identity::Callers;
use onboarding_core::outcome::Stop;
use onboarding_core::plan::Plan;
use onboarding_core::role::RoleName;

use crate::job::{Engine, Job};
use crate::ports::World;
use crate::retry::{Backoff, timed_out, timeout_at, without_session};

impl<W: World> Engine<W> {
    /// The principals that must not lose access by a plan; none if it takes no access away. Nothing that would take access away is
    /// changed while they are not known.
    pub(crate) async fn callers_of(
        &self,
        plan: &Plan,
        access_role: &RoleName,
        job: &Job,
        backoff: &mut Backoff,
    ) -> Result<Callers, Stop> {
        if !plan.takes_access(access_role) {
            return Ok(Callers::default());
        }
        loop {
            let read = timeout_at(&self.world, job.abandon_at, self.callers()).await;
            match read.unwrap_or_else(|| Err(timed_out())) {
                Err(stop) if backoff.again(&self.world, &stop).await => {}
                ended => return ended,
            }
        }
    }

    /// The role of the management account, if one is configured, and whoever calls.
    pub(crate) async fn callers(&self) -> Result<Callers, Stop> {
        let mut known = self.cache.callers.lock().await;
        if let Some(callers) = known.as_ref() {
            return Ok(callers.clone());
        }
        let arn = self.world.own_arn().await;
        let arn = arn.map_err(|error| without_session(Stop::from_error(&error, AccountAge::Established)))?;
        Ok(known.insert(Callers::new(&arn, self.config.management.as_ref())).clone())
    }
}
