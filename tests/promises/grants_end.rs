//! A grant may end: after its last day, the principal cannot assume the access role any more, if a record shows that this tool made the
//! grant. Any other grant is reported and kept.

use std::time::Duration;

use onboarding_core::plan::Proof;
use onboarding_core::report::Report;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_engine::ports::Clock;

use crate::common::{ACCESS, IDENTITY, MANAGEMENT, OLD, Scenario, can_assume, outcome_code, run};
use crate::lambda::sweep;

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);
const PARTNER: &str = "147995105371";

/// The organization's first day is 2026-11-18.
const CONFIG: &str = r#"
[[access-role.grant]]
principal = "222233334444"

[[access-role.grant]]
principal = "147995105371"
until = 2026-11-20
"#;

fn can(scenario: &Scenario, account: &str) -> bool {
    can_assume(scenario.organization(), account, OLD, ACCESS, None)
}

fn proof<'a>(report: &'a Report, who: &str) -> Option<&'a Proof> {
    report.proofs.iter().find(|proof| proof.who.contains(who))
}

fn onboarded() -> Scenario {
    Scenario::new().config(CONFIG).apply().assert_outcome("converged")
}

#[test]
fn grant_holds_to_the_end_of_its_last_day_and_is_removed_after_it() {
    let scenario = onboarded();
    let before_the_end = 2 * DAY;
    let scenario = scenario.after(before_the_end).apply_again().assert_converged_without_writes();
    assert!(can(&scenario, PARTNER) && proof(scenario.report(), PARTNER).is_some_and(|proof| proof.expected == "can"));

    let scenario = scenario.after(DAY).plan().assert_outcome("waiting changes_pending");
    let planned = scenario.report();
    assert_eq!((planned.changes.len(), proof(planned, PARTNER).and_then(|proof| proof.holds)), (1, Some(false)));
    assert_eq!(planned.proofs_after.iter().filter(|proof| proof.who.contains(PARTNER)).count(), 1);
    assert!(planned.proofs_after.iter().all(Proof::is_proven), "{:?}", planned.proofs_after);

    scenario.organization().clear_journal();
    let scenario = scenario.apply().assert_outcome("converged");
    assert!(!can(&scenario, PARTNER) && can(&scenario, IDENTITY) && can(&scenario, MANAGEMENT));
    let ended = proof(scenario.report(), PARTNER).expect("a proof");
    insta::assert_snapshot!(format!("{} {}", ended.expected, ended.sentence), @"cannot account 147995105371: cannot assume the role: the grant ended on 2026-11-20");
    let scenario = scenario.apply_again().assert_converged_without_writes();
    assert_eq!(scenario.organization().record(OLD).grants.len(), 1, "it is forgotten");
}

#[test]
fn sweep_removes_an_ended_grant_and_one_that_only_reports_does_not() {
    let scenario = onboarded().after(3 * DAY);
    let mut function = scenario.function();
    function.sweep_mode = SweepMode::Report { deployed_at: Some(scenario.organization().now()) };
    function.deliver(&sweep(), MINUTE);
    assert!(can(&scenario, PARTNER));
    function.sweep_mode = SweepMode::Apply;
    function.deliver(&sweep(), MINUTE);
    assert!(!can(&scenario, PARTNER) && can(&scenario, IDENTITY));
}

/// A run has found the grant as it is configured, and recorded it: from then on, the configuration decides how long it holds.
#[test]
fn grant_that_existed_before_this_tool_ends_too() {
    let existing = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":["arn:aws:iam::{MANAGEMENT}:root","arn:aws:iam::{IDENTITY}:root","arn:aws:iam::{PARTNER}:root"]}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let scenario = Scenario::new().with_outside_account(PARTNER).config(CONFIG).with_trust_policy(ACCESS, &existing);
    let scenario = scenario.apply().assert_outcome("converged");
    assert!(scenario.writes().is_empty(), "the grant was found, not made");
    let scenario = scenario.after(3 * DAY).apply().assert_outcome("converged");
    assert!(!can(&scenario, PARTNER) && can(&scenario, IDENTITY) && can(&scenario, MANAGEMENT));
}

/// Without a record, the grant may not have been made by this tool.
#[test]
fn ended_grant_without_a_record_is_reported() {
    let scenario = onboarded().after(3 * DAY).without_record();
    scenario.organization().clear_journal();
    let scenario = scenario.apply().assert_outcome("blocked verification_failed");
    assert_eq!(scenario.writes(), []);
    assert!(can(&scenario, PARTNER));
    let notice = scenario.report().notices.iter().find(|notice| notice.contains("ended on"));
    insta::assert_snapshot!(notice.expect("a notice"), @"the grant for account 147995105371 on role `OrganizationAccountAccessRole` ended on 2026-11-20 and is still present; it is not removed, because no record shows that this tool made it: remove it with `[[access-role.revoke]]`");
}

/// Other statements that allow the principal were not made by this tool: they stay, and the verification reports them.
#[test]
fn only_the_grant_is_removed() {
    let scenario = onboarded();
    let trust = scenario.role(ACCESS).trust.0;
    let other = trust.replace(
        "\"Statement\":[",
        &format!(
            "\"Statement\":[{{\"Sid\":\"Own\",\"Effect\":\"Allow\",\"Principal\":{{\"AWS\":\"arn:aws:iam::{PARTNER}:root\"}},\
             \"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"]}},"
        ),
    );
    let scenario = scenario.with_trust_policy(ACCESS, &other).after(3 * DAY).apply();
    assert_eq!(outcome_code(scenario.report()), "blocked verification_failed");
    let left = scenario.role(ACCESS).trust.0;
    assert!(left.contains("\"Own\"") && left.matches(PARTNER).count() == 1, "{left}");
}

#[test]
fn removal_of_an_ended_grant_can_be_undone() {
    let scenario = onboarded();
    let before = scenario.role(ACCESS).trust.0;
    let scenario = scenario.after(3 * DAY).apply().assert_outcome("converged");
    let report = run(scenario.engine().undo(&scenario.job(), None));
    assert_eq!(outcome_code(&report), "converged");
    assert_eq!(scenario.role(ACCESS).trust.0, before);
}

/// The management account cannot lose its access by a date.
#[test]
fn ended_grant_of_the_management_account_is_not_removed() {
    let own = CONFIG.replace(PARTNER, MANAGEMENT);
    let scenario = Scenario::new().config(&own).apply().assert_outcome("converged");
    let before = scenario.role(ACCESS).trust.0;
    let scenario = scenario.after(3 * DAY).apply().assert_outcome("blocked configuration");
    assert_eq!(scenario.role(ACCESS).trust.0, before);
}

/// A grant that goes on may be contained in the statement of one that ends: it must be there when that statement goes.
#[test]
fn grant_that_goes_on_is_there_when_a_larger_one_ends() {
    let config = format!(
        "{}actions = [\"sts:AssumeRole\", \"sts:TagSession\"]\n[[access-role.grant]]\nprincipal = \"{PARTNER}\"\n",
        CONFIG
    );
    let scenario = Scenario::new().config(&config).apply().assert_outcome("converged").after(3 * DAY);
    let scenario = scenario.plan().assert_outcome("waiting changes_pending");
    assert!(scenario.report().proofs_after.iter().all(Proof::is_proven), "{:?}", scenario.report().proofs_after);
    scenario.organization().clear_journal();
    let scenario = scenario.apply().assert_outcome("converged");
    assert_eq!(scenario.writes().len(), 1, "{:?}", scenario.writes());
    assert!(can(&scenario, PARTNER));
}
