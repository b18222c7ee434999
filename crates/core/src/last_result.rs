//! The result of the last run for an account, as its record keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::attributes::{Attribute, Attributes, map, seconds, text, time};
use crate::code::{Code, OutcomeKind};
use crate::plan::{Action, Change, Proof, ProofSubject, Refusal};
use crate::report::{ChangeStatus, Report};
pub use crate::requirement::{Requirement, registration_key};
use crate::role::RoleName;
use crate::text::excerpt;
use crate::time::{from_unix_seconds, unix_seconds};

/// The version of this tool, as records keep it.
const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The longest message or remedy that is kept, in characters.
const LONGEST_TEXT: usize = 2000;

const OUTCOME: &str = "outcome";
const CODE: &str = "code";
const MESSAGE: &str = "message";
const REMEDY: &str = "remedy";
const REQUIREMENTS: &str = "requirements";
const SINCE: &str = "since";
const CONFIGURATION: &str = "configuration";
const RECORDED_AT: &str = "recorded_at";
const FIRST_CONVERGED: &str = "first_converged";
const LAST_CONVERGED: &str = "last_converged";
const OU_PATH: &str = "ou_path";
const NAME: &str = "name";
const ACCESS_ROLE: &str = "access_role";
const VERSION: &str = "version";

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastResult {
    /// The outcome.
    pub outcome: OutcomeKind,
    /// The code of the cause, unless the account converged.
    pub code: Option<Code>,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub remedy: String,
    /// The configured parts of each role, and whether they hold; empty if the account could not be read. See [`requirements`] for
    /// the keys.
    pub requirements: BTreeMap<String, Requirement>,
    /// The end of the first run that found each requirement in its present status; every run since has found the same.
    pub since: BTreeMap<String, SystemTime>,
    /// The hash of the configuration.
    pub configuration: String,
    /// When the run ended.
    pub recorded_at: SystemTime,
    /// When the account converged for the first time.
    pub first_converged: Option<SystemTime>,
    /// When it converged most recently.
    pub last_converged: Option<SystemTime>,
    /// Its path in the organization, such as `o-…/r-…/ou-…/ACCOUNT/`.
    pub ou_path: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The access role that was assumed, if one was.
    pub access_role: Option<String>,
    /// The version of this tool.
    pub version: String,
}

/// The status of each of these roles at the end of a run, whose report says what is refused, what is left to change and what is not
/// for the account. The key is the name of the role. The registrations with vendors, for the roles that have one, have [keys](registration_key) of their own; a
/// registration that the vendor did not report is left out.
#[must_use]
pub fn requirements<'a>(
    roles: impl Iterator<Item = &'a RoleName>,
    registered: &BTreeSet<&RoleName>,
    report: &Report,
) -> BTreeMap<String, Requirement> {
    let mut statuses = BTreeMap::new();
    for role in roles {
        statuses.insert(role.to_string(), role_status(role, report));
        if registered.contains(role)
            && let Some(status) = registration_status(role, report)
        {
            statuses.insert(registration_key(role), status);
        }
    }
    for role in &report.not_selected {
        // While one is still to be removed, its own status says so.
        let status = statuses.entry(role.to_string()).or_insert(Requirement::NotSelected);
        if *status == Requirement::Holds {
            *status = Requirement::NotSelected;
        }
    }
    statuses
}

fn role_status(role: &RoleName, report: &Report) -> Requirement {
    let mut open = open_changes(role, report).filter(|action| !is_registration(action)).peekable();
    let is_about_role = |proof: &&Proof| proof.role == *role && proof.subject != ProofSubject::Registration;
    let is_proven = report.proofs.iter().filter(is_about_role).all(Proof::is_proven);
    let is_refused = |refusal: &Refusal| refusal.role == *role && !refusal.is_registration;
    if report.refusals.iter().any(is_refused) {
        Requirement::Blocked
    } else if open.peek().is_none() {
        if is_proven { Requirement::Holds } else { Requirement::Blocked }
    } else if open.any(|action| matches!(action, Action::CreateRole(_))) {
        Requirement::Missing
    } else {
        Requirement::Drift
    }
}

fn registration_status(role: &RoleName, report: &Report) -> Option<Requirement> {
    if report.refusals.iter().any(|refusal| refusal.role == *role) {
        return Some(Requirement::Blocked);
    }
    let open = open_changes(role, report).find_map(|action| match action {
        Action::Register(registration) if registration.before.is_none() => Some(Requirement::Missing),
        Action::Register(_) => Some(Requirement::Drift),
        _ => None,
    });
    let is_about_it = |proof: &&Proof| proof.role == *role && proof.subject == ProofSubject::Registration;
    let proven = || report.proofs.iter().find(is_about_it)?.holds;
    open.or_else(|| proven().map(|holds| if holds { Requirement::Holds } else { Requirement::Missing }))
}

/// What the run left to change in a role.
fn open_changes<'a>(role: &'a RoleName, report: &'a Report) -> impl Iterator<Item = &'a Action> {
    let is_open = |change: &Change| change.role == *role;
    let open = report.changes.iter().filter(move |step| {
        is_open(&step.change) && !matches!(step.status, ChangeStatus::Done | ChangeStatus::Superseded)
    });
    open.map(|step| &step.change.action)
}

fn is_registration(action: &Action) -> bool {
    matches!(action, Action::Register(_) | Action::Deregister(_))
}

/// Since when each requirement has its status: as before if the status is the same, otherwise now.
fn since(
    requirements: &BTreeMap<String, Requirement>,
    previous: Option<&LastResult>,
    now: SystemTime,
) -> BTreeMap<String, SystemTime> {
    let unchanged = |key: &str, status: Requirement| {
        let previous = previous.filter(|previous| previous.requirements.get(key) == Some(&status))?;
        // Records of earlier versions do not say since when, but the status is at least as old as they are.
        Some(previous.since.get(key).copied().unwrap_or(previous.recorded_at))
    };
    requirements.iter().map(|(key, status)| (key.clone(), unchanged(key, *status).unwrap_or(now))).collect()
}

impl LastResult {
    /// The result of a run that ended with this report. `previous` is the result before.
    #[must_use]
    pub fn new(report: &Report, details: &ResultDetails, previous: Option<&Self>, now: SystemTime) -> Self {
        let cause = report.outcome.cause();
        let kept = |text: &str| excerpt(text, LONGEST_TEXT);
        let converged = (report.outcome.kind() == OutcomeKind::Converged).then_some(now);
        Self {
            outcome: report.outcome.kind(),
            code: cause.map(|cause| cause.code),
            message: cause.map(|cause| kept(&cause.message)).unwrap_or_default(),
            remedy: cause.map(|cause| kept(&cause.remedy)).unwrap_or_default(),
            since: since(&details.requirements, previous, now),
            requirements: details.requirements.clone(),
            configuration: details.configuration.clone(),
            recorded_at: now,
            first_converged: previous.and_then(|previous| previous.first_converged).or(converged),
            last_converged: converged.or_else(|| previous?.last_converged),
            ou_path: details.ou_path.clone().or_else(|| previous?.ou_path.clone()),
            name: report.account_name.as_ref().map(ToString::to_string).or_else(|| previous?.name.clone()),
            access_role: report.access_role.as_ref().map(ToString::to_string).or_else(|| previous?.access_role.clone()),
            version: TOOL_VERSION.to_owned(),
        }
    }

    pub(crate) fn from_attributes(item: &Attributes) -> Option<Self> {
        let outcome = text(item, OUTCOME)?;
        let code = match text(item, CODE) {
            Some(code) => Some(*Code::ALL.iter().find(|known| known.as_str() == code)?),
            None => None,
        };
        let string = |name| text(item, name).map(str::to_owned);
        let requirements = map(item, REQUIREMENTS).into_iter().flatten().filter_map(|(role, status)| {
            Some((role.clone(), Requirement::ALL.into_iter().find(|known| known.as_str() == status)?))
        });
        let since = map(item, SINCE).into_iter().flatten();
        Some(Self {
            outcome: OutcomeKind::ALL.into_iter().find(|known| known.as_str() == outcome)?,
            code,
            message: string(MESSAGE)?,
            remedy: string(REMEDY)?,
            requirements: requirements.collect(),
            since: since
                .filter_map(|(key, seconds)| Some((key.clone(), from_unix_seconds(seconds.parse().ok()?)?)))
                .collect(),
            configuration: string(CONFIGURATION)?,
            recorded_at: time(item, RECORDED_AT)?,
            first_converged: time(item, FIRST_CONVERGED),
            last_converged: time(item, LAST_CONVERGED),
            ou_path: string(OU_PATH),
            name: string(NAME),
            access_role: string(ACCESS_ROLE),
            version: string(VERSION)?,
        })
    }

    pub(crate) fn to_attributes(&self) -> Attributes {
        self.attributes().into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// The attributes that an item with this result does not have.
    pub(crate) fn absent_attributes(&self) -> Vec<&'static str> {
        self.attributes().into_iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect()
    }

    fn attributes(&self) -> [(&'static str, Option<Attribute>); 14] {
        let string = |text: &str| Some(Attribute::Text(text.to_owned()));
        let optional = |text: &Option<String>| text.clone().map(Attribute::Text);
        let requirements: BTreeMap<_, _> =
            self.requirements.iter().map(|(role, status)| (role.clone(), status.as_str().to_owned())).collect();
        // A map of strings, as records have no other.
        let since: BTreeMap<_, _> =
            self.since.iter().map(|(key, time)| (key.clone(), unix_seconds(*time).to_string())).collect();
        [
            (OUTCOME, string(self.outcome.as_str())),
            (CODE, self.code.and_then(|code| string(code.as_str()))),
            (MESSAGE, string(&self.message)),
            (REMEDY, string(&self.remedy)),
            (REQUIREMENTS, (!requirements.is_empty()).then_some(Attribute::Map(requirements))),
            (SINCE, (!since.is_empty()).then_some(Attribute::Map(since))),
            (CONFIGURATION, string(&self.configuration)),
            (RECORDED_AT, Some(seconds(self.recorded_at))),
            (FIRST_CONVERGED, self.first_converged.map(seconds)),
            (LAST_CONVERGED, self.last_converged.map(seconds)),
            (OU_PATH, optional(&self.ou_path)),
            (NAME, optional(&self.name)),
            (ACCESS_ROLE, optional(&self.access_role)),
            (VERSION, string(&self.version)),
        ]
    }
}

/// What a result has in addition to the report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResultDetails {
    /// The configured parts of each role, and whether they hold.
    pub requirements: BTreeMap<String, Requirement>,
    /// The hash of the configuration.
    pub configuration: String,
    /// The path of the account in the organization.
    pub ou_path: Option<String>,
}
