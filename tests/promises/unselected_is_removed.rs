//! `on-unselect = "remove"`: what an earlier run made in an account is removed once its targets certainly do not select it, and nothing
//! else is.

use std::time::Duration;

use onboarding_core::last_result::Requirement;
use onboarding_core::limits::ROLE_VISIBLE;
use onboarding_core::lines::plain;
use onboarding_core::mode::Mode;
use onboarding_core::owner::OWNER_TAG;
use onboarding_core::plan::{Action, Proof};
use onboarding_core::report::{Detail, Report, plan_lines};
use onboarding_core::sweep_mode::SweepMode;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{FakeOrganization, Injection, Script};

use crate::common::{
    ACCESS, DISTINCT_INJECTIONS, IDENTITY, MANAGEMENT, NEW, OLD, OWN_ROLE, SECURITY_ROLE, Scenario, TRELICA_ROLE,
    can_assume, engine, faults_at, id, job, name, outcome_code, run, scripted_engine,
};
use crate::lambda::sweep;
use crate::registration::{KEY_PARAMETER, edit_tenant, far_future, unregistered};
use crate::targets::{SANDBOX, TAGS, WORKLOADS, apply, config, roles, trust_of_access_role, with_units};

const MINUTE: Duration = Duration::from_secs(60);
const REMOVE: &str = "{ organizational-units = ['Workloads'] }\non-unselect = 'remove'";
const ROLE_CALLS: [&str; 3] = ["iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:DeleteRole"];

/// A vendor, a role and a grant for the unit Workloads, which are removed from other accounts; and a vendor for every account.
fn removing() -> String {
    config(REMOVE, "", REMOVE, REMOVE)
}

/// The new account as it was onboarded in Workloads, long ago, after it was moved to Sandbox.
fn moved() -> FakeOrganization {
    let organization = with_units();
    assert_eq!(outcome_code(&apply(&organization, NEW, &removing())), "converged");
    assert_eq!(roles(&organization, NEW), [TRELICA_ROLE, SECURITY_ROLE, OWN_ROLE]);
    run(organization.sleep(2 * ROLE_VISIBLE));
    organization.place(&id(NEW), SANDBOX);
    organization.clear_journal();
    organization
}

/// Only the vendor that is for every account is left, the trust policy is as before, and the record says so.
fn assert_removed(organization: &FakeOrganization, what: &str) {
    assert_eq!(roles(organization, NEW), [SECURITY_ROLE], "{what}");
    assert!(!can_assume(organization, IDENTITY, NEW, ACCESS, None), "{what}");
    assert!(can_assume(organization, MANAGEMENT, NEW, ACCESS, None), "{what}");
    let record = organization.record(NEW);
    assert!(record.roles.keys().eq([&name(SECURITY_ROLE)]) && record.grants.is_empty(), "{what}: {record:?}");
    let requirements = record.result.expect("a result").requirements;
    let of = |role: &str| requirements[role];
    assert_eq!([of(TRELICA_ROLE), of(OWN_ROLE)], [Requirement::NotSelected; 2], "{what}");
    assert_eq!([of(SECURITY_ROLE), of(ACCESS)], [Requirement::Holds; 2], "{what}");
}

fn assert_second_run_makes_no_write(organization: &FakeOrganization, what: &str) {
    organization.clear_journal();
    let again = apply(organization, NEW, &removing());
    assert_eq!((outcome_code(&again).as_str(), organization.writes()), ("converged", Vec::new()), "{what}");
    assert!(again.unselected.is_empty() && again.notices.is_empty(), "{what}: {:?}", again.notices);
    assert!(again.proofs.iter().all(|proof| proof.expected != "removed"), "{what}: nothing is left to prove");
    let looks_for = |role: &str| organization.journal().iter().any(|call| call.role == Some(name(role)));
    assert!(!looks_for(TRELICA_ROLE) && !looks_for(OWN_ROLE), "{what}: nothing is left to look for");
}

fn calls(report: &Report) -> Vec<(&'static str, String)> {
    let mut calls: Vec<_> =
        report.changes.iter().map(|step| (step.change.call(), step.change.role.to_string())).collect();
    calls.sort();
    calls
}

#[test]
fn moved_account_loses_what_is_not_for_its_new_unit() {
    let organization = moved();
    let planned = run(engine(&organization, &removing()).plan(&job(&organization, NEW)));
    assert_eq!((outcome_code(&planned).as_str(), organization.writes()), ("waiting changes_pending", Vec::new()));
    insta::assert_snapshot!(plain(&plan_lines(&planned, Detail::Summary)), @"
    Account 444455556666 (payments-dev), ou-exam-sandboxx, via
    OrganizationAccountAccessRole

    Plan: 0 to add, 0 to change, 5 to remove

      - remove account 222233334444 from the trust policy of role
        `OrganizationAccountAccessRole`
          - trusts account 222233334444

      - delete policy `TrelicaIntegration` from role `TrelicaIntegration`
          allows iam:ListUsers on all resources
      - delete role `TrelicaIntegration` of Trelica (1Password SaaS Manager)
          - trusts account 377450845233 with an external ID (hidden)

      - detach arn:aws:iam::aws:policy/ReadOnlyAccess from role `app-deployer`
      - delete role `app-deployer`
          - trusts account 222233334444

    Who will be able to assume what (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444: the grant that is not
                                       for this account is removed
      ✓ Workload_Security_Role_Cross   Trend Micro Cloud One Workload Security, only
                                       with its external ID
      ✓ TrelicaIntegration             Trelica (1Password SaaS Manager): the role
                                       does not exist
      ✓ app-deployer                   app-deployer: the role does not exist

    In the console, once the changes are made
      switch role    https://signin.aws.amazon.com/switchrole?account=444455556666&roleName=OrganizationAccountAccessRole&displayName=payments-dev&color=fbc8aa

      not selected: TrelicaIntegration and app-deployer, whose `targets` do not
      select this account
    ");
    let drifting = organization.record(NEW).result.expect("a result").requirements;
    assert_eq!(drifting[TRELICA_ROLE], Requirement::Drift, "until it is removed, the status says so");
    assert!(planned.proofs_after.iter().all(Proof::is_proven), "{:?}", planned.proofs_after);

    organization.clear_journal();
    let applied = apply(&organization, NEW, &removing());
    assert_eq!(outcome_code(&applied), "converged");
    assert_eq!(calls(&planned), calls(&applied), "apply makes the changes that the plan shows");
    assert_removed(&organization, "applied");
    assert!(applied.handoffs.iter().all(|handoff| handoff.role != name(TRELICA_ROLE)));
    assert_second_run_makes_no_write(&organization, "applied");

    // In its first unit again, everything is made again.
    organization.place(&id(NEW), WORKLOADS);
    assert_eq!(outcome_code(&apply(&organization, NEW, &removing())), "converged");
    assert_eq!(roles(&organization, NEW), [TRELICA_ROLE, SECURITY_ROLE, OWN_ROLE]);
    assert!(can_assume(&organization, IDENTITY, NEW, ACCESS, None));
}

#[test]
fn events_about_the_unit_and_the_tags_and_a_sweep_remove() {
    let scenario = Scenario::in_organization(moved()).for_account(NEW).config(&removing());
    scenario.function().deliver(include_str!("../../events/move-account.json"), MINUTE);
    assert_removed(scenario.organization(), "MoveAccount");

    let scenario = Scenario::in_organization(moved()).for_account(NEW).config(&removing());
    let mut function = scenario.function();
    function.sweep_mode = SweepMode::Report { deployed_at: Some(scenario.organization().now()) };
    function.deliver(&sweep(), MINUTE);
    assert_eq!(scenario.organization().writes(), [], "a sweep that only reports");
    function.sweep_mode = SweepMode::Apply;
    function.deliver(&sweep(), MINUTE);
    assert_removed(scenario.organization(), "a sweep");

    let tagged = "{ tags = { env = 'prod' } }\non-unselect = 'remove'";
    let organization = with_units();
    organization.set_account_tags(&id(NEW), &[("env", "prod")]);
    let scenario =
        Scenario::in_organization(organization).for_account(NEW).config(&config(tagged, "", tagged, tagged)).apply();
    run(scenario.organization().sleep(2 * ROLE_VISIBLE));
    scenario.organization().set_account_tags(&id(NEW), &[("env", "dev")]);
    let scenario = scenario.assert_outcome("converged");
    scenario.function().deliver(include_str!("../../events/tag-resource.json"), MINUTE);
    assert_removed(scenario.organization(), "TagResource");
}

/// Neither a role nor a grant of an account that was never selected is read or written.
#[test]
fn account_that_was_never_selected_has_no_change_and_no_notice() {
    let organization = with_units();
    let before = organization.state();
    let report = apply(&organization, OLD, &removing());
    assert_eq!(outcome_code(&report), "converged");
    assert_eq!((roles(&organization, OLD), report.notices.len()), (vec![SECURITY_ROLE.to_owned()], 0));
    assert_eq!(trust_of_access_role(&organization, OLD), before[&id(OLD)][&name(ACCESS)].trust.0);
    let about = |role: &str| organization.journal().iter().any(|call| call.role == Some(name(role)));
    assert!(!about(TRELICA_ROLE) && !about(OWN_ROLE));
    assert!(report.proofs.iter().all(|proof| proof.expected != "removed"));
}

/// The same grant was made by an administrator, and a role of the same name was made by another tool.
#[test]
fn what_others_made_in_an_account_that_was_never_selected_stays() {
    let organization = moved();
    let state = organization.state()[&id(NEW)].clone();
    for role in [ACCESS, TRELICA_ROLE] {
        organization.put_role(&id(OLD), &name(role), state[&name(role)].clone());
    }
    let before = organization.state()[&id(OLD)].clone();
    assert_eq!(outcome_code(&apply(&organization, OLD, &removing())), "converged");
    let after = organization.state()[&id(OLD)].clone();
    for role in [ACCESS, TRELICA_ROLE] {
        assert_eq!(after[&name(role)], before[&name(role)], "{role}");
    }
}

#[test]
fn foreign_role_of_the_same_name_is_left_alone_and_the_record_forgets_its_own() {
    let organization = moved();
    let mut foreign = organization.role_state(&id(NEW), &name(TRELICA_ROLE)).expect("the role");
    foreign.settings.tags.remove(OWNER_TAG);
    organization.delete_role(&id(NEW), &name(TRELICA_ROLE));
    organization.put_role(&id(NEW), &name(TRELICA_ROLE), foreign.clone());
    let report = apply(&organization, NEW, &removing());
    assert_eq!(outcome_code(&report), "converged");
    assert_eq!(organization.role_state(&id(NEW), &name(TRELICA_ROLE)), Some(foreign));
    assert!(!organization.record(NEW).roles.contains_key(&name(TRELICA_ROLE)));
    assert_eq!(roles(&organization, NEW), [TRELICA_ROLE, SECURITY_ROLE], "everything else is removed");
}

/// The same role without its tag, and one in an instance profile: the account needs attention, and everything else is removed.
#[test]
fn role_that_cannot_be_removed_blocks_only_itself() {
    let organization = moved();
    let mut taken = organization.role_state(&id(NEW), &name(TRELICA_ROLE)).expect("the role");
    taken.settings.tags.insert(OWNER_TAG.to_owned(), "vendor/another".to_owned());
    organization.put_role(&id(NEW), &name(TRELICA_ROLE), taken);
    organization.add_to_instance_profile(&id(NEW), "web", &name(OWN_ROLE));
    let report = apply(&organization, NEW, &removing());
    let codes: Vec<_> = report.refusals.iter().map(|refusal| (refusal.role.as_str(), refusal.code.as_str())).collect();
    assert_eq!(codes, [(TRELICA_ROLE, "foreign_role"), (OWN_ROLE, "role_in_use")]);
    assert_eq!(roles(&organization, NEW), [TRELICA_ROLE, SECURITY_ROLE, OWN_ROLE]);
    assert!(!can_assume(&organization, IDENTITY, NEW, ACCESS, None));
    let requirements = organization.record(NEW).result.expect("a result").requirements;
    assert_eq!([requirements[TRELICA_ROLE], requirements[OWN_ROLE]], [Requirement::Blocked; 2]);
    organization.remove_instance_profile(&id(NEW), "web");
    apply(&organization, NEW, &removing());
    assert_eq!(roles(&organization, NEW), [TRELICA_ROLE, SECURITY_ROLE]);
}

#[test]
fn nothing_is_removed_while_the_selection_is_not_known() {
    let organization = moved();
    let state = organization.state();
    organization.clear_ou_path(&id(NEW));
    assert_eq!(outcome_code(&apply(&organization, NEW, &removing())), "waiting not_propagated");
    organization.place(&id(NEW), SANDBOX);
    let typo = removing().replace("'Workloads'", "'Worklaods'");
    assert_eq!(outcome_code(&apply(&organization, NEW, &typo)), "blocked configuration");
    let tagged = "{ tags = { env = 'prod' } }\non-unselect = 'remove'";
    let script = Script::during(0, 1000, Injection::AccessDenied).only(TAGS);
    let denied = scripted_engine(&organization, &script, &config(tagged, "", tagged, tagged));
    assert_eq!(outcome_code(&run(denied.apply(&job(&organization, NEW)))), "blocked own_permission_missing");
    assert_eq!((organization.writes(), organization.state() == state), (Vec::new(), true));
}

/// The ID of a unit that does not exist selects no account. It may be mistyped, so that nothing is removed because of it.
#[test]
fn mistyped_id_of_a_unit_removes_nothing() {
    let by_id = |unit: &str| removing().replace("'Workloads'", &format!("'{unit}'"));
    let organization = moved();
    organization.place(&id(NEW), WORKLOADS);
    let before = roles(&organization, NEW);
    let report = apply(&organization, NEW, &by_id("ou-exam-mistyped"));
    assert_eq!(outcome_code(&report), "blocked configuration");
    let problems: Vec<_> = report.refusals.iter().map(|refusal| refusal.message.clone()).collect();
    assert!(problems.iter().all(|problem| problem.contains("no unit `ou-exam-mistyped`")), "{problems:?}");
    assert_eq!((roles(&organization, NEW), organization.writes()), (before, Vec::new()));
    assert!(can_assume(&organization, IDENTITY, NEW, ACCESS, None));

    // A unit that exists is taken at its word.
    organization.clear_journal();
    assert_eq!(outcome_code(&apply(&organization, NEW, &by_id(SANDBOX))), "converged");
    assert_removed(&organization, "the targets are another unit");
    let listed =
        organization.journal().iter().filter(|c| c.call == "organizations:ListOrganizationalUnitsForParent").count();
    assert_eq!(listed, 1, "one call shows that the unit exists");
}

#[test]
fn nothing_is_removed_that_no_record_knows() {
    let organization = moved();
    let state = organization.state();
    organization.put_record(NEW, &onboarding_core::record::Record::default());
    let report = apply(&organization, NEW, &removing());
    assert_eq!((outcome_code(&report).as_str(), organization.writes()), ("converged", Vec::new()));
    assert!(organization.state() == state);
}

/// `keep` is the default: a part that is no longer selected is reported, also next to parts that are removed.
#[test]
fn part_without_on_unselect_is_kept_and_reported() {
    let organization = moved();
    let kept = "{ organizational-units = ['Workloads'] }";
    let report = apply(&organization, NEW, &config(kept, "", REMOVE, kept));
    assert_eq!(outcome_code(&report), "converged");
    assert_eq!((report.unselected.clone(), report.notices.len()), ([name(TRELICA_ROLE)].into(), 2), "{report:?}");
    assert_eq!(roles(&organization, NEW), [TRELICA_ROLE, SECURITY_ROLE]);
    assert!(can_assume(&organization, IDENTITY, NEW, ACCESS, None));
}

#[test]
fn principal_of_a_grant_that_is_still_selected_keeps_its_access() {
    let other =
        format!("[[access-role.grant]]\nprincipal = ['{IDENTITY}', 'arn:aws:iam::{IDENTITY}:role/app-pipeline']\n");
    let shared = format!("{}{other}", removing());
    let organization = with_units();
    assert_eq!(outcome_code(&apply(&organization, NEW, &shared)), "converged");
    let trust = trust_of_access_role(&organization, NEW);
    organization.place(&id(NEW), SANDBOX);
    assert_eq!(outcome_code(&apply(&organization, NEW, &shared)), "converged");
    assert_eq!(trust_of_access_role(&organization, NEW), trust, "two blocks had the grant");
    // Without the other block, only that grant goes.
    let narrowed = shared.replace(&format!("['{IDENTITY}', "), "[");
    assert_eq!(outcome_code(&apply(&organization, NEW, &narrowed)), "converged");
    assert!(!can_assume(&organization, IDENTITY, NEW, ACCESS, None));
    assert!(trust_of_access_role(&organization, NEW).contains(":role/app-pipeline"));
}

/// A principal that an administrator added, and statements that the configuration does not name, stay byte for byte.
#[test]
fn principals_of_others_stay() {
    let organization = moved();
    let role = organization.role_state(&id(NEW), &name(ACCESS)).expect("the access role");
    let own = format!(
        "\"Statement\":[{{\"Sid\":\"Own\",\"Effect\":\"Allow\",\"Principal\":{{\"AWS\":[\"arn:aws:iam::{IDENTITY}:root\",\
         \"arn:aws:iam::{OLD}:root\"]}},\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"]}},"
    );
    let mut edited = role;
    edited.trust.0 = edited.trust.0.replace("\"Statement\":[", &own);
    organization.put_role(&id(NEW), &name(ACCESS), edited);
    let report = apply(&organization, NEW, &removing());
    assert_eq!(outcome_code(&report), "converged");
    let trust = trust_of_access_role(&organization, NEW);
    assert!(trust.contains(&own) && trust.matches(IDENTITY).count() == 1, "{trust}");
}

#[test]
fn management_account_keeps_its_access() {
    let own = config("", "", "", REMOVE)
        .replace("principal = '222233334444'\ntargets", &format!("principal = '{MANAGEMENT}'\ntargets"));
    let organization = with_units();
    assert_eq!(outcome_code(&apply(&organization, NEW, &own)), "converged");
    let trust = trust_of_access_role(&organization, NEW);
    organization.place(&id(NEW), SANDBOX);
    assert_eq!(outcome_code(&apply(&organization, NEW, &own)), "blocked configuration");
    assert_eq!(trust_of_access_role(&organization, NEW), trust);
}

/// The access role trusts two roles of the management account, and this tool acts through one of them.
#[test]
fn role_through_which_the_tool_acts_keeps_its_access() {
    let [own, other] = ["account-onboarding", "admin"].map(|role| format!("arn:aws:iam::{MANAGEMENT}:role/{role}"));
    let config = config("", "", "", REMOVE)
        .replace("principal = '222233334444'\ntargets", &format!("principal = '{own}'\ntargets"));
    let organization = with_units().with_identity(&other);
    let both = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":["{own}","{other}"]}},"Action":"sts:AssumeRole"}}]}}"#
    );
    organization.set_trust(&id(NEW), &name(ACCESS), &both);
    assert_eq!(outcome_code(&apply(&organization, NEW, &config)), "converged");
    let trust = trust_of_access_role(&organization, NEW);
    organization.place(&id(NEW), SANDBOX);
    let report = apply(&organization, NEW, &config);
    assert_eq!(outcome_code(&report), "blocked configuration");
    insta::assert_snapshot!(report.cause.expect("a cause").to_string(), @r#"the removal of a grant whose targets no longer select this account would take away the access with which this tool, as `arn:aws:sts::111122223333:assumed-role/account-onboarding/session`, assumes role `OrganizationAccountAccessRole`, and this tool could no longer repair the account; set `on-unselect` of that `[[access-role.grant]]` to "keep", or change its `targets`, then run again"#);
    assert_eq!(trust_of_access_role(&organization, NEW), trust);
}

#[test]
fn fault_or_crash_at_any_call_and_a_second_run_give_the_same_end() {
    let scenario = || Scenario::in_organization(moved()).for_account(NEW).config(&removing());
    let fault_free = Script::none();
    assert_removed(scenario().apply_with_faults(&fault_free).organization(), "without a fault");
    let calls = fault_free.calls();
    assert_eq!(calls.iter().filter(|call| **call == "iam:DeleteRole").count(), 2);
    for fault in faults_at(&calls, |_, _| &DISTINCT_INJECTIONS) {
        let what = fault.to_string();
        let scenario = scenario().apply_with_faults(&fault.script());
        // A message is redelivered only after the lease of a crashed run has expired.
        let scenario = scenario.after(Duration::from_secs(1200)).apply_with_faults(&Script::none());
        assert_eq!(scenario.outcome_code(), "converged", "{what}");
        assert_removed(scenario.organization(), &what);
        assert_second_run_makes_no_write(scenario.organization(), &what);
    }
}

/// A plan that was shown before the account left its unit is not applied.
#[test]
fn plan_that_was_shown_before_the_move_is_not_applied() {
    let organization = moved();
    organization.place(&id(NEW), WORKLOADS);
    let scenario = Scenario::in_organization(organization).for_account(NEW).config(&removing());
    let scenario = scenario.drift(OWN_ROLE, |role| role.policies.clear()).drift(OWN_ROLE, |role| role.attached.clear());
    let shown = scenario.plan();
    let planned = shown.changes();
    assert!(!planned.is_empty());
    shown.organization().place(&id(NEW), SANDBOX);
    shown.organization().clear_journal();
    let scenario = shown.apply_shown(planned);
    assert_eq!(scenario.outcome_code(), "blocked plan_changed");
    assert_eq!(scenario.writes(), []);
}

/// The registration that this tool made with the vendor is removed first.
#[test]
fn registration_is_removed_before_the_role() {
    let scenario = unregistered().apply().assert_registered().after(2 * ROLE_VISIBLE);
    let registered = crate::registration::registration_config();
    let unselected = format!("{registered}\n[vendors.workload-security.targets]\naccounts = [\"{OLD}\"]\n")
        .replace("[vendors.workload-security]\n", "[vendors.workload-security]\non-unselect = \"remove\"\n");
    assert!(unselected.contains(KEY_PARAMETER));
    scenario.organization().clear_journal();
    // While the vendor does not answer, the role stays.
    edit_tenant(scenario.organization(), |tenant| tenant.outage = Some((503, far_future())));
    let scenario = scenario.config(&unselected).apply().assert_outcome("waiting vendor_not_ready");
    assert_eq!((scenario.writes(), scenario.connectors().len()), (Vec::new(), 1));
    edit_tenant(scenario.organization(), |tenant| tenant.outage = None);
    let scenario = scenario.apply().assert_outcome("converged");
    let written: Vec<_> = scenario.writes().iter().map(|call| call.call).collect();
    assert_eq!(written, ["workload-security:DeleteAwsConnector", "iam:DeleteRolePolicy", "iam:DeleteRole"]);
    assert!(scenario.connectors().is_empty() && !scenario.roles().contains_key(&name(SECURITY_ROLE)));
    assert!(scenario.organization().record(NEW).registrations.is_empty());
    scenario.apply_again().assert_converged_without_writes();
}

#[test]
fn sessions_may_delete_only_where_a_role_is_removed() {
    let organization = moved();
    let deletes = |organization: &FakeOrganization| -> Vec<bool> {
        organization.assume_role_requests().iter().map(|request| request.policy.contains("iam:DeleteRole\"")).collect()
    };
    run(engine(&organization, &removing()).plan(&job(&organization, NEW)));
    assert!(!deletes(&organization).contains(&true), "a plan cannot delete");
    let report = apply(&organization, NEW, &removing());
    assert!(deletes(&organization).contains(&true));
    let is_removal = |action: &Action| matches!(action, Action::UpdateTrust { .. });
    let others = report.changes.iter().filter(|step| !is_removal(&step.change.action));
    assert!(others.clone().count() > 0 && others.clone().all(|step| ROLE_CALLS.contains(&step.change.call())));
    assert_eq!(report.mode, Mode::Apply);
    let earlier = organization.assume_role_requests().len();
    apply(&organization, NEW, &removing());
    assert!(!deletes(&organization)[earlier..].contains(&true), "it was removed");
}
