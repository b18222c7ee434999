//! The outcome of one account and its faces.

mod change_text;
mod event;
mod metrics;
pub mod paint;
mod redact;
mod text;

pub use event::{AccountEvent, EventKind};
pub use metrics::{emf, time_to_connected};
pub use text::{plan_text, report_text};

use secrecy::ExposeSecret;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use crate::account::AccountId;
use crate::blueprint::SecretValues;
use crate::mode::Mode;
use crate::outcome::{Cause, Outcome};
use crate::plan::{Change, Proof, Refusal};
use crate::policy::external_ids;
use crate::role::RoleName;
use crate::text::{Untrusted, printable_json};

/// Everything that is told of one account. Its JSON form is documented in docs/REPORT.md and versioned.
#[derive(Debug, Clone, Serialize)]
#[serde(remote = "Self")]
pub struct Report {
    /// The version of this form.
    pub version: u32,
    /// The account, where it is known.
    pub account_id: Option<AccountId>,
    /// The account's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_name: Option<Untrusted>,
    /// When the account joined the organization, in seconds since 1970, where known; for the metrics.
    #[serde(skip)]
    pub joined_at: Option<i64>,
    /// What set it off, as `create_account_result`.
    pub trigger: String,
    /// Whether changes were only shown.
    pub mode: Mode,
    /// How it ended.
    #[serde(serialize_with = "word")]
    pub outcome: Outcome,
    /// Why, unless it converged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The access role that let us in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_role: Option<RoleName>,
    /// The changes, each with what became of it.
    pub changes: Vec<Step>,
    /// What was left as it is.
    pub refusals: Vec<Refusal>,
    /// What a person should know.
    pub notices: Vec<String>,
    /// Who can enter, and who cannot.
    pub proofs: Vec<Proof>,
    /// How many calls were made in the account.
    pub calls: Calls,
    /// From the start to the end, in milliseconds.
    pub duration_ms: u64,
}

/// How many calls were made in the account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// Calls that read.
    pub reads: u32,
    /// Calls that write.
    pub writes: u32,
}

impl std::ops::AddAssign for Calls {
    fn add_assign(&mut self, more: Self) {
        self.reads += more.reads;
        self.writes += more.writes;
    }
}

/// One change and what became of it.
#[derive(Debug, Clone)]
pub struct Step {
    /// The change.
    pub change: Change,
    /// What became of it.
    pub status: Status,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It was only shown.
    Planned,
    /// It was made.
    Done,
    /// It failed, with this message.
    Failed(String),
    /// A change before it failed.
    NotTried,
    /// It was not made, and is wanted no longer: somebody else made it, or another one took its place.
    Superseded,
}

impl Status {
    /// The word: `planned`, `done`, `failed`, `not_tried` or `superseded`.
    #[must_use]
    pub fn word(&self) -> &'static str {
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
    /// A report with nothing in it but its beginning and its end.
    #[must_use]
    pub fn new(account_id: Option<AccountId>, trigger: &str, mode: Mode, outcome: Outcome) -> Self {
        Self {
            version: 1,
            account_id,
            account_name: None,
            joined_at: None,
            trigger: trigger.to_owned(),
            mode,
            cause: outcome.cause().cloned(),
            outcome,
            access_role: None,
            changes: Vec::new(),
            refusals: Vec::new(),
            notices: Vec::new(),
            proofs: Vec::new(),
            calls: Calls::default(),
            duration_ms: 0,
        }
    }

    /// The report of an errand that begins.
    pub fn begin(account: &AccountId, trigger: &str, mode: Mode) -> Self {
        Self::new(Some(account.clone()), trigger, mode, Outcome::Converged)
    }

    /// How many changes were made.
    #[must_use]
    pub fn done(&self) -> usize {
        self.changes.iter().filter(|step| step.status == Status::Done).count()
    }

    /// Writes down how it ended.
    pub fn end(&mut self, outcome: Outcome) {
        self.cause = outcome.cause().cloned();
        self.outcome = outcome;
    }

    /// Takes external ids and keys out of every text: ours, and the ids of the policies that were read.
    pub fn redact(&mut self, secrets: &SecretValues, literals: &[crate::role::ExternalId]) {
        let documents = self.changes.iter().flat_map(|step| step.change.documents());
        let there: Vec<_> = documents.flat_map(external_ids).collect();
        let parameters = secrets.values().flatten().map(|value| value.expose_secret().trim());
        // One letter is no secret, and stands in every word.
        let parameters = parameters.filter(|value| value.len() > 1);
        let known = parameters.chain(literals.iter().map(|id| id.expose()));
        let scrubber = redact::SecretRedactor::new(known.chain(there.iter().map(String::as_str)));
        let redact = |text: &mut String| scrubber.redact(text);
        if let Outcome::Waiting(cause) | Outcome::Blocked(cause) | Outcome::Ignored(cause) = &mut self.outcome {
            [&mut cause.message, &mut cause.remedy].into_iter().for_each(redact);
        }
        if let Some(cause) = &mut self.cause {
            [&mut cause.message, &mut cause.remedy].into_iter().for_each(redact);
        }
        for step in &mut self.changes {
            if let Status::Failed(message) = &mut step.status {
                redact(message);
            }
        }
        self.notices.iter_mut().for_each(redact);
        self.refusals.iter_mut().flat_map(|r| [&mut r.message, &mut r.remedy]).for_each(redact);
    }
}

/// Every string passes the filter of [`crate::text`]: a sentence may repeat a policy's name or a service's message.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = Report::serialize(self, serde_json::value::Serializer).map_err(S::Error::custom)?;
        printable_json(&mut value);
        value.serialize(serializer)
    }
}

impl Serialize for Step {
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
            Status::Failed(message) => Some(message.as_str()),
            _ => None,
        };
        let change = &self.change;
        let (call, summary, status) = (change.call(), change.to_string(), self.status.word());
        Wire { call, role: &change.role, summary, status, error }.serialize(serializer)
    }
}

fn word<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(outcome.word())
}
