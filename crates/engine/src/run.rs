//! One run: what it may do, what it has done, and what it has found out. At its end this becomes the report, once.

use std::time::SystemTime;

use onboarding_core::account::Account;
use onboarding_core::blueprint::SecretValues;
use onboarding_core::code::Code;
use onboarding_core::config::Config;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::{Outcome, Stop};
use onboarding_core::plan::{Approved, Change, Proof, Refusal, StillPresent};
use onboarding_core::report::{Calls, ChangeResult, ChangeStatus, Report};
use onboarding_core::role::RoleName;
use onboarding_core::time::since;

use crate::job::Job;
use crate::lease::AccountLease;
use crate::ledger::Ledger;
use crate::ports::World;
use crate::retry::Backoff;

/// One run for one account.
pub(crate) struct Run<'a, W> {
    world: &'a W,
    pub(crate) job: &'a Job,
    pub(crate) mode: Mode,
    started: SystemTime,
    /// The pauses of everything that opens the account; converging has its own.
    pub(crate) backoff: Backoff,
    pub(crate) lease: AccountLease<'a, W>,
    pub(crate) ledger: Ledger,
    pub(crate) findings: Findings,
}

/// What a run has found out so far.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) account: Option<Account>,
    pub(crate) access_role: Option<RoleName>,
    /// Why the access role is not the first of the configured names, as a notice.
    pub(crate) others_denied: Option<String>,
    /// What is still present and no longer configured.
    pub(crate) still_present: Vec<StillPresent>,
    /// External IDs and keys, which must not appear in the report.
    pub(crate) secrets: SecretValues,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) notices: Vec<String>,
    pub(crate) proofs: Vec<Proof>,
    /// The proofs as they will be when the planned changes are made.
    pub(crate) proofs_after: Vec<Proof>,
    pub(crate) planned: Vec<Change>,
    pub(crate) calls: Calls,
}

impl<'a, W: World> Run<'a, W> {
    pub(crate) fn new(job: &'a Job, mode: Mode, world: &'a W) -> Self {
        Self {
            world,
            job,
            mode,
            started: world.now(),
            backoff: Backoff::until(job.deadline),
            lease: AccountLease::new(world, job),
            ledger: Ledger::default(),
            findings: Findings::default(),
        }
    }

    /// Records the newest comparison; it replaces the one before.
    pub(crate) fn record(&mut self, refused_earlier: &[Refusal], approved: &Approved) {
        self.findings.refusals = refused_earlier.iter().chain(approved.refusals()).cloned().collect();
        self.findings.notices = approved.notices().iter().map(ToString::to_string).collect();
    }

    /// The report of the run, with every external ID and key taken out of its texts.
    pub(crate) fn into_report(self, outcome: Outcome, config: &Config) -> Report {
        let Findings {
            account,
            access_role,
            others_denied,
            still_present,
            secrets,
            refusals,
            mut notices,
            proofs,
            proofs_after,
            planned,
            calls,
        } = self.findings;
        notices.extend(others_denied);
        notices.extend(still_present.iter().map(ToString::to_string));
        let planned = planned.into_iter().map(|change| ChangeResult { change, status: ChangeStatus::Planned });
        notices.extend(config.warnings());
        let took = since(self.started, self.world.now());
        let mut report = Report {
            joined_at: account.as_ref().and_then(|account| account.joined_at),
            account_name: account.map(|account| account.name),
            access_role,
            changes: planned.chain(self.ledger.into_results()).collect(),
            refusals,
            notices,
            proofs,
            proofs_after,
            calls,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            ..Report::new(Some(self.job.account.clone()), self.job.trigger, self.mode, outcome)
        };
        report.redact(&secrets, &config.external_ids());
        report
    }
}

/// Blocked, when something was refused.
pub(crate) fn refused(refusals: &[Refusal]) -> Option<Stop> {
    let (first, others) = refusals.split_first()?;
    let message = match others.len() {
        0 => first.message.clone(),
        more => format!("{} (and {more} more)", first.message),
    };
    Some(Stop::blocked(first.code, message, first.remedy.clone()))
}

/// Converged, when every proof holds.
pub(crate) fn verified(findings: &Findings) -> Outcome {
    let Some(failed) = findings.proofs.iter().find(|proof| !proof.is_proven()) else { return Outcome::Converged };
    let message =
        format!("role `{}` matches its configuration but fails verification: {}", failed.role, failed.sentence);
    let concerns_access_role = findings.access_role.as_ref() == Some(&failed.role);
    let remedy = match findings.notices.first().filter(|_| concerns_access_role) {
        Some(notice) => format!("in the trust policy of the access role, {notice}"),
        None => "compare the trust policy with the configuration".to_owned(),
    };
    Outcome::blocked(Code::VerificationFailed, message, remedy)
}
