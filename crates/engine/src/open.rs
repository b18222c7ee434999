//! Opening an account: from its id to the first look inside it, tried again while the account is not ready.

use futures_util::join;
use onboarding_core::account::AccountAge;
use onboarding_core::blueprint::{Blueprint, RoleSpec, placeholder_secrets};
use onboarding_core::code::Code;
use onboarding_core::mode::Mode;
use onboarding_core::observed::Observed;
use onboarding_core::outcome::Stop;
use onboarding_core::plan::{KnownRoles, Refusal, leave_foreign, recognize_withdrawn, remove_unselected};
use onboarding_core::role::RoleName;

use crate::assume::session_name;
use crate::job::Engine;
use crate::ledger::Ledger;
use crate::ports::World;
use crate::prepare::Prepared;
use crate::removed::{grants_still_present, is_visible};
use crate::retry::{timed_out, timeout_at, without_session};
use crate::run::Run;
use crate::target::TargetAccount;
use crate::vendors::kept_registrations;

/// An account whose access role was assumed, whose id was confirmed and which was read for the first time.
pub(crate) struct OpenedAccount<S> {
    pub(crate) blueprint: Blueprint,
    pub(crate) age: AccountAge,
    /// The roles that were refused before anything was compared.
    pub(crate) refusals: Vec<Refusal>,
    /// Waiting, when a part was left out because its vendor did not return the external ID, or because it is not known whether
    /// its targets select the account.
    left_out: Option<Stop>,
    pub(crate) target: TargetAccount<S>,
    pub(crate) observed: Observed,
}

impl<W: World> Engine<W> {
    /// Opens the account of a run.
    pub(crate) async fn open(&self, run: &mut Run<'_, W>) -> Result<OpenedAccount<W::Session>, Stop> {
        loop {
            let opened = timeout_at(&self.world, run.job.abandon_at, self.open_once(run)).await;
            match opened.unwrap_or_else(|| Err(timed_out())).map_err(without_session) {
                Err(stop) if run.backoff.again(&self.world, &stop).await => {}
                ended => return ended,
            }
        }
    }

    async fn open_once(&self, run: &mut Run<'_, W>) -> Result<OpenedAccount<W::Session>, Stop> {
        let mode = run.session_mode;
        let Run { job, record, first_look, findings, .. } = run;
        self.check_excluded(&job.account)?;
        let (account, loaded) = join!(self.look_up(&job.account, first_look.account.take()), record.load());
        let account = findings.account.insert(account?);
        loaded.map_err(|error| Stop::from_error(&error, AccountAge::Established))?;
        self.config.external_ids_of(Some(account)).iter().for_each(|id| id.add_to(&self.known_secrets));
        let age = self.age(account);
        // The lease is acquired before anything is read in the account: what is read while another run writes would have to be
        // read again. A new account most likely needs changes.
        let recorded = record.record();
        let early_lease = async {
            if age.is_new() && mode == Mode::Apply {
                record.acquire_early().await;
            }
        };
        let name = session_name(&job.session_suffix);
        let known = self.known_facts(account).await?;
        let facts = known.about(account);
        let may_exist = || recorded.roles.keys().chain(recorded.registrations.keys());
        let mut scoped = self.prepare(&facts, &placeholder_secrets(&self.config))?.blueprint;
        remove_unselected(&mut scoped, may_exist());
        let (assumed, secrets, (), removed) = join!(
            self.assume(&scoped, age, mode, &name),
            self.secret_values(),
            early_lease,
            self.assume_to_read(&recorded.roles, &scoped, scoped.access_roles.first(), &name)
        );
        findings.secrets = secrets?;
        let prepared = self.prepare(&facts, &findings.secrets)?;
        let Prepared { mut blueprint, mut refusals, undecided_grants, incomplete } = prepared;
        recognize_withdrawn(&mut blueprint, &recorded.grants);
        remove_unselected(&mut blueprint, may_exist());
        findings.refusals.clone_from(&refusals);
        let (assumed, too_long) = assumed?;
        refusals.extend(undecided_grants.iter().filter_map(|e| Refusal::undecided_grants(e, &assumed.access_role)));
        findings.access_role = Some(assumed.access_role.clone());
        findings.others_denied.clone_from(&assumed.others_denied);
        blueprint.roles.retain(|role| !too_long.iter().any(|refusal| refusal.role == *role.name()));
        refusals.extend(too_long);
        findings.refusals.clone_from(&refusals);
        let required = blueprint.roles.iter().map(RoleSpec::name).chain(refusals.iter().map(|refusal| &refusal.role));
        // The access role is also among the refusals if one of its grants is.
        let others = required.filter(|role| **role != assumed.access_role);
        findings.required = others.chain([&assumed.access_role]).cloned().collect();
        findings.not_selected = blueprint.unselected_roles().cloned().collect();
        findings.not_revoked.clone_from(&blueprint.not_revoked);
        let access_role = assumed.access_role.clone();
        let registered = record.record().registrations;
        let (confirmed, registrations, removed) = join!(
            assumed.confirm(&blueprint),
            self.registrations(&blueprint, &registered),
            self.find_removed(removed, &blueprint, &access_role, &name)
        );
        let (target, observed) = confirmed?;
        let observed = Observed { registrations, ..observed? };
        let taken = leave_foreign(&mut blueprint, &observed, &recorded.roles, recorded.registrations.keys());
        findings.still_present = removed.still_present;
        let gone = removed.gone.into_iter().chain(taken).collect();
        findings.gone = if is_visible(&recorded, self.world.now()) { gone } else { KnownRoles::new() };
        let recorded = record.record();
        findings.still_present.extend(grants_still_present(&recorded.grants, &blueprint, &observed));
        findings.still_present.extend(kept_registrations(&blueprint, &recorded.registrations));
        findings.removed = blueprint.removed.iter().map(|removal| removal.role.name.clone()).collect();
        let is_left = |name: &&RoleName| observed.roles.contains_key(*name) || observed.unreadable.contains_key(*name);
        findings.required.extend(findings.removed.iter().filter(is_left).cloned());
        Ok(OpenedAccount { blueprint, age, refusals, left_out: incomplete, target, observed })
    }
}

impl<S> OpenedAccount<S> {
    /// Waiting, when a role of a new account cannot be read: for a while, nothing may be readable.
    pub(crate) fn not_readable_yet(&self, observed: &Observed) -> Option<Stop> {
        let (role, why) = observed.unreadable.first_key_value().filter(|_| self.age.is_new())?;
        let code = if why.code == Code::ControlPolicyDenies { why.code } else { Code::AccountNotReady };
        Some(Stop::wait(code, format!("role `{role}` cannot be read yet: {}", why.message)))
    }

    /// Waiting, when a vendor does not answer what it has registered.
    pub(crate) fn silent_vendor(&self, observed: &Observed) -> Option<Stop> {
        let mut failed = observed.registrations.values().filter_map(|existing| existing.as_ref().err());
        failed.find(|stop| matches!(stop, Stop::Wait(_))).cloned()
    }

    /// Waiting, when a part of the configuration was left out, or a vendor does not answer what it has registered.
    pub(crate) fn incomplete(&self, observed: &Observed) -> Option<Stop> {
        self.left_out.clone().or_else(|| self.silent_vendor(observed))
    }

    /// What keeps a comparison without changes from being final: a new account that cannot be read yet, or a silent vendor
    /// to whom this run has just sent something. A vendor that is silent from the start does not delay the run.
    pub(crate) fn not_final_yet(&self, ledger: &Ledger, observed: &Observed) -> Option<Stop> {
        let silent = || self.silent_vendor(observed).filter(|_| !ledger.is_empty());
        self.not_readable_yet(observed).or_else(silent)
    }
}
