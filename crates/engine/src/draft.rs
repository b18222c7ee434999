//! A report while it is written, with the secrets that must not stand in it.

use std::time::Duration;

use super::prepare::Prepared;
use super::{End, Engine, Job};
use crate::ports::{Clock, World};
use onboarding_core::blueprint::SecretValues;
use onboarding_core::mode::Mode;
use onboarding_core::observed::Observed;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::{Approved, diff, guard};
use onboarding_core::report::Report;

/// A report while it is written.
pub(super) struct ReportBuilder {
    pub(super) report: Report,
    pub(super) secrets: SecretValues,
}

impl ReportBuilder {
    /// Plans and guards, and tells what the guard said.
    pub(super) fn approve(&mut self, prepared: &Prepared, observed: &Observed) -> Approved {
        let approved = guard(diff(&prepared.blueprint, observed), &prepared.blueprint, observed);
        self.report.refusals.extend_from_slice(approved.refusals());
        self.report.notices = approved.notices().iter().map(ToString::to_string).collect();
        approved
    }

    /// Blocked, when something was refused.
    pub(super) fn refused(&self) -> Option<Outcome> {
        let first = self.report.refusals.first()?;
        let message = match self.report.refusals.len() - 1 {
            0 => first.message.clone(),
            more => format!("{} (and {more} more)", first.message),
        };
        Some(Outcome::blocked(first.code, message, first.remedy.clone()))
    }

    /// Converged, when every proof holds.
    pub(super) fn proven(&self) -> Outcome {
        let report = &self.report;
        let Some(broken) = report.proofs.iter().find(|proof| !proof.holds) else { return Outcome::Converged };
        let message = format!("role `{}` matches its configuration but fails verification: {}", broken.role, broken.sentence);
        let remedy = match report.notices.first() {
            Some(notice) => format!("in the trust policy of the access role, {notice}"),
            None => "compare the trust policy with the configuration".to_owned(),
        };
        Outcome::blocked("verification_failed", message, remedy)
    }
}

impl<W: World> Engine<W> {
    /// Runs an errand and makes its report, in which no external ID stands.
    pub(super) async fn report(
        &self,
        errand: &Job,
        mode: Mode,
        way: impl AsyncFnOnce(&mut ReportBuilder) -> Result<Outcome, End>,
    ) -> Report {
        let started = self.clock().now();
        let report = Report::begin(&errand.account, &errand.trigger, mode);
        let mut draft = ReportBuilder { report, secrets: SecretValues::new() };
        let outcome = way(&mut draft).await.unwrap_or_else(|end| end);
        let ReportBuilder { mut report, secrets } = draft;
        report.end(outcome);
        report.notices.extend(self.config.warnings());
        report.redact(&secrets, &self.config.external_ids());
        report.duration_ms =
            Duration::try_from_secs_f64(self.clock().now() - started).map_or(0, |t| t.as_millis() as u64);
        report
    }
}
