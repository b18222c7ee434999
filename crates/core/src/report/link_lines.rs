//! The links to an account in the AWS console, as lines.

use super::model::{ChangeStatus, Report};
use crate::console::{ConsoleLink, LinkForm};
use crate::lines::{Line, Style};

/// The links of a report. Each is a line of its own, so that it can be copied.
pub(super) fn link_lines(report: &Report) -> Vec<Line> {
    if report.links.is_empty() {
        return Vec::new();
    }
    let is_pending = report.changes.iter().any(|step| step.status == ChangeStatus::Planned);
    let title = if is_pending { "In the console, once the changes are made" } else { "In the console" };
    let heading = [Line::blank(), Line::heading(title)];
    heading.into_iter().chain(report.links.iter().map(line)).collect()
}

fn line(link: &ConsoleLink) -> Line {
    let label = match link.form {
        LinkForm::SwitchRole => "switch role",
        LinkForm::AccessPortal => "access portal",
    };
    Line::verbatim(2).column(Style::Faint, label, LABEL).text(&link.url)
}

/// The width of the longest label.
const LABEL: usize = 13;
