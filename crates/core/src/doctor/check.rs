//! A check, its result, and how results are shown.

use serde::Serialize;

use crate::error::{ApiError, ErrorKind};
use crate::lines::{Line, Style};
use crate::redaction::KnownSecrets;

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The subject.
    pub check: &'static str,
    /// The result.
    pub status: Status,
    /// The finding.
    pub text: String,
    /// What to do, if something is to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// It may matter, or could not be read.
    Warning,
    /// It will not work like this.
    Failed,
}

impl Check {
    /// A check that holds.
    #[must_use]
    pub fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, text: text.into(), fix: None }
    }

    /// A check that may matter.
    #[must_use]
    pub fn warning(check: &'static str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, status: Status::Warning, text: text.into(), fix: Some(fix.into()) }
    }

    /// A check that fails.
    #[must_use]
    pub fn failed(check: &'static str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, status: Status::Failed, text: text.into(), fix: Some(fix.into()) }
    }
}

/// The result of a check whose facts could not be read.
#[must_use]
pub fn not_read(check: &'static str, error: &ApiError) -> Check {
    let fix = match error.kind() {
        ErrorKind::AccessDenied => format!("allow `{}` to your role or user", error.call),
        ErrorKind::Unavailable | ErrorKind::Throttled => "check the network, and run again".to_owned(),
        _ => format!("the call was `{}`; fix the credentials or the network first, then run again", error.call),
    };
    Check::warning(check, format!("could not be read: {error}"), fix)
}

/// All results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis(Vec<Check>);

/// The form of a diagnosis in JSON.
#[derive(Serialize)]
struct Wire<'a> {
    version: u32,
    checks: &'a [Check],
    failed: usize,
    warnings: usize,
}

impl Diagnosis {
    /// The results, in the order in which they are shown, without secrets.
    #[must_use]
    pub fn new(checks: Vec<Check>, secrets: &KnownSecrets) -> Self {
        let redacted = |check: Check| Check {
            text: secrets.redacted(check.text),
            fix: check.fix.map(|fix| secrets.redacted(fix)),
            ..check
        };
        Self(checks.into_iter().map(redacted).collect())
    }

    /// How many checks ended like this.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.0.iter().filter(|check| check.status == status).count()
    }

    /// The results as JSON.
    ///
    /// # Errors
    /// When they cannot be written as JSON, which does not happen.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let (failed, warnings) = (self.count(Status::Failed), self.count(Status::Warning));
        serde_json::to_string_pretty(&Wire { version: 1, checks: &self.0, failed, warnings })
    }

    /// One line for each check, and one below it for what to do.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for check in &self.0 {
            let (style, word) = match check.status {
                Status::Ok => (Style::Success, "ok"),
                Status::Warning => (Style::Warning, "warning"),
                Status::Failed => (Style::Error, "failed"),
            };
            lines.push(Line::at(0).column(style, word, 7).column(Style::Plain, check.check, 13).text(&check.text));
            if let Some(fix) = &check.fix {
                lines.push(Line::at(9).column(Style::Strong, "fix", 13).text(fix));
            }
        }
        let counts = [("failed", Status::Failed), ("warnings", Status::Warning)];
        let counts: Vec<_> =
            counts.into_iter().map(|(word, status)| format!("{} {word}", self.count(status))).collect();
        lines.push(Line::at(0).styled(Style::Strong, counts.join(", ")));
        lines
    }
}
