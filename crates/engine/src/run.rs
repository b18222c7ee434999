//! One run: what it may do, what it has done, and what it has found out. At its end this becomes the report, once.

use std::collections::BTreeSet;
use std::time::SystemTime;

use onboarding_core::account::Account;
use onboarding_core::blueprint::{Blueprint, RoleRemoval, SecretValues};
use onboarding_core::code::Code;
use onboarding_core::config::Config;
use onboarding_core::console::{ConsoleLink, access_role_links};
use onboarding_core::handoff::{Handoff, handoffs};
use onboarding_core::last_result::{Requirement, ResultDetails, requirements};
use onboarding_core::lease::Lease;
use onboarding_core::limits::{LEASE_AFTER_WORK, MAX_LEASE};
use onboarding_core::mode::Mode;
use onboarding_core::observed::Observed;
use onboarding_core::outcome::{Outcome, Stop};
use onboarding_core::plan::{Approved, Change, KnownRoles, Proof, RecordedGrant, Refusal, RoleHistory, StillPresent};
use onboarding_core::report::{Calls, ChangeResult, ChangeStatus, NoLongerConfigured, Report};
use onboarding_core::role::RoleName;
use onboarding_core::time::{after, since};

use crate::first_look::FirstLook;
use crate::job::Job;
use crate::ledger::Ledger;
use crate::open_record::{OpenRecord, RoleChanges};
use crate::ports::{Clock, Records, World};
use crate::removed::is_visible;
use crate::retry::Backoff;
use crate::vendors::{deregistered, read_notices};

/// One run for one account.
pub(crate) struct Run<'a, W> {
    world: &'a W,
    pub(crate) job: Job,
    pub(crate) mode: Mode,
    /// What the sessions in the account may do: with [`Mode::Plan`], they can only read.
    pub(crate) session_mode: Mode,
    pub(crate) started: SystemTime,
    /// The pauses of everything that opens the account; converging has its own.
    pub(crate) backoff: Backoff,
    pub(crate) record: OpenRecord<'a, W>,
    /// The reads that were made before the run started.
    pub(crate) first_look: FirstLook,
    pub(crate) ledger: Ledger,
    pub(crate) findings: Findings,
}

/// What a run has found out so far.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) account: Option<Account>,
    pub(crate) access_role: Option<RoleName>,
    /// The access role and the roles of the blueprint.
    pub(crate) required: Vec<RoleName>,
    /// The configured roles that are not for this account.
    pub(crate) not_selected: BTreeSet<RoleName>,
    /// Whether the account was read and compared with its blueprint; otherwise no status is known.
    is_compared: bool,
    /// Why the access role is not the first of the configured names, in a sentence.
    pub(crate) others_denied: Option<String>,
    /// The entries of `[[access-role.revoke]]` that name no principal in this account, each in a sentence.
    pub(crate) not_revoked: Vec<String>,
    /// Roles and grants that are still present and no longer configured.
    pub(crate) still_present: Vec<StillPresent>,
    /// The roles that are removed.
    pub(crate) removed: Vec<RoleName>,
    /// Recorded roles that are no longer configured and no longer exist.
    pub(crate) gone: KnownRoles,
    /// The roles whose registrations with vendors this tool made, and which the vendors no longer show.
    pub(crate) deregistered: Vec<RoleName>,
    /// The grants to record, if an applied run has verified the access role.
    pub(crate) grants: Option<BTreeSet<RecordedGrant>>,
    /// External IDs and keys, which must not appear in the report.
    pub(crate) secrets: SecretValues,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) notices: Vec<String>,
    /// The registrations that a vendor does not use, each in a sentence.
    pub(crate) vendor_reads: Vec<String>,
    /// The roles whose trust policies were not as configured in any comparison of this run.
    pub(crate) trust_drift: BTreeSet<RoleName>,
    pub(crate) proofs: Vec<Proof>,
    /// The proofs as they will be when the planned changes are made.
    pub(crate) proofs_after: Vec<Proof>,
    pub(crate) planned: Vec<Change>,
    pub(crate) calls: Calls,
}

/// The end of a run: its report, and its record, which the caller saves after it has published the outcome. Until then the
/// run holds the account's lease, if it acquired it.
pub struct Processed<'a, W> {
    /// The report.
    pub report: Report,
    /// The record of the account.
    pub record: OpenRecord<'a, W>,
}

impl<W: Records + Clock> Processed<'_, W> {
    /// Saves the record of a run whose outcome is not published. Whether that succeeds does not affect the account.
    pub(crate) async fn save(self, job: &Job) -> Report {
        let Self { report, record } = self;
        let _ = record.save(&report, None, job.abandon_at).await;
        report
    }
}

impl<'a, W: World> Run<'a, W> {
    pub(crate) fn new(job: &Job, mode: Mode, world: &'a W, mut first_look: FirstLook) -> Self {
        // A lease that lasts longer would not be accepted: the function would take it over at once.
        let expires_at = after(job.abandon_at, LEASE_AFTER_WORK).min(after(world.now(), MAX_LEASE));
        let lease = Lease { owner: job.lease_owner.clone(), expires_at };
        let record = OpenRecord::new(world, job.account.to_string(), lease).after_reading(first_look.record.take());
        Self {
            world,
            job: job.clone(),
            mode,
            session_mode: mode,
            started: world.now(),
            backoff: Backoff::until(world, job.deadline),
            record,
            first_look,
            ledger: Ledger::default(),
            findings: Findings::default(),
        }
    }

    /// The roles that are managed by this tool beyond doubt: those of the record, and those that this run made so. And the
    /// revocations of earlier runs and of this one.
    pub(crate) fn role_history(&self) -> RoleHistory {
        let record = self.record.record();
        let own = self.ledger.history().clone();
        let known = record.roles.into_iter().chain(own.known).collect();
        RoleHistory { known, earlier: record.revocations, ..own }
    }

    /// Takes which vendors do not read the account although it is registered.
    pub(crate) fn note_vendor_reads(&mut self, blueprint: &Blueprint, observed: &Observed) {
        let mut recorded = self.record.record().registrations;
        recorded.extend(self.ledger.registrations().clone());
        self.findings.vendor_reads = read_notices(blueprint, observed, &recorded, self.world.now());
    }

    /// Takes which of the roles that are removed no longer exist, and which of their registrations.
    pub(crate) fn note_removed(&mut self, blueprint: &Blueprint, observed: &Observed) {
        let record = self.record.record();
        self.findings.deregistered = deregistered(blueprint, observed, &record.registrations);
        let is_absent = |name: &RoleName| !observed.roles.contains_key(name) && !observed.unreadable.contains_key(name);
        // A role that was created a moment ago may not be visible yet, unless this run has deleted it.
        let is_old = is_visible(&record, self.world.now());
        for RoleRemoval { role: removed, .. } in &blueprint.removed {
            let recorded = record.roles.iter().find(|(name, _)| name.is_same(&removed.name));
            if let Some((name, id)) = recorded
                && is_absent(&removed.name)
                && (is_old || self.ledger.has_deleted(&removed.name))
            {
                self.findings.gone.insert(name.clone(), id.clone());
            }
        }
    }

    /// Takes the newest comparison; it replaces the one before.
    pub(crate) fn compared(&mut self, refused_earlier: &[Refusal], approved: &Approved) {
        self.findings.is_compared = true;
        self.findings.refusals = refused_earlier.iter().chain(approved.refusals()).cloned().collect();
        self.findings.notices = approved.notices().iter().map(ToString::to_string).collect();
        self.findings.trust_drift.extend(approved.trust_drift().iter().cloned());
    }

    /// The report of the run, with every external ID and key taken out of its texts, and its record.
    pub(crate) fn into_processed(self, outcome: Outcome, config: &Config) -> Processed<'a, W> {
        let mut record = self.record;
        let Findings {
            account,
            access_role,
            required,
            not_selected,
            is_compared,
            others_denied,
            not_revoked,
            still_present,
            removed,
            gone,
            deregistered,
            grants,
            secrets,
            refusals,
            mut notices,
            vendor_reads,
            trust_drift,
            proofs,
            proofs_after,
            planned,
            calls,
        } = self.findings;
        deregistered.into_iter().for_each(|role| record.deregistered(role));
        let handoffs = account.as_ref().map(|account| handoffs(config, account, &record.record().handoffs));
        let ou_path = account.as_ref().and_then(|account| account.ou_path.clone());
        let external_ids = config.external_ids_of(account.as_ref());
        let ended = self.ledger.into_results();
        let registrations = record.record().registrations;
        notices.extend(record.notices());
        notices.extend(vendor_reads);
        notices.extend(others_denied.clone());
        notices.extend(not_revoked);
        notices.extend(still_present.iter().map(ToString::to_string));
        let planned = planned.into_iter().map(|change| ChangeResult { change, status: ChangeStatus::Planned });
        notices
            .extend(trust_drift.iter().map(|role| format!("the trust policy of role `{role}` was not as configured")));
        notices.extend(config.warnings.iter().cloned());
        let took = since(self.started, self.world.now());
        let links = account.as_ref().map(|account| links(config, account, access_role.as_ref(), &outcome));
        let mut report = Report {
            joined_at: account.as_ref().and_then(|account| account.joined_at),
            ou_path: ou_path.clone(),
            account_name: account.map(|account| account.name),
            access_role,
            access_role_reason: others_denied,
            changes: planned.chain(ended.results).collect(),
            refusals,
            notices,
            trust_drift,
            not_selected,
            no_longer_configured: still_present
                .iter()
                .filter_map(StillPresent::unconfigured_role)
                .map(|(name, owner)| {
                    let registered = registrations.iter().find(|(role, _)| role.is_same(name));
                    let tenant = registered.map(|(_, one)| one.tenant.clone());
                    (name.clone(), NoLongerConfigured { owner: owner.cloned(), tenant })
                })
                .collect(),
            unselected: still_present.iter().filter_map(StillPresent::unselected_role).cloned().collect(),
            proofs,
            proofs_after,
            links: links.unwrap_or_default(),
            calls,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            ..Report::new(Some(self.job.account.clone()), self.job.trigger, self.mode, outcome)
        };
        report.redact(&secrets, &external_ids);
        let has_registration = config.roles.iter().filter(|role| role.registration.is_some());
        let registered = has_registration.map(|role| &role.definition.name).collect();
        let mut requirements = requirements(required.iter().filter(|_| is_compared), &registered, &report);
        // A role that was removed is no longer required.
        let is_removed = |role: &String| removed.iter().any(|removed| removed.as_str() == role);
        requirements.retain(|role, status| *status != Requirement::Holds || !is_removed(role));
        let is_due = |handoff: &Handoff| is_due(requirements.get(handoff.role.as_str()), self.mode);
        report.handoffs = handoffs.into_iter().flatten().filter(is_due).collect();
        report.requirements.clone_from(&requirements);
        let details = ResultDetails { requirements, configuration: config.hash.clone(), ou_path };
        let registered = ended.registrations;
        let roles = RoleChanges { known: ended.known_roles, gone, revocations: ended.revocations, registered };
        record.finish(details, roles, grants);
        Processed { report, record }
    }
}

/// The links to an account whose access role can be assumed, or can be once the planned changes are made.
fn links(config: &Config, account: &Account, access_role: Option<&RoleName>, outcome: &Outcome) -> Vec<ConsoleLink> {
    let is_ready = match outcome {
        Outcome::Converged => true,
        Outcome::Waiting(cause) => cause.code == Code::ChangesPending,
        Outcome::Blocked(_) | Outcome::Ignored(_) => false,
    };
    access_role.filter(|_| is_ready).map(|role| access_role_links(config, account, role)).unwrap_or_default()
}

/// Whether the role of a hand-off is as the vendor needs it, or will be once a plan is applied.
fn is_due(status: Option<&Requirement>, mode: Mode) -> bool {
    match status {
        Some(Requirement::Holds) => true,
        Some(Requirement::Drift | Requirement::Missing) => mode == Mode::Plan,
        Some(Requirement::Blocked | Requirement::NotSelected) | None => false,
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
        Some(notice) => format!("change the trust policy of the access role: {notice}"),
        None => "compare its trust policy (`onboard policy explain`) with the configuration, remove the difference, then run \
                 again"
            .to_owned(),
    };
    Outcome::blocked(Code::VerificationFailed, message, remedy)
}
