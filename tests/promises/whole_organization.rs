//! Promises 1 to 12 over an organization of 1,000 accounts in nested units, with every awkward kind of account at once: the plan and
//! the apply of the command line, and the function's sweep by chunks over the queue. The table in `kinds` says how each run ends for
//! each kind, so that a wrong outcome names it.
//!
//! Each run is made once, for all tests of a process.

mod access;
mod arrange;
mod killed;
mod kinds;
mod runs;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
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

static COMMAND_LINE: LazyLock<CommandLine> = LazyLock::new(CommandLine::new);
static SWEEP: LazyLock<Sweep> = LazyLock::new(Sweep::new);

const CONVERGED: &str = "converged";

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

#[test]
fn promise_1_second_apply_makes_no_write() {
    let run = &*COMMAND_LINE;
    assert_second_run_writes_nothing(applied(run), &run.after, &run.again);
}

#[test]
fn promise_1_second_sweep_makes_no_write() {
    let run = &*SWEEP;
    // The second sweep is more than twelve hours later, and deletes the revocations of sessions that have expired since.
    let has_revoked = |id: &AccountId| run.after[id].values().any(|role| role.policies.contains_key(REVOCATION_POLICY));
    assert_second_run_writes_nothing(swept(run).filter(|id| !has_revoked(id)), &run.after, &run.again);
    for call in writes(&run.again.calls).filter(|call| call.ok) {
        assert!(call.call == "iam:DeleteRolePolicy" && has_revoked(&call.account), "{call:?}");
    }
}

#[test]
fn promises_2_and_3_apply_keeps_access_and_adds_only_what_is_configured() {
    let run = &*COMMAND_LINE;
    let (lost, gained) = unexpected(&run.world, &run.before, &run.after);
    assert!(lost.is_empty() && gained.is_empty(), "lost {lost:#?}, gained {gained:#?}");
}

#[test]
fn promises_2_and_3_sweep_keeps_access_and_adds_only_what_is_configured() {
    let run = &*SWEEP;
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
#[test]
fn promise_4_apply_makes_exactly_the_calls_that_the_plan_printed() {
    let run = &*COMMAND_LINE;
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

#[test]
fn promise_6_apply_writes_in_confirmed_members_only() {
    assert_only_confirmed(&COMMAND_LINE.world, &COMMAND_LINE.calls);
}

#[test]
fn promise_6_sweep_writes_in_confirmed_members_only() {
    assert_only_confirmed(&SWEEP.world, &SWEEP.calls);
}

#[test]
fn promise_7_no_report_of_the_command_line_shows_a_secret() {
    let run = &*COMMAND_LINE;
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

#[test]
fn promise_7_no_line_event_or_record_of_the_sweep_shows_a_secret() {
    let run = &*SWEEP;
    assert!(run.log.lines().count() > 1_000 && run.events.len() > 100);
    assert_no_secret(&run.log, "the log");
    let records = run.world.organization.records();
    assert!(records.len() > 900, "{}", records.len());
    records.iter().for_each(|(subject, record)| assert_no_secret(&format!("{:?}", record.to_attributes()), subject));
    run.events.iter().for_each(|event| assert_no_secret(&event.detail().to_string(), "an event"));
    run.dead_letters.iter().for_each(|letter| assert_no_secret(&format!("{letter:?}"), "a dead letter"));
}

fn assert_foreign_roles_are_untouched(before: &Roles, after: &Roles) {
    let (before, after) = (foreign(before), foreign(after));
    assert!(before.len() > 15, "{}", before.len());
    assert!(before == after, "{:?} is not {:?}", before.keys(), after.keys());
}

#[test]
fn promise_8_apply_leaves_roles_of_others_unchanged() {
    assert_foreign_roles_are_untouched(&COMMAND_LINE.before, &COMMAND_LINE.after);
}

#[test]
fn promise_8_sweep_leaves_roles_of_others_unchanged() {
    assert_foreign_roles_are_untouched(&SWEEP.before, &SWEEP.after);
}

/// No event has arrived; the chunks of the sweep were reordered, and some were delivered twice.
#[test]
fn promise_9_sweep_loses_no_account() {
    let run = &*SWEEP;
    assert!(run.is_done, "no message is left");
    let mut onboarded = 0;
    for id in swept(run) {
        assert_onboarded(&run.after[id], id);
        onboarded += 1;
    }
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

#[test]
fn promise_10_every_kind_of_account_ends_as_expected_on_the_command_line() {
    let run = &*COMMAND_LINE;
    assert_outcomes(&run.world, |kind| kind.planned, |id| run.outcomes(id)[0].clone());
    assert_outcomes(&run.world, |kind| kind.applied, |id| run.outcomes(id)[1].clone());
    applied(run).for_each(|id| assert_onboarded(&run.after[id], id));
}

#[test]
fn promise_10_every_kind_of_account_ends_as_expected_in_a_sweep() {
    let run = &*SWEEP;
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

#[test]
fn promise_11_apply_removes_only_what_this_tool_owns_and_the_configuration_names() {
    assert_only_removed(&COMMAND_LINE.before, &COMMAND_LINE.after);
}

#[test]
fn promise_11_sweep_removes_only_what_this_tool_owns_and_the_configuration_names() {
    assert_only_removed(&SWEEP.before, &SWEEP.after);
}

#[test]
fn promise_12_no_quota_is_exceeded_in_steady_state() {
    let run = &*COMMAND_LINE;
    assert_eq!(run.again.throttled, 0);
    assert!(run.again.calls.iter().filter(|call| call.call == "organizations:DescribeAccount").count() > 850);
}
