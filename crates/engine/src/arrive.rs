//! From an account's id to the first look inside it, again and again while it is not ready.

use futures_util::join;

use super::draft::ReportBuilder;
use super::enter::session_name;
use super::hold::AccountLease;
use super::patience::Backoff;
use super::prepare::Prepared;
use super::target::TargetAccount;
use super::within::{timed_out, within};
use super::{End, Engine, Job, SessionOf};
use crate::ports::World;
use onboarding_core::mode::Mode;
use onboarding_core::observed::Observed;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::Refusal;

/// An account that was entered and read for the first time.
pub(super) struct OpenedAccount<S> {
    pub(super) prepared: Prepared,
    pub(super) target: TargetAccount<S>,
    pub(super) observed: Observed,
}

impl<W: World> Engine<W> {
    /// Enters an account and looks.
    pub(super) async fn arrive(
        &self,
        errand: &Job,
        patience: &mut Backoff,
        draft: &mut ReportBuilder,
        hold: &mut AccountLease<'_, W::LeaseStore>,
    ) -> Result<OpenedAccount<SessionOf<W>>, End> {
        loop {
            let arrived = within(self.clock(), errand.end, self.arrive_once(errand, draft, hold)).await;
            match arrived.unwrap_or_else(|| Err(timed_out())) {
                Err(end @ Outcome::Waiting(_)) => {
                    if !patience.pause(self.clock(), &end).await {
                        return Err(end);
                    }
                }
                other => return other,
            }
        }
    }

    async fn arrive_once(
        &self,
        errand: &Job,
        draft: &mut ReportBuilder,
        hold: &mut AccountLease<'_, W::LeaseStore>,
    ) -> Result<OpenedAccount<SessionOf<W>>, End> {
        let (account, read) = join!(self.look_up(&errand.account), self.secret_values());
        let ReportBuilder { report, secrets } = draft;
        let account = account?;
        report.account_name = Some(account.name.clone());
        report.joined_at = account.joined_at;
        *secrets = read?;
        let mut prepared = self.blueprint(&account, secrets)?;
        report.refusals = prepared.errors.iter().filter_map(Refusal::configuration).collect();
        // There is probably something to write in an account that is new: it is held before it is read, while it is entered.
        let early = async {
            if prepared.young && report.mode == Mode::Apply {
                hold.take_if_new().await;
            }
        };
        let name = session_name(&errand.origin);
        let (entered, ()) = join!(self.enter(&prepared, report.mode, &name), early);
        let (entered, refusals) = entered?;
        report.access_role = Some(entered.access_role.clone());
        prepared.blueprint.roles.retain(|role| !refusals.iter().any(|refusal| refusal.role == role.name));
        report.refusals.extend(refusals);
        let (entered, registered) = join!(entered.confirm(&prepared.blueprint), self.registered(&prepared.blueprint));
        let (target, observed) = entered?;
        report.calls = target.calls();
        Ok(OpenedAccount { prepared, target, observed: Observed { registered, ..observed? } })
    }
}

/// Waiting, when a vendor does not say what it knows.
pub(super) fn silent(observed: &Observed) -> Option<Outcome> {
    let mut whys = observed.registered.values().filter_map(|known| known.as_ref().err());
    whys.find(|why| matches!(why, Outcome::Waiting(_))).cloned()
}

/// Waiting, when a role of a young account may not be read: nothing may be, perhaps, for a while.
pub(super) fn unreadable(prepared: &Prepared, observed: &Observed) -> Option<Outcome> {
    let (role, why) = observed.unreadable.first_key_value().filter(|_| prepared.young)?;
    let code = if why.code == "control_policy_denies" { why.code } else { "account_not_ready" };
    Some(Outcome::waiting(code, format!("role `{role}` may not be read: {}", why.message)))
}
