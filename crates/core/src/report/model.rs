//! The report: what a run found and did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::ExposeSecret;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use crate::account::AccountId;
use crate::blueprint::SecretValues;
use crate::console::ConsoleLink;
use crate::handoff::Handoff;
use crate::mode::Mode;
use crate::organizational_unit::ShownUnit;
use crate::outcome::{Cause, Outcome};
use crate::owner::Owner;
use crate::plan::{Action, Change, Proof, Refusal};
use crate::policy::external_ids;
use crate::redaction::SecretRedactor;
use crate::requirement::Requirement;
use crate::role::RoleName;
use crate::role_id::RoleId;
use crate::text::{Untrusted, printable_json};
use crate::time::to_policy_date;
use crate::trigger::TriggerKind;
use crate::undo::RecordedTrustEdit;

/// The report on one account. Its JSON format is versioned and documented in docs/REPORT.md.
#[derive(Debug, Clone, Serialize)]
#[serde(remote = "Self")]
pub struct Report {
    /// The version of the JSON format.
    pub version: u32,
    /// The account, if known.
    pub account_id: Option<AccountId>,
    /// The account's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_name: Option<Untrusted>,
    /// The account's path in the organization, such as `o-…/r-…/ou-…/ACCOUNT/`, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ou_path: Option<String>,
    /// The organizational unit that the account is in, if its names were asked for.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown_unit")]
    pub unit: Option<Arc<ShownUnit>>,
    /// When the account joined the organization, if known; for the metrics.
    #[serde(skip)]
    pub joined_at: Option<SystemTime>,
    /// What started the run.
    pub trigger: TriggerKind,
    /// Whether changes were only planned, or applied.
    pub mode: Mode,
    /// The outcome.
    #[serde(serialize_with = "word")]
    pub outcome: Outcome,
    /// The cause, unless the account converged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The access role that was assumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_role: Option<RoleName>,
    /// Why that is not the first of the configured access roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_role_reason: Option<String>,
    /// How each configured role is, and each registration with a vendor ([`registration_key`](crate::requirement::registration_key)),
    /// with the planned changes still to be made; empty if the account was not compared.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub requirements: BTreeMap<String, Requirement>,
    /// The changes, each with its status.
    pub changes: Vec<ChangeResult>,
    /// The roles that were refused and left unchanged.
    pub refusals: Vec<Refusal>,
    /// Observations that need no action by this tool.
    pub notices: Vec<String>,
    /// The roles that this tool manages and whose trust policies were not as configured.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub trust_drift: BTreeSet<RoleName>,
    /// The configured roles that are not for this account, because their targets do not select it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub not_selected: BTreeSet<RoleName>,
    /// Those of them that an earlier run made, and that are still present.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unselected: BTreeSet<RoleName>,
    /// The roles that an earlier run made, that are still present and that the configuration no longer has.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", serialize_with = "names")]
    pub no_longer_configured: BTreeMap<RoleName, NoLongerConfigured>,
    /// Who can assume which role, and who cannot.
    pub proofs: Vec<Proof>,
    /// In a plan with changes: who can assume which role, and who cannot, once the changes are made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proofs_after: Vec<Proof>,
    /// Links to the account in the AWS console, if its access role can be assumed, or can be once the changes are made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<ConsoleLink>,
    /// What a person does at vendors for this account, once the roles exist.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handoffs: Vec<Handoff>,
    /// The cause of a step at a vendor that is retried, although the outcome is final.
    #[serde(skip)]
    pub retry: Option<Cause>,
    /// The run whose change of the access role's trust policy is undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<UndoneRun>,
    /// The number of calls in the account.
    pub calls: Calls,
    /// The duration, including waiting, in milliseconds.
    pub duration_ms: u64,
}

/// A role that the configuration no longer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoLongerConfigured {
    /// What asked for it, if its tag says so.
    pub owner: Option<Owner>,
    /// The [label](crate::config::VendorTenant::label) of the tenant in which this tool registered the account with the vendor that uses it, if it did.
    pub tenant: Option<String>,
}

/// A run whose change of the access role's trust policy is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UndoneRun {
    /// The run.
    pub run: String,
    /// When it changed the policy.
    #[serde(serialize_with = "date")]
    pub changed_at: SystemTime,
    /// The access role.
    pub role: RoleName,
    /// Its unique ID.
    #[serde(skip)]
    pub role_id: RoleId,
}

impl UndoneRun {
    /// The run of a recorded edit.
    #[must_use]
    pub fn new(edit: &RecordedTrustEdit) -> Self {
        let RecordedTrustEdit { run, at, role, role_id, .. } = edit.clone();
        Self { run, changed_at: at, role, role_id }
    }
}

/// The number of calls in the account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// Read calls.
    pub reads: u32,
    /// Write calls.
    pub writes: u32,
}

impl std::ops::AddAssign for Calls {
    fn add_assign(&mut self, more: Self) {
        self.reads += more.reads;
        self.writes += more.writes;
    }
}

/// One change and its status.
#[derive(Debug, Clone)]
pub struct ChangeResult {
    /// The change.
    pub change: Change,
    /// The status.
    pub status: ChangeStatus,
}

/// The status of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeStatus {
    /// It was planned and not applied.
    Planned,
    /// It was applied.
    Done,
    /// It failed, with this message.
    Failed(String),
    /// It was not tried, because a change before it failed.
    NotTried,
    /// It was not applied and is no longer needed: someone else made the change, or another change replaced it.
    Superseded,
}

impl ChangeStatus {
    /// The word: `planned`, `done`, `failed`, `not_tried` or `superseded`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::NotTried => "not_tried",
            Self::Superseded => "superseded",
        }
    }
}

impl Report {
    /// A report that has an outcome and nothing else.
    #[must_use]
    pub fn new(account_id: Option<AccountId>, trigger: TriggerKind, mode: Mode, outcome: Outcome) -> Self {
        Self {
            version: 1,
            account_id,
            account_name: None,
            ou_path: None,
            unit: None,
            joined_at: None,
            trigger,
            mode,
            cause: outcome.cause().cloned(),
            outcome,
            access_role: None,
            access_role_reason: None,
            requirements: BTreeMap::new(),
            changes: Vec::new(),
            refusals: Vec::new(),
            notices: Vec::new(),
            trust_drift: BTreeSet::new(),
            not_selected: BTreeSet::new(),
            unselected: BTreeSet::new(),
            no_longer_configured: BTreeMap::new(),
            proofs: Vec::new(),
            proofs_after: Vec::new(),
            links: Vec::new(),
            handoffs: Vec::new(),
            retry: None,
            undo: None,
            calls: Calls::default(),
            duration_ms: 0,
        }
    }

    /// The ID of the organizational unit, or of the root, that contains the account, if known.
    pub(super) fn organizational_unit(&self) -> Option<&str> {
        let mut ids = self.ou_path.as_deref()?.rsplit('/');
        ids.find(|id| id.starts_with("ou-") || id.starts_with("r-"))
    }

    /// The number of changes that were applied.
    #[must_use]
    pub fn done(&self) -> usize {
        self.changes.iter().filter(|step| step.status == ChangeStatus::Done).count()
    }

    /// The changes that were planned and not applied.
    #[must_use]
    pub fn planned(&self) -> Vec<&Change> {
        let planned = self.changes.iter().filter(|step| step.status == ChangeStatus::Planned);
        planned.map(|step| &step.change).collect()
    }

    /// What a person still has to do.
    pub(crate) fn open_handoffs(&self) -> impl Iterator<Item = &Handoff> {
        self.handoffs.iter().filter(|handoff| handoff.is_open())
    }

    /// The roles whose earlier sessions were revoked.
    pub(crate) fn revoked(&self) -> BTreeSet<&RoleName> {
        let is_revoked = |step: &&ChangeResult| {
            step.status == ChangeStatus::Done && matches!(step.change.action, Action::RevokeSessions(_))
        };
        self.changes.iter().filter(is_revoked).map(|step| &step.change.role).collect()
    }

    /// Sets the outcome and the cause.
    pub fn end(&mut self, outcome: Outcome) {
        self.cause = outcome.cause().cloned();
        self.outcome = outcome;
    }

    /// Removes secrets from all messages: configured external IDs and API keys, and the external IDs in the policies that
    /// were read.
    pub fn redact(&mut self, secrets: &SecretValues, literals: &[crate::role::ExternalId]) {
        let documents = self.changes.iter().flat_map(|step| step.change.documents());
        let observed: Vec<_> = documents.flat_map(external_ids).collect();
        let parameters = secrets.known().map(|value| value.expose_secret());
        let known = parameters.chain(literals.iter().map(|id| id.expose()));
        let redactor = SecretRedactor::new(known.chain(observed.iter().map(String::as_str)));
        let redact = |text: &mut String| redactor.redact(text);
        if let Outcome::Waiting(cause) | Outcome::Blocked(cause) | Outcome::Ignored(cause) = &mut self.outcome {
            [&mut cause.message, &mut cause.remedy].into_iter().for_each(redact);
        }
        if let Some(cause) = &mut self.cause {
            [&mut cause.message, &mut cause.remedy].into_iter().for_each(redact);
        }
        for step in &mut self.changes {
            if let ChangeStatus::Failed(message) = &mut step.status {
                redact(message);
            }
        }
        self.notices.iter_mut().chain(&mut self.access_role_reason).for_each(redact);
        self.refusals.iter_mut().flat_map(|r| [&mut r.message, &mut r.remedy]).for_each(redact);
    }
}

/// All strings are filtered by [`crate::text`], because a message may contain the name of a policy or the message of a
/// service.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = Report::serialize(self, serde_json::value::Serializer).map_err(S::Error::custom)?;
        printable_json(&mut value);
        value.serialize(serializer)
    }
}

impl Serialize for ChangeResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire<'a> {
            call: &'a str,
            role: &'a RoleName,
            summary: String,
            status: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<&'a str>,
        }
        let error = match &self.status {
            ChangeStatus::Failed(message) => Some(message.as_str()),
            _ => None,
        };
        let change = &self.change;
        let call = change.call();
        let summary = change.to_string();
        let status = self.status.as_str();
        Wire { call, role: &change.role, summary, status, error }.serialize(serializer)
    }
}

fn date<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    to_policy_date(*time).serialize(serializer)
}

fn shown_unit<S: Serializer>(unit: &Option<Arc<ShownUnit>>, serializer: S) -> Result<S::Ok, S::Error> {
    unit.as_deref().serialize(serializer)
}

fn names<S: Serializer>(roles: &BTreeMap<RoleName, NoLongerConfigured>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(roles.keys())
}

fn word<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(outcome.as_str())
}
