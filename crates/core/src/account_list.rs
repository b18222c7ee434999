//! The accounts of an organization, as `onboard accounts list` prints them: lines, CSV and JSON.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::account::{Account, AccountId};
use crate::code::{Code, OutcomeKind};
use crate::csv_line::csv_line;
use crate::last_result::LastResult;
use crate::lines::{Line, Style, widest};
use crate::suggestion::counted;
use crate::text::{Untrusted, printable};
use crate::time::to_policy_date;

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedAccount {
    /// The account ID.
    pub account_id: AccountId,
    /// Its name.
    pub account_name: Untrusted,
    /// The names of the units from below the root to the one that it is in, or the name of the root.
    pub unit: String,
    /// Its state.
    pub state: String,
    /// When it joined the organization, such as `2026-11-26T12:00:00Z`.
    pub joined_at: Option<String>,
    /// The last result; `None` if records are not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Recorded>,
}

/// What the record of an account says about its last run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// The outcome; `None` if no run is recorded.
    #[serde(serialize_with = "outcome_word")]
    pub outcome: Option<OutcomeKind>,
    /// The code of its cause.
    pub code: Option<Code>,
    /// When the run ended.
    pub recorded_at: Option<String>,
}

fn outcome_word<S: Serializer>(outcome: &Option<OutcomeKind>, serializer: S) -> Result<S::Ok, S::Error> {
    outcome.map(OutcomeKind::as_str).serialize(serializer)
}

impl Recorded {
    /// The last result of a record, if there is one.
    #[must_use]
    pub fn new(result: Option<&LastResult>) -> Self {
        Self {
            outcome: result.map(|result| result.outcome),
            code: result.and_then(|result| result.code),
            recorded_at: result.and_then(|result| to_policy_date(result.recorded_at)),
        }
    }
}

impl ListedAccount {
    /// An account, the path of its unit, and its record if records are read.
    #[must_use]
    pub fn new(account: &Account, unit: &str, recorded: Option<Recorded>) -> Self {
        Self {
            account_id: account.id.clone(),
            account_name: account.name.clone(),
            unit: printable(unit),
            state: account.state.to_string(),
            joined_at: account.joined_at.and_then(to_policy_date),
            recorded,
        }
    }

    fn joined_on(&self) -> &str {
        self.joined_at.as_deref().and_then(|time| time.split('T').next()).unwrap_or("unknown")
    }

    fn outcome(&self) -> String {
        match &self.recorded {
            None => String::new(),
            Some(Recorded { outcome: None, .. }) => "no record".to_owned(),
            Some(Recorded { outcome: Some(outcome), code: Some(code), .. }) => format!("{} ({code})", outcome.as_str()),
            Some(Recorded { outcome: Some(outcome), code: None, .. }) => outcome.as_str().to_owned(),
        }
    }
}

/// The accounts as lines: a summary, then one line each.
#[must_use]
pub fn account_lines(accounts: &[ListedAccount]) -> Vec<Line> {
    let mut lines = vec![Line::heading(summary(accounts))];
    let name = widest(accounts.iter().map(|account| account.account_name.to_string()));
    let state = widest(accounts.iter().map(|account| account.state.as_str()));
    let unit = widest(accounts.iter().map(|account| account.unit.as_str()));
    for account in accounts {
        let style = match account.recorded.as_ref().and_then(|recorded| recorded.outcome) {
            Some(OutcomeKind::Blocked) => Style::Error,
            Some(OutcomeKind::Waiting) => Style::Warning,
            _ => Style::Faint,
        };
        let line = Line::verbatim(2)
            .column(Style::Strong, &account.account_name, name)
            .column(Style::Plain, &account.account_id, 12)
            .column(Style::Faint, &account.state, state)
            .column(Style::Faint, account.joined_on(), 10);
        lines.push(line.column(Style::Plain, &account.unit, unit).styled(style, account.outcome()));
    }
    lines
}

/// The number of accounts by state and by outcome.
fn summary(accounts: &[ListedAccount]) -> String {
    let count = |words: Vec<String>| {
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        words.into_iter().for_each(|word| *numbers.entry(word).or_default() += 1);
        numbers.into_iter().map(|(word, number)| format!("{number} {word}")).collect::<Vec<_>>().join(", ")
    };
    let states = count(accounts.iter().map(|account| account.state.clone()).collect());
    let outcome = |account: &ListedAccount| {
        let outcome = account.recorded.as_ref()?.outcome;
        Some(outcome.map_or("without a record", OutcomeKind::as_str).to_owned())
    };
    let outcomes: Vec<_> = accounts.iter().filter_map(outcome).collect();
    let total = counted(accounts.len(), "account");
    match (states.is_empty(), outcomes.is_empty()) {
        (true, _) => total,
        (false, true) => format!("{total}: {states}"),
        (false, false) => format!("{total}: {states}; {}", count(outcomes)),
    }
}

/// The accounts as CSV.
#[must_use]
pub fn account_csv(accounts: &[ListedAccount]) -> String {
    let header = ["account_name", "account_id", "unit", "state", "joined_at", "outcome", "code", "recorded_at"];
    let mut text = csv_line(header.into_iter());
    for account in accounts {
        let name = account.account_name.to_string();
        let recorded = account.recorded.as_ref();
        let cells = [
            name.as_str(),
            account.account_id.as_str(),
            account.unit.as_str(),
            account.state.as_str(),
            account.joined_at.as_deref().unwrap_or_default(),
            recorded.and_then(|recorded| recorded.outcome).map_or("", OutcomeKind::as_str),
            recorded.and_then(|recorded| recorded.code).map_or("", Code::as_str),
            recorded.and_then(|recorded| recorded.recorded_at.as_deref()).unwrap_or_default(),
        ];
        text += &csv_line(cells.into_iter());
    }
    text
}

/// The accounts as JSON. The version of the format changes like that of the report.
#[must_use]
pub fn account_json(accounts: &[ListedAccount]) -> Value {
    json!({ "version": 1, "accounts": accounts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountState;
    use crate::lines::plain;
    use crate::plan::sample;
    use crate::time::from_unix_seconds;

    fn account(id: &str, name: &str, state: AccountState) -> Account {
        Account {
            id: id.parse().unwrap(),
            name: name.into(),
            state,
            joined_at: from_unix_seconds(1_795_000_000),
            ..sample::account()
        }
    }

    fn accounts() -> [ListedAccount; 3] {
        let recorded = |outcome, code| Some(Recorded { outcome, code, recorded_at: None });
        [
            ListedAccount::new(
                &account("444455556666", "payments-dev", AccountState::Active),
                "Workloads/Dev",
                recorded(Some(OutcomeKind::Converged), None),
            ),
            ListedAccount::new(
                &account("555566667777", "=a\u{1b}[2J\nb", AccountState::Active),
                "Sand\u{202e}box",
                recorded(Some(OutcomeKind::Blocked), Some(Code::NoAccessRole)),
            ),
            ListedAccount::new(&account("666677778888", "old", AccountState::Suspended), "Root", recorded(None, None)),
        ]
    }

    #[test]
    fn lines_start_with_a_summary() {
        insta::assert_snapshot!(plain(&account_lines(&accounts())), @"
        3 accounts: 2 ACTIVE, 1 SUSPENDED; 1 blocked, 1 converged, 1 without a record
          payments-dev  444455556666  ACTIVE     2026-11-18  Workloads/Dev  converged
          =a?[2J b      555566667777  ACTIVE     2026-11-18  Sand?box       blocked (no_access_role)
          old           666677778888  SUSPENDED  2026-11-18  Root           no record
        ");
        let without_records = accounts().map(|account| ListedAccount { recorded: None, ..account });
        insta::assert_snapshot!(plain(&account_lines(&without_records)), @"
        3 accounts: 2 ACTIVE, 1 SUSPENDED
          payments-dev  444455556666  ACTIVE     2026-11-18  Workloads/Dev
          =a?[2J b      555566667777  ACTIVE     2026-11-18  Sand?box
          old           666677778888  SUSPENDED  2026-11-18  Root
        ");
    }

    #[test]
    fn csv_contains_no_formula_and_no_control_character() {
        insta::assert_snapshot!(account_csv(&accounts()).replace("\r\n", "\n"), @r#"
        "account_name","account_id","unit","state","joined_at","outcome","code","recorded_at"
        "payments-dev","444455556666","Workloads/Dev","ACTIVE","2026-11-18T11:06:40Z","converged","",""
        "'=a?[2J b","555566667777","Sand?box","ACTIVE","2026-11-18T11:06:40Z","blocked","no_access_role",""
        "old","666677778888","Root","SUSPENDED","2026-11-18T11:06:40Z","","",""
        "#);
    }

    #[test]
    fn json_is_versioned() {
        let [_, second, _] = accounts();
        insta::assert_snapshot!(serde_json::to_string_pretty(&account_json(&[second])).unwrap(), @r#"
        {
          "version": 1,
          "accounts": [
            {
              "account_id": "555566667777",
              "account_name": "=a?[2J b",
              "unit": "Sand?box",
              "state": "ACTIVE",
              "joined_at": "2026-11-18T11:06:40Z",
              "recorded": {
                "outcome": "blocked",
                "code": "no_access_role",
                "recorded_at": null
              }
            }
          ]
        }
        "#);
    }
}
