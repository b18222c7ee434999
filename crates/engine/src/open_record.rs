//! The record of one run's subject, and the lease that the run holds on it.
//!
//! An account's creation reaches the function through several events within seconds, and a message may be delivered twice.
//! IAM has neither locks nor version checks, so that two runs at the same moment would make the same writes, and both would
//! notify. Whoever writes to the account or notifies therefore acquires the account's lease first; the others wait until it
//! is released, read the account again and find nothing left to do. A lease expires, so that an invocation that was killed
//! does not block others.
//!
//! A run reads the record once, at its beginning, and writes it once, at its end: the result, the notification and the roles
//! that it created, and with the same call it releases the lease.
//!
//! The record decides which sessions are revoked, and nothing else in the account. Where it cannot be stored, work goes on without, and
//! the report says so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use onboarding_core::account::AccountAge;
use onboarding_core::code::Code;
use onboarding_core::error::ApiError;
use onboarding_core::last_result::{LastResult, Requirement, ResultDetails};
use onboarding_core::lease::Lease;
use onboarding_core::limits::{CREATION_RECORD, DEPARTED_RECORD};
use onboarding_core::message_action::is_transient;
use onboarding_core::outcome::{Outcome, Stop};
use onboarding_core::plan::{Action, Change, KnownRoles, RecordedGrant, RecordedRevocations};
use onboarding_core::policy::{Document, MaskedPolicy};
use onboarding_core::record::{Expiry, LeaseUse, NotificationChange, Record, RecordUpdate, RecordedRegistrations};
use onboarding_core::report::Report;
use onboarding_core::role::RoleName;
use onboarding_core::role_id::RoleId;
use onboarding_core::time::after;
use onboarding_core::undo::{RecordedTrustEdit, RecordedTrustEdits};

use crate::ports::{Clock, LeaseAttempt, Records, Saved};
use crate::retry::{Backoff, timeout_at};
use crate::write_ahead::{WriteAhead, Written, not_recorded};

/// What a run has of the record.
enum State {
    NotHeld,
    Held,
    /// There is no place to store records, or they cannot be used, for the reason that the report should mention.
    Unavailable(Option<String>),
}

/// The record of one run's subject.
pub struct OpenRecord<'a, W> {
    world: &'a W,
    subject: String,
    lease: Lease,
    state: State,
    /// The reading that was made before the run started.
    reading: Option<Result<Record, ApiError>>,
    /// As it was last read.
    record: Option<Record>,
    /// Whether acquiring was tried before there was something to write.
    tried_early: bool,
    roles: RoleChanges,
    grants: Option<BTreeSet<RecordedGrant>>,
    /// The registrations that the run has removed.
    deregistered: BTreeSet<RoleName>,
    /// What runs have changed in the trust policy of the access role, if this run has read it after its own change.
    trust_edits: Option<RecordedTrustEdits>,
    /// Why a change of that policy was not recorded.
    not_recorded: Option<String>,
    keeps: Keeps,
    details: ResultDetails,
}

/// What a run leaves in the record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    /// Its result.
    Result,
    /// The result of the run before: this one did not bring the account to its configuration.
    EarlierResult,
}

/// How a run changes the roles of the record.
#[derive(Default)]
pub(crate) struct RoleChanges {
    /// The roles that are managed by this tool beyond doubt because of what the run did.
    pub(crate) known: KnownRoles,
    /// Roles that are no longer configured and no longer exist.
    pub(crate) gone: KnownRoles,
    /// The revocations that the run has made.
    pub(crate) revocations: RecordedRevocations,
    /// The registrations with vendors that the run has made.
    pub(crate) registered: RecordedRegistrations,
}

impl RoleChanges {
    /// The roles to record. One that another run has recorded meanwhile, with another ID, is kept.
    fn apply(&self, mut roles: KnownRoles) -> KnownRoles {
        roles.retain(|name, id| self.gone.get(name) != Some(id));
        roles.extend(self.known.clone());
        roles
    }

    /// The revocations to record. Those that are no longer needed are removed.
    fn apply_revocations(&self, mut revocations: RecordedRevocations, now: SystemTime) -> RecordedRevocations {
        revocations.retain(|_, earlier| earlier.is_needed(now));
        revocations.extend(self.revocations.clone());
        revocations
    }
}

/// The proof that this run may write: [`OpenRecord::permit`] gives it, and the ledger takes it.
pub(crate) struct WritePermit(());

impl<'a, W: Records + Clock> OpenRecord<'a, W> {
    /// A record that is not read yet. The lease is the one that the run would hold.
    #[must_use]
    pub fn new(world: &'a W, subject: String, lease: Lease) -> Self {
        let state = if world.records_enabled() { State::NotHeld } else { State::Unavailable(None) };
        let details = ResultDetails::default();
        Self {
            world,
            subject,
            lease,
            state,
            reading: None,
            record: None,
            tried_early: false,
            roles: RoleChanges::default(),
            grants: None,
            deregistered: BTreeSet::new(),
            trust_edits: None,
            not_recorded: None,
            keeps: Keeps::Result,
            details,
        }
    }

    /// The record as it was last read: no other run can change it since the lease was acquired.
    #[must_use]
    pub fn record(&self) -> Record {
        self.record.clone().unwrap_or_default()
    }

    /// Whether the record was read.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.record.is_some()
    }

    /// Whether no other run changes the record now, or none can be stored.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        !matches!(self.state, State::NotHeld)
    }

    /// The proof that this run may write, once the lease was acquired.
    pub(crate) fn permit(&self) -> Option<WritePermit> {
        self.is_exclusive().then_some(WritePermit(()))
    }

    /// The same, of which the first reading was made a moment ago.
    pub(crate) fn after_reading(mut self, reading: Option<Result<Record, ApiError>>) -> Self {
        self.reading = reading;
        self
    }

    /// Reads the record, unless that was done.
    ///
    /// # Errors
    /// Errors that pass with time. After any other error, the run goes on without a record.
    pub async fn load(&mut self) -> Result<(), ApiError> {
        if self.record.is_some() || self.is_exclusive() {
            return Ok(());
        }
        let reading = match self.reading.take() {
            Some(reading) => reading,
            None => self.world.load_record(&self.subject).await,
        };
        match reading {
            Ok(record) => self.record = Some(record),
            Err(error) if is_transient(&error) => return Err(error),
            Err(error) => {
                self.unavailable(format!(
                    "the account's record could not be read, so a concurrent run could make the same writes and notifications may \
                     be repeated: {error}; check the table's name and the permission `dynamodb:GetItem`"
                ));
            }
        }
        Ok(())
    }

    /// Acquires the lease before it is known whether there is something to write. Every other case is left to
    /// [`OpenRecord::acquire`], errors included.
    pub(crate) async fn acquire_early(&mut self) {
        if !self.is_exclusive() && !std::mem::replace(&mut self.tried_early, true) {
            let _ = self.try_acquire().await;
        }
    }

    /// Acquires the lease. Everything read before may be the half-done work of another run and has to be read again.
    ///
    /// # Errors
    /// When another run holds the lease, or the table does not answer.
    pub async fn acquire(&mut self) -> Result<(), Stop> {
        if self.is_exclusive() {
            return Ok(());
        }
        match self.try_acquire().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Stop::wait(Code::LeaseHeld, format!("another run is processing {}", self.description()))),
            Err(error) if is_transient(&error) => Err(Stop::from_error(&error, AccountAge::Established)),
            // Making a few writes twice is better than making none.
            Err(error) => {
                self.unavailable(format!(
                    "the account's lease could not be acquired, so a concurrent run could make the same writes: {error}"
                ));
                Ok(())
            }
        }
    }

    /// Acquires the lease, and waits until then for another run that holds it.
    ///
    /// # Errors
    /// As [`OpenRecord::acquire`].
    pub async fn acquire_until(&mut self, deadline: SystemTime) -> Result<(), Stop> {
        let mut backoff = Backoff::until(self.world, deadline);
        loop {
            match self.acquire().await {
                Err(stop) if backoff.again(self.world, &stop).await => {}
                ended => return ended,
            }
        }
    }

    async fn try_acquire(&mut self) -> Result<bool, ApiError> {
        match self.world.acquire_lease(&self.subject, &self.lease, self.world.now()).await? {
            LeaseAttempt::Acquired(record) => {
                self.record = Some(*record);
                self.state = State::Held;
                Ok(true)
            }
            LeaseAttempt::HeldByAnother => Ok(false),
        }
    }

    fn unavailable(&mut self, notice: String) {
        self.state = State::Unavailable(Some(notice));
    }

    fn description(&self) -> String {
        if self.is_account() { format!("account {}", self.subject) } else { format!("`{}`", self.subject) }
    }

    fn is_account(&self) -> bool {
        self.subject.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// What the report should mention.
    pub(crate) fn notices(&self) -> impl Iterator<Item = String> {
        let unavailable = match &self.state {
            State::Unavailable(notice) => notice.clone(),
            State::NotHeld | State::Held => None,
        };
        unavailable.into_iter().chain(self.not_recorded.clone())
    }

    /// What to record before these changes are made: an edit of the access role's trust policy. `undoes` is the run that it
    /// undoes. Nothing without a record.
    pub(crate) fn write_ahead(
        &mut self,
        changes: &[Change],
        access_role: &RoleName,
        role_id: Option<&RoleId>,
        undoes: Option<&str>,
    ) -> Option<WriteAhead<'a, W>> {
        let edits_trust = |change: &Change| match &change.action {
            Action::UpdateTrust { before: Some(before), after } if change.role == *access_role => {
                Some((before.to_text(), after.to_text()))
            }
            _ => None,
        };
        let (before, after) = changes.iter().find_map(edits_trust).filter(|_| matches!(self.state, State::Held))?;
        let masked = (MaskedPolicy::new(&before), MaskedPolicy::new(&after), role_id);
        let (Some(before), Some(after), Some(role_id)) = masked else {
            self.not_recorded = Some(not_recorded(access_role, &"its text cannot be stored without its external IDs"));
            return None;
        };
        let run = self.lease.owner.clone();
        let edit = RecordedTrustEdit {
            run: run.clone(),
            at: self.world.now(),
            role: access_role.clone(),
            role_id: role_id.clone(),
            before,
            after,
            seen: false,
            undoes: undoes.map(str::to_owned),
        };
        let edits = self.record().trust_edits.with(edit);
        Some(WriteAhead::new(self.world, self.subject.clone(), run, access_role.clone(), edits))
    }

    /// Takes what came of the write before the changes.
    pub(crate) fn wrote_ahead(&mut self, ahead: Option<WriteAhead<'_, W>>) {
        match ahead.and_then(WriteAhead::into_written) {
            Some((edits, Written::Yes)) => self.record.get_or_insert_default().trust_edits = edits,
            Some((_, Written::LeaseLost)) => self.state = State::NotHeld,
            Some((_, Written::No(notice))) => self.not_recorded = Some(notice),
            None => {}
        }
    }

    /// Takes the trust policy of the access role as it is after the changes of the run.
    pub(crate) fn read_trust(&mut self, trust: &Document) {
        self.trust_edits = Some(self.record().trust_edits.after_reading(&self.lease.owner, trust));
    }

    /// Leaves the result of the run before in the record.
    pub(crate) fn keep_earlier_result(&mut self) {
        self.keeps = Keeps::EarlierResult;
    }

    /// Takes what the run found out and the report does not contain.
    pub(crate) fn finish(
        &mut self,
        details: ResultDetails,
        roles: RoleChanges,
        grants: Option<BTreeSet<RecordedGrant>>,
    ) {
        self.details = details;
        self.roles = roles;
        self.grants = grants;
    }

    /// The status of each requirement, as the run found it.
    pub(crate) fn requirements(&self) -> &BTreeMap<String, Requirement> {
        &self.details.requirements
    }

    /// Takes the registration out that the run has removed from a vendor.
    pub(crate) fn deregistered(&mut self, role: RoleName) {
        self.deregistered.insert(role);
    }

    /// Writes the record and releases the lease. Errors that pass with time are retried until `end`; a lease that cannot be
    /// released expires.
    ///
    /// # Errors
    /// When the record was not written.
    pub async fn save(
        self,
        report: &Report,
        notification: Option<NotificationChange>,
        end: SystemTime,
    ) -> Result<(), ApiError> {
        let Some(update) = self.update(report, notification) else { return Ok(()) };
        save_update(self.world, &self.subject, &update, end).await
    }

    /// What a run without a lease has to write, and in which record: for [`save_records`](crate::save_records).
    #[must_use]
    pub fn into_update(self, report: &Report) -> Option<(String, RecordUpdate)> {
        let update = self.update(report, None)?;
        Some((self.subject, update))
    }

    /// What to write; `None` if nothing is worth it: of an account that is ignored nothing is remembered, and while another
    /// run is at work, its result counts.
    fn update(&self, report: &Report, notification: Option<NotificationChange>) -> Option<RecordUpdate> {
        let is_held = match self.state {
            State::Held => true,
            State::NotHeld => false,
            State::Unavailable(_) => return None,
        };
        let code = report.outcome.cause().map(|cause| cause.code);
        // Without the record as it was, the history of the account would be lost.
        let is_result = self.is_account() && self.record.is_some() && !matches!(report.outcome, Outcome::Ignored(_));
        let is_result = is_result && self.keeps == Keeps::Result;
        if !is_held && notification.is_none() && (!is_result || code == Some(Code::LeaseHeld)) {
            return None;
        }
        let now = self.world.now();
        let record = self.record();
        let expiry = match code {
            Some(Code::Departed | Code::NotAMember) => Expiry::At(after(now, DEPARTED_RECORD)),
            // It may have departed, or may come back.
            Some(Code::AccountNotActive) => Expiry::Keep,
            _ if self.subject.starts_with("car-") => Expiry::At(after(now, CREATION_RECORD)),
            _ => Expiry::Never,
        };
        let grants = self.grants.clone().filter(|grants| is_result && *grants != record.grants);
        let revocations = self.roles.apply_revocations(record.revocations.clone(), now);
        let revocations = (is_held && revocations != record.revocations).then_some(revocations);
        let roles = self.roles.apply(record.roles.clone());
        let roles = (is_held && roles != record.roles).then_some(roles);
        let mut registrations = record.registrations.clone();
        registrations.retain(|role, _| !self.deregistered.contains(role));
        registrations.extend(self.roles.registered.clone());
        let registrations = (is_held && registrations != record.registrations).then_some(registrations);
        let trust_edits = self.trust_edits.clone().filter(|edits| is_held && *edits != record.trust_edits);
        Some(RecordUpdate {
            run: self.lease.owner.clone(),
            lease: if is_held { LeaseUse::Release } else { LeaseUse::NotHeld },
            notification,
            result: is_result.then(|| LastResult::new(report, &self.details, record.result.as_ref(), now)),
            roles,
            revocations,
            grants,
            registrations,
            trust_edits,
            expiry,
        })
    }
}

/// Writes one record, and retries errors that pass with time until `end`.
pub(crate) async fn save_update(
    world: &(impl Records + Clock),
    subject: &str,
    update: &RecordUpdate,
    end: SystemTime,
) -> Result<(), ApiError> {
    const CALL: &str = "dynamodb:UpdateItem";
    let mut backoff = Backoff::until(world, end);
    loop {
        let saved = timeout_at(world, end, world.save_record(subject, update)).await;
        match saved.unwrap_or_else(|| Err(ApiError::new(CALL, "Timeout", "no response before the timeout"))) {
            Ok(Saved::Yes) => return Ok(()),
            Ok(Saved::LeaseLost) => {
                let message = "the lease had expired, and another run has taken it over";
                return Err(ApiError::new(CALL, "ConditionalCheckFailedException", message));
            }
            Err(error) => {
                let stop = Stop::from_error(&error, AccountAge::Established);
                let stop = crate::retry::without_session(stop);
                if !backoff.again(world, &stop).await {
                    return Err(error);
                }
            }
        }
    }
}
