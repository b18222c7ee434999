//! Promises 1 to 12 over an organization of 1,000 accounts in nested units, with every awkward kind of account at once: the plan and
//! the apply of the command line, and the function's sweep by chunks over the queue. The table in `kinds` says how each run ends for
//! each kind, so that a wrong outcome names it.
//!
//! Each run is made once and then checked for every promise in one test: `cargo nextest` starts a process for each test, which would
//! make the run again.

mod access;
mod arrange;
mod killed;
mod kinds;
mod runs;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::UNIX_EPOCH;

use onboarding_core::account::AccountId;
use onboarding_core::lines::plain;
use onboarding_core::mode::Mode;
use onboarding_core::organization::Overview;
use onboarding_core::owner::OWNER_TAG;
use onboarding_core::policy::REVOCATION_POLICY;
use onboarding_core::report::{Detail, emf, plan_lines, report_lines};
use onboarding_core::role::RoleName;
use onboarding_simulation::Call;

use self::access::{assert_onboarded, foreign, unexpected};
use self::kinds::{KINDS, Kind};
use self::runs::{Again, CommandLine, Roles, Sweep, writes, written};
use self::world::{World, assert_no_secret};
use crate::common::{ACCESS, IDENTITY, MANAGEMENT, name};

const CONVERGED: &str = "converged";

#[test]
fn command_line_keeps_every_promise() {
    let checks: [Check<CommandLine>; 9] = [
        ("promise 1: second apply makes no write", second_apply_makes_no_write),
        ("promises 2 and 3: apply keeps access and adds only what is configured", apply_changes_access_as_configured),
        ("promise 4: apply makes exactly the calls that the plan printed", apply_makes_the_planned_calls),
        ("promise 6: apply writes in confirmed members only", |run| assert_only_confirmed(&run.world, &run.calls)),
        ("promise 7: no report shows a secret", no_report_shows_a_secret),
        ("promise 8: apply leaves roles of others unchanged", |run| assert_foreign_untouched(&run.before, &run.after)),
        ("promise 10: every kind of account ends as expected", every_kind_is_planned_and_applied_as_expected),
        ("promise 11: apply removes only what is configured", |run| assert_only_removed(&run.before, &run.after)),
        ("promise 12: no quota is exceeded in steady state", no_quota_is_exceeded_in_steady_state),
    ];
    assert_all(&CommandLine::new(), &checks);
}

#[test]
fn sweep_keeps_every_promise() {
    let checks: [Check<Sweep>; 8] = [
        ("promise 1: second sweep makes no write", second_sweep_makes_no_write),
        ("promises 2 and 3: sweep keeps access and adds only what is configured", sweep_changes_access_as_configured),
        ("promise 6: sweep writes in confirmed members only", |run| assert_only_confirmed(&run.world, &run.calls)),
        ("promise 7: no line, event or record shows a secret", nothing_of_the_sweep_shows_a_secret),
        ("promise 8: sweep leaves roles of others unchanged", |run| assert_foreign_untouched(&run.before, &run.after)),
        ("promise 9: sweep loses no account", sweep_loses_no_account),
        ("promise 10: every kind of account ends as expected", every_kind_is_swept_as_expected),
        ("promise 11: sweep removes only what is configured", |run| assert_only_removed(&run.before, &run.after)),
    ];
    assert_all(&Sweep::new(), &checks);
}

/// What a run promises, and its check.
type Check<Run> = (&'static str, fn(&Run));

/// Makes every check, and names all promises that are not kept: above, each has said why.
fn assert_all<Run>(run: &Run, checks: &[Check<Run>]) {
    let fails = |check: &fn(&Run)| catch_unwind(AssertUnwindSafe(|| check(run))).is_err();
    let failed: Vec<_> = checks.iter().filter(|(_, check)| fails(check)).map(|(promise, _)| promise).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The accounts for which a run is expected to end like this.
fn ending<'a>(world: &'a World, outcome: impl Fn(&Kind) -> bool + 'a) -> impl Iterator<Item = &'a AccountId> {
    world.members.iter().filter(move |member| outcome(member.kind)).map(|member| &member.id)
}

/// The accounts that converge on the command line.
fn applied(run: &CommandLine) -> impl Iterator<Item = &AccountId> {
    ending(&run.world, |kind| kind.applied == CONVERGED)
}

/// The accounts that converge in the sweep. The record of some others says so because it is about an earlier run.
fn swept(run: &Sweep) -> impl Iterator<Item = &AccountId> {
    ending(&run.world, |kind| kind.swept == CONVERGED && !["not listed", "closed"].contains(&kind.planned))
}

/// Nothing is written in accounts that have converged, and no write succeeds in the others.
fn assert_second_run_writes_nothing<'a>(
    converged: impl Iterator<Item = &'a AccountId>,
    after: &Roles,
    again: &'a Again,
) {
    let written = written(&again.calls);
    let wrong: Vec<_> = converged.filter(|id| written.contains(id) || after[*id] != again.after[*id]).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(again.calls.len() > 1_000, "the second run has looked at the accounts");
}

fn second_apply_makes_no_write(run: &CommandLine) {
    assert_second_run_writes_nothing(applied(run), &run.after, &run.again);
}

fn second_sweep_makes_no_write(run: &Sweep) {
    // The second sweep is more than twelve hours later, and deletes the revocations of sessions that have expired since.
    let has_revoked = |id: &AccountId| run.after[id].values().any(|role| role.policies.contains_key(REVOCATION_POLICY));
    assert_second_run_writes_nothing(swept(run).filter(|id| !has_revoked(id)), &run.after, &run.again);
    for call in writes(&run.again.calls).filter(|call| call.ok) {
        assert!(call.call == "iam:DeleteRolePolicy" && has_revoked(&call.account), "{call:?}");
    }
}

fn apply_changes_access_as_configured(run: &CommandLine) {
    let (lost, gained) = unexpected(&run.world, &run.before, &run.after);
    assert!(lost.is_empty() && gained.is_empty(), "lost {lost:#?}, gained {gained:#?}");
}

fn sweep_changes_access_as_configured(run: &Sweep) {
    // A role that appears during the sweep is created by Organizations.
    let mut before = run.before.clone();
    for id in ending(&run.world, |kind| kind.name == "joined a minute ago") {
        let role = run.before.values().find_map(|roles| roles.get(&name(ACCESS))).expect("an access role");
        before.entry(id.clone()).or_default().entry(name(ACCESS)).or_insert_with(|| role.clone());
    }
    let (lost, gained) = unexpected(&run.world, &before, &run.after);
    assert!(lost.is_empty() && gained.is_empty(), "lost {lost:#?}, gained {gained:#?}");
}

/// Each call once, in any order between roles: the calls of a role are made in the order of the plan.
fn apply_makes_the_planned_calls(run: &CommandLine) {
    let mut made = BTreeMap::<_, Vec<_>>::new();
    for call in writes(&run.calls) {
        made.entry((&call.account, call.role.clone().expect("a role"))).or_default().push(call.call);
    }
    let mut compared = 0;
    for id in run.applied.keys() {
        let outcome = run.outcomes(id)[1].clone();
        let mut planned = BTreeMap::<RoleName, Vec<_>>::new();
        for step in &run.planned[id].changes {
            if step.change.call().starts_with("iam:") {
                planned.entry(step.change.role.clone()).or_default().push(step.change.call());
            }
        }
        for (role, planned) in &planned {
            let made = made.remove(&(id, role.clone())).unwrap_or_default();
            if outcome == CONVERGED {
                assert_eq!(made, *planned, "{id}/{role}");
                compared += 1;
            }
            assert!(made.iter().all(|call| planned.contains(call)), "{id}/{role}: {made:?}");
        }
    }
    assert!(made.is_empty(), "calls that were not planned: {made:?}");
    assert!(compared > 1_000, "{compared} roles");
}

/// No account is written to that is not an active member, and none before it was confirmed.
fn assert_only_confirmed(world: &World, calls: &[Call]) {
    let eligible: BTreeSet<_> = world
        .members
        .iter()
        .filter(|member| {
            member.kind.planned.contains(' ') && !member.kind.name.ends_with("after the plan")
                || ["changes after the plan"].contains(&member.kind.name)
        })
        .map(|member| &member.id)
        .collect();
    let mut confirmed = BTreeSet::new();
    for call in calls {
        if call.call == "sts:GetCallerIdentity" && call.ok {
            confirmed.insert(&call.account);
        }
        if call.write && call.role.is_some() {
            assert!(confirmed.contains(&call.account), "{call:?} before the account was confirmed");
            assert!(eligible.contains(&call.account), "{call:?}");
        }
    }
    let written = written(calls);
    assert!(![MANAGEMENT, IDENTITY].iter().any(|own| written.iter().any(|id| id.as_str() == *own)));
    assert!(written.len() > 700, "{}", written.len());
}

fn no_report_shows_a_secret(run: &CommandLine) {
    let mut overview = Overview::new(Mode::Plan, run.selected.skipped.clone());
    for (id, report) in run.planned.iter().chain(&run.applied) {
        let text = [
            serde_json::to_string(report).unwrap(),
            plain(&plan_lines(report, Detail::Full)),
            plain(&report_lines(report, None, Detail::Full)),
            emf(report, UNIX_EPOCH).to_string(),
        ];
        text.iter().for_each(|text| assert_no_secret(text, id.as_str()));
        overview.add(report);
    }
    let summary = plain(&overview.lines());
    assert_no_secret(&summary, "the summary");
    assert!(!summary.contains('\u{202e}') && !summary.contains('\u{1b}'), "names are filtered");
}

fn nothing_of_the_sweep_shows_a_secret(run: &Sweep) {
    assert!(run.log.lines().count() > 1_000 && run.events.len() > 100);
    assert_no_secret(&run.log, "the log");
    let records = run.world.organization.records();
    assert!(records.len() > 900, "{}", records.len());
    records.iter().for_each(|(subject, record)| assert_no_secret(&format!("{:?}", record.to_attributes()), subject));
    run.events.iter().for_each(|event| assert_no_secret(&event.detail().to_string(), "an event"));
    run.dead_letters.iter().for_each(|letter| assert_no_secret(&format!("{letter:?}"), "a dead letter"));
}

fn assert_foreign_untouched(before: &Roles, after: &Roles) {
    let (before, after) = (foreign(before), foreign(after));
    assert!(before.len() > 15, "{}", before.len());
    assert!(before == after, "{:?} is not {:?}", before.keys(), after.keys());
}

/// No event has arrived; the chunks of the sweep were reordered, and some were delivered twice.
fn sweep_loses_no_account(run: &Sweep) {
    assert!(run.is_done, "no message is left");
    let onboarded = assert_onboarded(swept(run), &run.after);
    assert!(onboarded > 800, "{onboarded}");
    // Every other account that the sweep has processed is in the dead-letter queue, once for each delivery.
    let letters: Vec<_> = run.dead_letters.iter().map(|letter| letter.body.clone()).collect();
    for id in ending(&run.world, |kind| kind.swept.starts_with("blocked")) {
        let count = letters.iter().filter(|body| body.contains(id.as_str())).count();
        assert!((1..=2).contains(&count), "{id}: {count} letters, {}", run.outcomes[id]);
    }
}

/// Compares how a run ended for each account with what its kind expects. Every difference is listed.
fn assert_outcomes<'a>(
    world: &'a World,
    expected: impl Fn(&Kind) -> &'static str,
    actual: impl Fn(&'a AccountId) -> String,
) {
    let mut wrong = BTreeMap::<_, BTreeSet<_>>::new();
    for member in &world.members {
        let (expected, actual) = (expected(member.kind), actual(&member.id));
        if actual != expected {
            wrong.entry((member.kind.name, expected)).or_default().insert(format!("{actual} ({})", member.id));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let by_kind = world.by_kind();
    assert!(by_kind.len() == KINDS.len() && by_kind.values().all(|accounts| accounts.len() >= 4), "of every kind");
}

fn every_kind_is_planned_and_applied_as_expected(run: &CommandLine) {
    assert_outcomes(&run.world, |kind| kind.planned, |id| run.outcomes(id)[0].clone());
    assert_outcomes(&run.world, |kind| kind.applied, |id| run.outcomes(id)[1].clone());
    assert_onboarded(applied(run), &run.after);
}

fn every_kind_is_swept_as_expected(run: &Sweep) {
    assert_outcomes(&run.world, |kind| kind.swept, |id| run.outcomes[id].clone());
}

/// Only roles that this tool owns and the configuration removes are gone, and they are gone wherever the account converged.
fn assert_only_removed(before: &Roles, after: &Roles) {
    let mut removed = 0;
    for (account, roles) in before {
        let Some(after) = after.get(account) else { continue };
        for (role, state) in roles.iter().filter(|(role, _)| !after.contains_key(role)) {
            let tag = state.settings.tags.get(OWNER_TAG).map(String::as_str);
            let is_configured = match role.as_str() {
                "TrelicaIntegration" => tag == Some("vendor/trelica"),
                "legacy-app" => tag == Some("role/legacy-app"),
                _ => false,
            };
            assert!(is_configured, "{account}/{role} with tag {tag:?} was removed");
            removed += 1;
        }
    }
    assert!(removed > 400, "{removed}");
}

fn no_quota_is_exceeded_in_steady_state(run: &CommandLine) {
    assert_eq!(run.again.throttled, 0);
    assert!(run.again.calls.iter().filter(|call| call.call == "organizations:DescribeAccount").count() > 850);
}
