//! Promise 5: a run that is killed in the middle, and made again, leads to the same end state. The organization is smaller, and has
//! every kind of account.

use std::collections::BTreeMap;
use std::time::Duration;

use onboarding_core::account::AccountId;
use onboarding_core::policy::REVOCATION_POLICY;
use onboarding_core::role::RoleName;
use onboarding_core::selection::Selection;
use onboarding_engine::{Engine, Governed, select_accounts};
use onboarding_simulation::{Faulty, Injection, RoleState, Script};

use super::kinds::KINDS;
use super::runs::{DAY, Roles, apply, plan, queued};
use super::world::{CONFIG, World};
use crate::common::{config, fix_jitter, run};
use crate::lambda::sweep;
use crate::many_accounts::confirmed;

/// Enough for one account of each kind.
fn small() -> World {
    World::of(4 * (KINDS.len() + 1))
}

/// The roles of the accounts that converge. A killed run may revoke sessions which the other one need not revoke.
fn compared(world: &World, mut roles: Roles, converges: impl Fn(&super::Kind) -> bool) -> Roles {
    let kinds: BTreeMap<&AccountId, _> = world.members.iter().map(|member| (&member.id, member.kind)).collect();
    roles.retain(|id, _| kinds.get(id).is_some_and(|kind| converges(kind)));
    let without_revocation = |(name, mut role): (RoleName, RoleState)| {
        role.policies.remove(REVOCATION_POLICY);
        (name, role)
    };
    roles.into_iter().map(|(id, roles)| (id, roles.into_iter().map(without_revocation).collect())).collect()
}

/// Plans and applies, while a script injects a fault, and again without one. Returns the end state, and the number of calls of the
/// first apply.
fn apply_twice(script: impl Fn() -> Script) -> (Roles, usize) {
    let world = small();
    let plan_all = |script: &Script| {
        let engine = Engine::new(Governed::new(Faulty::new(world.organization.clone(), script)), config(CONFIG));
        let selected = run(select_accounts(&engine.world, &Selection::all(), &engine.config.excluded)).unwrap();
        let planned = plan(&engine, selected);
        (engine, planned)
    };
    fix_jitter();
    let (_, planned) = plan_all(&Script::none());
    let script = script();
    let faulty = Engine::new(Governed::new(Faulty::new(world.organization.clone(), &script)), config(CONFIG));
    apply(&faulty, confirmed(&planned));
    let calls = script.calls().len();
    // The leases of a killed run expire.
    run(onboarding_engine::ports::Clock::sleep(&world.organization, Duration::from_secs(1_300)));
    let (engine, planned) = plan_all(&Script::none());
    apply(&engine, confirmed(&planned));
    let state = world.organization.state();
    (compared(&world, state, |kind| kind.applied == "converged"), calls)
}

#[test]
fn promise_5_killed_apply_is_continued_by_the_same_command() {
    let (expected, calls) = apply_twice(Script::none);
    assert!(expected.len() > 150 && calls > 1_000, "{} accounts, {calls} calls", expected.len());
    for index in [calls / 3, calls * 3 / 4] {
        let (ended, _) = apply_twice(|| Script::at(index, Injection::CrashAfter));
        assert!(ended == expected, "killed at {index} of {calls}");
    }
}

/// The roles at the end of a sweep during whose chunks the function is killed, and the number of calls of its first process.
fn swept(script: Script) -> (Roles, usize) {
    let world = small();
    let function = queued(&world);
    function.process_with_faults(script.clone(), 3 * DAY);
    function.deliver(&sweep(), DAY);
    let state = world.organization.state();
    let is_swept = |kind: &super::Kind| kind.swept == "converged" && kind.planned != "not listed";
    (compared(&world, state, is_swept), script.calls().len())
}

#[test]
fn promise_5_function_that_is_killed_during_a_sweep_goes_on() {
    let (expected, calls) = swept(Script::none());
    assert!(expected.len() > 150 && calls > 1_000, "{} accounts, {calls} calls", expected.len());
    for index in [calls / 4, calls * 2 / 3] {
        let (ended, _) = swept(Script::at(index, Injection::CrashAfter));
        assert!(ended == expected, "killed at {index} of {calls}");
    }
}
