//! The change of an access role's trust policy can be undone: the policy is restored byte for byte where nothing else has changed
//! since, and left alone otherwise. An undo that is interrupted at any call leads to the same end when it is run again.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use onboarding_core::account::AccountState;
use onboarding_core::attributes::Attribute;
use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_core::plan::{Action, Change, ConfirmedPlan};
use onboarding_core::policy::{Document, MaskedPolicy};
use onboarding_core::record::attribute::TRUST_EDITS;
use onboarding_core::report::{ChangeStatus, Report};
use onboarding_core::undo::{RecordedTrustEdit, RecordedTrustEdits};
use onboarding_engine::Job;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{ControlPolicy, FakeOrganization, Injection, Lag, Script};

use crate::common::{
    ACCESS, CONFIG, DISTINCT_INJECTIONS, IDENTITY, MANAGEMENT, NEW, OLD, Scenario, can_assume, engine, faults_at,
    fix_jitter, id, job, name, outcome_code, run, scripted_engine,
};
use crate::lambda::account_created;

const MINUTE: Duration = Duration::from_secs(60);

/// The trust policy of an access role that several others have edited, with an external ID of one of them.
const EDITED: &str = r#"{"Version":"2012-10-17","Id":"edited","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"},{"Sid":"Audit","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::377450845233:root"},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"sts:ExternalId":"s3cret-of-another"}}}]}"#;

fn trust(organization: &FakeOrganization, account: &str) -> String {
    organization.role_state(&id(account), &name(ACCESS)).expect("the access role").trust.0
}

fn edits(organization: &FakeOrganization, account: &str) -> Vec<RecordedTrustEdit> {
    organization.record(account).trust_edits.iter().cloned().collect()
}

/// The established account with [`EDITED`], onboarded.
fn onboarded() -> Scenario {
    let scenario = Scenario::new().with_trust_policy(ACCESS, EDITED).apply().assert_outcome("converged");
    assert_ne!(trust(scenario.organization(), OLD), EDITED);
    scenario.organization().clear_journal();
    scenario
}

fn undo(scenario: &Scenario, undone: Option<&str>) -> Report {
    run(scenario.engine().undo(&scenario.job(), undone))
}

fn message(report: &Report) -> String {
    report.cause.as_ref().map(|cause| cause.message.clone()).unwrap_or_default()
}

#[test]
fn record_that_cannot_be_read_is_not_an_empty_one() {
    let scenario = onboarded();
    let script = Script::during(0, usize::MAX, Injection::AccessDenied).only("dynamodb:GetItem");
    let engine = scripted_engine(scenario.organization(), &script, CONFIG);
    for report in [run(engine.plan_undo(&scenario.job(), None)), run(engine.undo(&scenario.job(), None))] {
        assert_eq!(outcome_code(&report), "blocked undo_refused");
        assert_eq!(
            message(&report),
            "the record of the account could not be read, so what the trust policy was is not known"
        );
    }
    assert!(scenario.writes().is_empty());
}

#[test]
fn trust_policy_is_restored_byte_for_byte() {
    let scenario = onboarded();
    let left = trust(scenario.organization(), OLD);
    let plan = run(scenario.engine().plan_undo(&scenario.job(), None));
    assert_eq!(outcome_code(&plan), "waiting changes_pending");
    assert_eq!((plan.changes.len(), plan.calls.writes), (1, 0));
    assert_eq!(trust(scenario.organization(), OLD), left, "a plan changes nothing");

    let confirmed = ConfirmedPlan::Exact(plan.changes.iter().map(|result| result.change.clone()).collect());
    let report = run(scenario.engine().undo(&Job { confirmed_plan: Some(confirmed), ..scenario.job() }, None));
    assert_eq!(outcome_code(&report), "converged");
    assert_eq!(report.changes.iter().map(|result| &result.status).collect::<Vec<_>>(), [&ChangeStatus::Done]);
    assert_eq!(trust(scenario.organization(), OLD), EDITED);
    let calls: Vec<_> = scenario.writes().iter().map(|call| call.call).collect();
    assert_eq!(calls, ["iam:UpdateAssumeRolePolicy"]);
    assert_eq!(scenario.organization().leases(), []);
    assert!(!can_assume(scenario.organization(), IDENTITY, OLD, ACCESS, None));
    assert!(can_assume(scenario.organization(), MANAGEMENT, OLD, ACCESS, None));
}

#[test]
fn new_account_of_the_function_can_be_undone() {
    let scenario = Scenario::new().with_new_account();
    let before = trust(scenario.organization(), NEW);
    let function = scenario.function();
    function.deliver(&account_created(&id(NEW)), MINUTE);
    let recorded = edits(scenario.organization(), NEW);
    assert_eq!(recorded.len(), 1);
    assert!(recorded[0].seen && recorded[0].undoes.is_none());
    assert_eq!(recorded[0].before.as_str(), before);
    assert_eq!(recorded[0].after.as_str(), trust(scenario.organization(), NEW));
    let result = scenario.organization().record(NEW).result;

    let report = undo(&scenario, Some(&recorded[0].run));
    assert_eq!(outcome_code(&report), "converged");
    assert_eq!(trust(scenario.organization(), NEW), before);
    assert_eq!(scenario.organization().record(NEW).result, result, "an undo is not a result of the configuration");
}

#[test]
fn warnings_name_the_sessions_and_the_next_sweep() {
    let scenario = onboarded();
    let plan = run(scenario.engine().plan_undo(&scenario.job(), None));
    insta::assert_snapshot!(plan.notices.join("\n"), @r#"
    sessions of role `OrganizationAccountAccessRole` that were issued before are not revoked: they last up to 60 minutes
    the next sweep or `apply` adds the configured grants again; to prevent that, remove them from `[[access-role.grant]]`, or add "333344445555" to `exclude` in `[accounts]`, and push the configuration first
    "#);
    // The account is excluded before, so that no sweep makes the change again.
    let excluding = CONFIG.replace("\"999988887777\"", &format!("\"{OLD}\""));
    let scenario = scenario.config(&excluding);
    let report = undo(&scenario, None);
    assert_eq!((outcome_code(&report).as_str(), report.notices.len()), ("converged", 1), "{:?}", report.notices);
    assert_eq!(trust(scenario.organization(), OLD), EDITED);
    let scenario = scenario.apply().assert_outcome("ignored excluded");
    assert_eq!(trust(scenario.organization(), OLD), EDITED);
}

#[test]
fn undo_is_recorded_and_can_be_undone() {
    let scenario = onboarded();
    let left = trust(scenario.organization(), OLD);
    let first = edits(scenario.organization(), OLD)[0].run.clone();
    assert_eq!(outcome_code(&undo(&scenario, None)), "converged");
    let recorded = edits(scenario.organization(), OLD);
    assert_eq!(recorded.len(), 2);
    assert_eq!((recorded[1].undoes.as_deref(), recorded[1].seen), (Some(first.as_str()), true));

    scenario.organization().clear_journal();
    let again = undo(&scenario, None);
    assert_eq!((outcome_code(&again).as_str(), again.changes.len()), ("converged", 0), "it is undone already");
    assert_eq!(scenario.writes(), []);
    assert_eq!(edits(scenario.organization(), OLD), recorded);

    assert_eq!(outcome_code(&undo(&scenario, Some(&recorded[1].run))), "converged");
    assert_eq!(trust(scenario.organization(), OLD), left);
}

#[test]
fn runs_are_undone_one_after_the_other() {
    let with_ci = CONFIG.replacen(
        "[accounts]",
        "[[access-role.grant]]\nprincipal = \"arn:aws:iam::222233334444:role/app-pipeline\"\n\n[accounts]",
        1,
    );
    let scenario = onboarded();
    let between = trust(scenario.organization(), OLD);
    let scenario = scenario.after(MINUTE).config(&with_ci).apply().assert_outcome("converged");
    let runs: Vec<_> = edits(scenario.organization(), OLD).into_iter().map(|edit| edit.run).collect();
    let refused = undo(&scenario, Some(&runs[0]));
    assert_eq!(outcome_code(&refused), "blocked undo_refused");
    assert!(message(&refused).starts_with(&format!("run `{}` changed the trust policy", runs[1])), "{refused:?}");

    assert_eq!(outcome_code(&undo(&scenario, None)), "converged");
    assert_eq!(trust(scenario.organization(), OLD), between);
    assert_eq!(outcome_code(&undo(&scenario, Some(&runs[0]))), "converged");
    assert_eq!(trust(scenario.organization(), OLD), EDITED);
}

/// Everything that another principal may have changed since.
#[test]
fn account_that_changed_since_is_left_alone() {
    let others = |scenario: &Scenario| {
        let left = trust(scenario.organization(), OLD);
        left.replace(
            "\"arn:aws:iam::222233334444:root\"",
            "\"arn:aws:iam::222233334444:root\",\"arn:aws:iam::147995105371:root\"",
        )
    };
    let mut messages = Vec::new();
    for change in ["principal", "white space", "created again", "deleted", "not readable"] {
        let scenario = onboarded();
        let organization = scenario.organization();
        let edited = match change {
            "principal" => others(&scenario),
            "white space" => trust(organization, OLD).replace(":{", ": {"),
            "not readable" => "{}".to_owned(),
            _ => trust(organization, OLD),
        };
        organization.set_trust(&id(OLD), &name(ACCESS), &edited);
        if change == "created again" {
            let role = organization.role_state(&id(OLD), &name(ACCESS)).unwrap();
            organization.delete_role(&id(OLD), &name(ACCESS));
            organization.put_role(&id(OLD), &name(ACCESS), role);
        }
        if change == "deleted" {
            organization.delete_role(&id(OLD), &name(ACCESS));
        }
        let before = organization.state();
        let report = undo(&scenario, None);
        assert_eq!(report.outcome.as_str(), "blocked", "{change}: {report:?}");
        assert_eq!((organization.state() == before, scenario.writes().len()), (true, 0), "{change}");
        assert_eq!(organization.leases(), []);
        let undone = report.undo.as_ref().map_or("no run".to_owned(), |undone| format!("`{}`", undone.run));
        messages.push(format!("{change}: {}", message(&report)).replace(&undone, "RUN"));
    }
    insta::assert_snapshot!(messages.join("\n"), @"
    principal: the trust policy of role `OrganizationAccountAccessRole` was changed since run RUN (2026-11-18T11:06:40Z): `147995105371` was added
    white space: the trust policy of role `OrganizationAccountAccessRole` was changed since run RUN (2026-11-18T11:06:40Z): the same principals are written in another way
    created again: role `OrganizationAccountAccessRole` was deleted and created again since run RUN: its unique ID is AROA7ATMIBN62ZH3WHADD, and was AROASOTMIBN63ZH3GBHDD
    deleted: account 333344445555 was created in this organization with an access role, and cannot be accessed: AssumeRole was denied for `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole
    not readable: account 333344445555 was created in this organization with an access role, and cannot be accessed: AssumeRole was denied for `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole
    ");
}

#[test]
fn management_account_and_accounts_outside_are_never_touched() {
    let scenario = onboarded();
    for (account, expected) in [(MANAGEMENT, "ignored management_account"), ("999988887777", "blocked not_a_member")] {
        let report = run(scenario.engine().undo(&job(scenario.organization(), account), None));
        assert_eq!(outcome_code(&report), expected);
    }
    let scenario = scenario.with_account_state(AccountState::Suspended);
    assert_eq!(outcome_code(&undo(&scenario, None)), "blocked account_not_active");
    assert_eq!(scenario.writes(), []);
}

/// The policy from before the run names only the identity account, and the management account was added.
#[test]
fn management_account_is_not_locked_out() {
    let scenario = onboarded();
    let locked = EDITED.replace("111122223333", IDENTITY);
    let edit = edits(scenario.organization(), OLD).remove(0);
    let stored = MaskedPolicy::new(&locked).unwrap();
    let edits = RecordedTrustEdits::default().with(RecordedTrustEdit { before: stored, ..edit });
    scenario.organization().put_attribute(OLD, TRUST_EDITS, Attribute::Map(edits.to_map()));
    let report = undo(&scenario, None);
    assert_eq!(outcome_code(&report), "blocked undo_refused");
    assert!(message(&report).contains("the management account 111122223333 could not assume role"), "{report:?}");
    assert_eq!(scenario.writes(), []);
}

#[test]
fn external_ids_of_others_are_not_in_the_record_or_the_report() {
    let scenario = onboarded();
    let report = undo(&scenario, None);
    let item = scenario.organization().record(OLD).to_attributes();
    let shown = format!("{item:?} {report:?} {}", serde_json::to_string(&report).unwrap());
    assert!(shown.contains("external ID sha256:") && !shown.contains("s3cret-of-another"), "{shown}");
}

#[test]
fn run_without_an_edit_records_none() {
    let scenario = onboarded().apply_again().assert_converged_without_writes();
    assert_eq!(edits(scenario.organization(), OLD).len(), 1);
    // The change is denied, so that nothing is left to undo.
    let scenario = Scenario::new().with_trust_policy(ACCESS, EDITED).with_denial(
        ControlPolicy::Service,
        "iam:UpdateAssumeRolePolicy",
        ACCESS,
    );
    let scenario = scenario.apply().assert_outcome("blocked control_policy_denies");
    assert_eq!(edits(scenario.organization(), OLD), []);
    assert_eq!(outcome_code(&undo(&scenario, None)), "blocked undo_refused");
}

#[test]
fn undo_waits_for_a_run_that_holds_the_lease() {
    let scenario = onboarded().with_lease("another", 5 * MINUTE);
    let start = scenario.organization().now();
    let report = undo(&scenario, None);
    assert_eq!(outcome_code(&report), "converged");
    assert!(scenario.organization().now() >= start + 5 * MINUTE);
    let scenario = onboarded().with_lease("another", 19 * MINUTE);
    assert_eq!(outcome_code(&undo(&scenario, None)), "waiting lease_held");
    assert_eq!(scenario.writes(), []);
}

/// Another run changes the policy after the plan was shown.
#[test]
fn only_the_change_that_was_shown_is_made() {
    let scenario = onboarded();
    let action = Action::UpdateTrust { before: None, after: Document::parse(EDITED).unwrap() };
    let other = vec![Change { role: name(ACCESS), action }];
    let report =
        run(scenario.engine().undo(&Job { confirmed_plan: Some(ConfirmedPlan::Exact(other)), ..scenario.job() }, None));
    assert_eq!(outcome_code(&report), "blocked plan_changed");
    assert_eq!(scenario.writes(), []);
}

#[test]
fn undo_ends_when_iam_shows_the_restored_policy() {
    let scenario = onboarded().with_read_lag(Lag { reads: 2, time: Duration::from_secs(8) });
    let start = scenario.organization().now();
    assert_eq!(outcome_code(&undo(&scenario, None)), "converged");
    assert!(scenario.organization().now() >= start + Duration::from_secs(8));
    assert_eq!(scenario.writes().len(), 1, "it is not written again");
}

/// The calls of one undo.
fn calls_of_one_undo() -> Vec<&'static str> {
    let scenario = onboarded();
    let script = Script::none();
    fix_jitter();
    let report = run(scripted_engine(scenario.organization(), &script, CONFIG).undo(&scenario.job(), None));
    assert_eq!(outcome_code(&report), "converged");
    script.calls()
}

#[test]
fn interrupted_undo_ends_in_the_same_state_when_it_is_run_again() {
    let calls = calls_of_one_undo();
    assert!(calls.contains(&"iam:UpdateAssumeRolePolicy") && calls.len() >= 8, "{calls:?}");
    for fault in faults_at(&calls, |_, _| &DISTINCT_INJECTIONS) {
        let scenario = onboarded();
        fix_jitter();
        let script = fault.script();
        let engine = scripted_engine(scenario.organization(), &script, CONFIG);
        let interrupted = run(engine.undo(&scenario.job(), None));
        if outcome_code(&interrupted) == "converged" {
            assert_eq!(trust(scenario.organization(), OLD), EDITED, "{fault}");
        }
        // A killed run leaves its lease, which expires.
        let scenario = scenario.after(30 * MINUTE);
        let report = undo(&scenario, None);
        assert_eq!(outcome_code(&report), "converged", "{fault}: {report:?}");
        assert_eq!(trust(scenario.organization(), OLD), EDITED, "{fault}");
        assert_eq!(scenario.organization().leases(), [], "{fault}");
        let writes = scenario.writes();
        let made = writes.iter().filter(|call| call.call == "iam:UpdateAssumeRolePolicy").count();
        assert!((1..=2).contains(&made), "{fault}: {writes:?}");
    }
}

/// Whatever interrupts the run that is undone: the policy from before can be restored if it was changed.
#[test]
fn change_of_an_interrupted_run_can_be_undone() {
    let start = || Scenario::new().with_trust_policy(ACCESS, EDITED);
    let script = Script::none();
    fix_jitter();
    let scenario = start();
    run(scripted_engine(scenario.organization(), &script, CONFIG).apply(&scenario.job()));
    let calls = script.calls();
    let mut undone = 0;
    for fault in faults_at(&calls, |_, _| &[Injection::CrashBefore, Injection::CrashAfter]) {
        let scenario = start();
        fix_jitter();
        let script = fault.script();
        let engine = scripted_engine(scenario.organization(), &script, CONFIG);
        run(engine.apply(&scenario.job()));
        let is_changed = trust(scenario.organization(), OLD) != EDITED;
        let scenario = scenario.after(30 * MINUTE);
        let report = undo(&scenario, None);
        assert_eq!(trust(scenario.organization(), OLD), EDITED, "{fault}: {report:?}");
        if is_changed {
            assert_eq!(outcome_code(&report), "converged", "{fault}");
            undone += 1;
        }
        // The account is onboarded as usual afterwards.
        let scenario = scenario.apply().assert_outcome("converged");
        assert!(edits(scenario.organization(), OLD).last().is_some_and(|edit| edit.seen), "{fault}");
    }
    assert!(undone >= 5, "{undone}");
}

/// The table does not accept the edit: the account is onboarded, and the report says what is missing.
#[test]
fn run_goes_on_if_the_edit_cannot_be_recorded() {
    let scenario = Scenario::new().with_trust_policy(ACCESS, EDITED);
    let is_ahead = AtomicU32::new(0);
    let script = Script::intercepting(move |call, _| {
        // The first write acquires the lease.
        let is_second = call == "dynamodb:UpdateItem" && is_ahead.fetch_add(1, Ordering::Relaxed) == 1;
        is_second.then(|| ApiError::new("dynamodb:UpdateItem", "ValidationException", "too large"))
    });
    let report = run(scripted_engine(scenario.organization(), &script, CONFIG).apply(&scenario.job()));
    assert_eq!(outcome_code(&report), "converged");
    let notice = report.notices.iter().find(|notice| notice.contains("`onboard undo` cannot restore it"));
    assert!(notice.is_some_and(|notice| notice.contains("ValidationException")), "{:?}", report.notices);
    assert_eq!(edits(scenario.organization(), OLD), []);
}

/// Another run takes the lease over right before the policy is changed: this one stops and does not write.
#[test]
fn policy_is_not_changed_by_a_run_that_lost_its_lease() {
    let scenario = Scenario::new().with_trust_policy(ACCESS, EDITED);
    let organization = scenario.organization().clone();
    let count = AtomicU32::new(0);
    let script = Script::intercepting(move |call, _| {
        if call == "dynamodb:UpdateItem" && count.fetch_add(1, Ordering::Relaxed) == 1 {
            let expires_at = organization.now() + 19 * MINUTE;
            organization.put_lease(&id(OLD), &Lease { owner: "another".to_owned(), expires_at });
        }
        None
    });
    let report = run(scripted_engine(scenario.organization(), &script, CONFIG).apply(&scenario.job()));
    assert_eq!(outcome_code(&report), "waiting lease_held");
    assert_eq!(trust(scenario.organization(), OLD), EDITED);
}

#[test]
fn undo_needs_the_records() {
    let organization = crate::common::organization().without_records();
    let report = run(engine(&organization, CONFIG).undo(&job(&organization, OLD), None));
    assert_eq!(outcome_code(&report), "blocked undo_refused");
    let scenario = onboarded().without_record();
    let report = undo(&scenario, None);
    assert_eq!(outcome_code(&report), "blocked undo_refused");
    assert_eq!(scenario.writes(), []);
}
