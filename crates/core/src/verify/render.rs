//! The result of `onboard verify` as lines and as JSON. Each part says whether it was evaluated or tried for real.

use serde_json::{Value, json};

use super::attempt::{Attempt, Evaluated, Expected, NotTried, PresentedId};
use super::caller::VerifyCaller;
use super::outcome::{AttemptResult, Conclusion, RefusedBy, Trial};
use super::permissions::{RolePermissions, permission_lines};
use crate::lines::{Line, Mark, Style, widest};
use crate::outcome::Outcome;
use crate::report::{Detail, Report, ending_lines, heading_line, proof_lines, remark_lines};
use crate::suggestion::counted;
use crate::text::printable_json;

/// Everything that was verified.
#[derive(Debug)]
pub struct Verification {
    /// The report of a plan, with the proofs.
    pub report: Report,
    /// What the roles may do.
    pub permissions: Vec<RolePermissions>,
    /// The attempts, if a caller was given and the account could be read.
    pub trials: Option<Trials>,
}

/// The attempts of one caller.
#[derive(Debug)]
pub struct Trials {
    /// The name of its profile.
    pub profile: String,
    /// The caller.
    pub caller: VerifyCaller,
    /// The attempts and their results.
    pub trials: Vec<Trial>,
    /// The roles that were not tried.
    pub not_tried: Vec<NotTried>,
}

impl Trials {
    /// What the attempts show.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let needs_action = self.not_tried.iter().any(|one| one.reason.needs_action());
        let incomplete = (needs_action || self.trials.is_empty()).then_some(Conclusion::Incomplete);
        self.trials.iter().map(Trial::conclusion).chain(incomplete).min().unwrap_or(Conclusion::Incomplete)
    }

    /// What to do about the worst result, in one sentence.
    fn fix(&self, report: &Report) -> Option<String> {
        let worst = self.conclusion();
        if worst == Conclusion::Holds {
            return None;
        }
        let account = report.account_id.as_ref()?;
        let trial = self.trials.iter().find(|trial| trial.conclusion() == worst);
        let missing = || self.not_tried.iter().find(|one| one.reason.needs_action()).or(self.not_tried.first());
        trial
            .map(|trial| trial.fix(self.caller.account(), account))
            .or_else(|| missing().map(|one| format!("role `{}` was not tried: {}", one.role, one.reason)))
    }

    fn lines(&self) -> Vec<Line> {
        let title = Line::at(0).styled(Style::Strong, format!("Tried as {}", self.caller));
        let mut lines = vec![Line::blank(), title.styled(Style::Faint, format!(" (profile {})", self.profile))];
        let roles = self.trials.iter().map(|trial| trial.attempt.role.as_str());
        let width = widest(roles.chain(self.not_tried.iter().map(|one| one.role.as_str())));
        for trial in &self.trials {
            let mark = match trial.holds() {
                Some(true) => Mark::Holds,
                Some(false) => Mark::Fails,
                None => Mark::Unknown,
            };
            lines.push(Line::at(2).mark(mark).column(Style::Plain, &trial.attempt.role, width).text(sentence(trial)));
        }
        for one in &self.not_tried {
            let line = Line::at(2).mark(Mark::Unknown).column(Style::Plain, &one.role, width);
            lines.push(line.text(format!("not tried: {}", one.reason)));
        }
        lines
    }

    fn ending(&self, report: &Report) -> Vec<Line> {
        let count = |wanted| self.trials.iter().filter(|trial| trial.conclusion() == wanted).count();
        let attempts = counted(self.trials.len(), "attempt");
        let was = |count| if count == 1 { "was" } else { "were" };
        let (style, text) = match self.conclusion() {
            Conclusion::Holds => (Style::Success, format!("Tried for real: {attempts}, all as configured.")),
            Conclusion::Breach => {
                let count = count(Conclusion::Breach);
                (Style::Error, format!("Failed: {count} of {attempts} succeeded and must be refused."))
            }
            Conclusion::LockedOut => {
                let count = count(Conclusion::LockedOut);
                (Style::Error, format!("Failed: {count} of {attempts} {} refused and must succeed.", was(count)))
            }
            Conclusion::Incomplete if self.trials.is_empty() => {
                (Style::Warning, "Incomplete: nothing could be tried.".to_owned())
            }
            Conclusion::Incomplete => {
                let made = self.trials.len() - count(Conclusion::Incomplete);
                let missing = self.not_tried.iter().filter(|one| one.reason.needs_action()).count();
                let all = counted(self.trials.len() + missing, "attempt");
                let as_configured = if made == 0 { "" } else { ", all as configured" };
                (Style::Warning, format!("Incomplete: {made} of {all} could be made{as_configured}."))
            }
        };
        let mut lines = vec![Line::at(0).styled(style, text)];
        lines.extend(self.fix(report).map(|fix| Line::at(2).column(Style::Strong, "Fix:", 4).text(fix)));
        lines
    }

    fn to_json(&self, report: &Report) -> Value {
        let not_tried = |one: &NotTried| json!({ "role": one.role, "reason": one.reason.to_string() });
        json!({
            "profile": self.profile,
            "arn": self.caller.arn(),
            "account_id": self.caller.account(),
            "conclusion": self.conclusion().as_str(),
            "fix": self.fix(report),
            "attempts": self.trials.iter().map(trial_json).collect::<Vec<_>>(),
            "not_tried": self.not_tried.iter().map(not_tried).collect::<Vec<_>>(),
        })
    }
}

impl Verification {
    /// The evaluated part: the proofs, and what the roles may do.
    #[must_use]
    pub fn evaluated_lines(&self, detail: Detail) -> Vec<Line> {
        let mut lines = vec![heading_line(&self.report)];
        lines.extend(proof_lines(&self.report.proofs, "Who can assume what, evaluated", detail));
        lines.extend(permission_lines(&self.permissions, detail));
        lines.extend(remark_lines(&self.report));
        lines
    }

    /// The attempts, and the end.
    #[must_use]
    pub fn tried_lines(&self) -> Vec<Line> {
        let mut lines = self.trials.as_ref().map(Trials::lines).unwrap_or_default();
        lines.push(Line::blank());
        lines.extend(ending_lines(&self.report));
        match &self.trials {
            Some(trials) => lines.extend(trials.ending(&self.report)),
            None if self.report.outcome == Outcome::Converged => {
                let text = "Nothing was tried for real; pass `--as PROFILE` with a profile of the identity account.";
                lines.push(Line::at(0).styled(Style::Faint, text));
            }
            None => {}
        }
        lines
    }

    /// As JSON, documented in docs/VERIFY.md.
    ///
    /// # Errors
    /// When the report cannot be written as JSON, which does not happen.
    pub fn to_json(&self) -> Result<Value, serde_json::Error> {
        let mut value = json!({
            "version": 1,
            "report": serde_json::to_value(&self.report)?,
            "permissions": self.permissions,
            "tried": self.trials.as_ref().map(|trials| trials.to_json(&self.report)),
        });
        printable_json(&mut value);
        Ok(value)
    }
}

/// Such as `with MFA: assumed (evaluated: can)`.
fn sentence(trial: &Trial) -> String {
    let Trial { attempt, result } = trial;
    let result = match (result, trial.holds()) {
        (AttemptResult::Assumed, Some(false)) => "assumed, and must be refused".to_owned(),
        (AttemptResult::Assumed, _) => "assumed".to_owned(),
        (AttemptResult::Elsewhere(arn), _) => format!("assumed, but the session is {arn}"),
        (AttemptResult::Refused(by), holds) => {
            let by = match by {
                RefusedBy::Caller => " by the caller's own policies",
                RefusedBy::ControlPolicy => " by a control policy",
                RefusedBy::Other => "",
            };
            let wrong = if holds == Some(false) { ", and must be assumed" } else { "" };
            format!("refused{by}{wrong}")
        }
        (AttemptResult::NotTried { reason, .. }, _) => format!("could not be tried: {reason}"),
    };
    let how = attempt.how();
    let how = if how.is_empty() { how } else { format!("{how}: ") };
    let evaluated = match attempt.evaluated {
        Evaluated::Can => "can",
        Evaluated::Denied => "denied",
        Evaluated::Depends => "depends on further conditions",
        Evaluated::Unknown => "the trust policy is not supported",
    };
    format!("{how}{result} (evaluated: {evaluated})")
}

fn trial_json(trial: &Trial) -> Value {
    let Attempt { role, role_arn, external_id, mfa, expected, evaluated } = &trial.attempt;
    let external_id = match external_id {
        PresentedId::NotNeeded | PresentedId::Missing => "none",
        PresentedId::Right(..) => "configured",
        PresentedId::Wrong(_) => "another",
    };
    let (tried, detail) = match &trial.result {
        AttemptResult::Assumed => ("assumed", None),
        AttemptResult::Elsewhere(arn) => ("assumed_elsewhere", Some(arn)),
        AttemptResult::Refused(_) => ("refused", None),
        AttemptResult::NotTried { reason, .. } => ("not_tried", Some(reason)),
    };
    let expected = match expected {
        Expected::Assumed => "assumed",
        Expected::Refused => "refused",
        Expected::Either => "either",
    };
    let evaluated = match evaluated {
        Evaluated::Can => "can",
        Evaluated::Denied => "denied",
        Evaluated::Depends => "depends",
        Evaluated::Unknown => "unknown",
    };
    json!({
        "role": role,
        "role_arn": role_arn,
        "external_id": external_id,
        "mfa": mfa,
        "expected": expected,
        "evaluated": evaluated,
        "tried": tried,
        "detail": detail,
        "holds": trial.holds(),
    })
}

impl Conclusion {
    /// The word: `holds`, `breach`, `locked_out` or `incomplete`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breach => "breach",
            Self::LockedOut => "locked_out",
            Self::Incomplete => "incomplete",
            Self::Holds => "holds",
        }
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
