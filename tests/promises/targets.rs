//! Targets: a grant, a vendor or a role reaches the accounts that its targets select, and no other. What is not known about an
//! account is waited for, and changes nothing.

use onboarding_core::last_result::Requirement;
use onboarding_core::report::Report;
use onboarding_simulation::{FakeOrganization, Injection, Script};

use crate::common::{
    ACCESS, NEW, OLD, OWN_ROLE, SECURITY_ROLE, Scenario, TRELICA_ROLE, create_account, engine, id, job, name,
    organization, outcome_code, run, scripted_engine,
};

pub(crate) const WORKLOADS: &str = "ou-exam-workload";
pub(crate) const PRODUCTION: &str = "ou-exam-workprod";
pub(crate) const SANDBOX: &str = "ou-exam-sandboxx";

/// Workloads with Production in it, and Sandbox. The new account is in Production, and the established one in Sandbox.
pub(crate) fn with_units() -> FakeOrganization {
    let organization = organization()
        .with_unit(WORKLOADS, "Workloads", "r-exam")
        .with_unit(PRODUCTION, "Production", WORKLOADS)
        .with_unit(SANDBOX, "Sandbox", "r-exam");
    create_account(&organization, Default::default());
    organization.place(&id(NEW), PRODUCTION);
    organization.place(&id(OLD), SANDBOX);
    organization
}

/// A configuration with two vendors, a role and a grant, each with these targets.
pub(crate) fn config(trelica: &str, security: &str, role: &str, grant: &str) -> String {
    let targets = |text: &str| if text.is_empty() { String::new() } else { format!("targets = {text}\n") };
    format!(
        "[[access-role.grant]]\nprincipal = '222233334444'\n{}\
         [vendors.trelica]\nexternal-id = 's3cret/of:trelica'\npermissions = ['iam']\n{}\
         [vendors.workload-security]\nexternal-id = 's3cret-of-workload-security'\n{}\
         [[role]]\nname = 'app-deployer'\nmanaged-policies = ['arn:{{partition}}:iam::aws:policy/ReadOnlyAccess']\n{}\
         [[role.trust]]\nprincipal = '222233334444'\n",
        targets(grant),
        targets(trelica),
        targets(security),
        targets(role)
    )
}

/// A configuration whose vendor Trelica has these targets; everything else is for every account.
fn trelica(targets: &str) -> String {
    config(targets, "", "", "")
}

pub(crate) fn apply(organization: &FakeOrganization, account: &str, config: &str) -> Report {
    run(engine(organization, config).apply(&job(organization, account)))
}

/// The roles of an account, without its access role.
pub(crate) fn roles(organization: &FakeOrganization, account: &str) -> Vec<String> {
    let roles = organization.state().remove(&id(account)).unwrap_or_default();
    roles.into_keys().map(|role| role.to_string()).filter(|role| role != ACCESS).collect()
}

pub(crate) fn trust_of_access_role(organization: &FakeOrganization, account: &str) -> String {
    organization.role_state(&id(account), &name(ACCESS)).expect("the access role").trust.0
}

fn count(organization: &FakeOrganization, call: &str) -> usize {
    organization.journal().iter().filter(|entry| entry.call == call).count()
}

const UNITS: &str = "organizations:ListOrganizationalUnitsForParent";
pub(crate) const TAGS: &str = "organizations:ListTagsForResource";

#[test]
fn two_vendors_with_different_targets_are_each_installed_where_they_are_selected() {
    let organization = with_units();
    let config = config(
        "{ organizational-units = ['Workloads'] }",
        &format!("{{ organizational-units = ['{SANDBOX}'] }}"),
        "{ exclude = { organizational-units = ['Workloads/Production'] } }",
        &format!("{{ accounts = ['{NEW}'] }}"),
    );
    let before = trust_of_access_role(&organization, OLD);
    for account in [NEW, OLD] {
        let report = apply(&organization, account, &config);
        assert_eq!(outcome_code(&report), "converged", "{account}");
    }
    assert_eq!(roles(&organization, NEW), [TRELICA_ROLE], "Production is nested in Workloads");
    assert_eq!(roles(&organization, OLD), [SECURITY_ROLE, OWN_ROLE]);
    assert!(trust_of_access_role(&organization, NEW).contains("222233334444"));
    assert_eq!(trust_of_access_role(&organization, OLD), before, "the grant is for another account");
    // Again, nothing is written.
    organization.clear_journal();
    for account in [NEW, OLD] {
        assert_eq!(outcome_code(&apply(&organization, account, &config)), "converged");
    }
    assert_eq!(organization.writes(), []);
}

#[test]
fn what_is_not_selected_is_neither_read_nor_in_a_session_and_the_report_and_the_record_say_so() {
    let organization = with_units();
    let config = trelica(&format!("{{ organizational-units = ['{SANDBOX}'] }}"));
    let report = apply(&organization, NEW, &config);
    assert_eq!(outcome_code(&report), "converged");
    assert_eq!(report.not_selected, [name(TRELICA_ROLE)].into());
    assert!(report.unselected.is_empty() && report.notices.is_empty(), "{:?}", report.notices);
    assert!(report.proofs.iter().all(|proof| proof.role != name(TRELICA_ROLE)));
    assert!(organization.journal().iter().all(|entry| entry.role.as_ref() != Some(&name(TRELICA_ROLE))));
    let requests = organization.assume_role_requests();
    assert!(requests.iter().all(|request| !request.policy.contains(TRELICA_ROLE)));
    let requirements = organization.record(NEW).result.expect("a result").requirements;
    assert_eq!(requirements[TRELICA_ROLE], Requirement::NotSelected);
    assert_eq!(requirements[SECURITY_ROLE], Requirement::Holds);
    assert!(report.handoffs.iter().all(|handoff| handoff.role != name(TRELICA_ROLE)), "nothing to hand off");
    let listed = run(engine(&organization, &config).account_handoffs(&id(NEW))).unwrap();
    assert!(listed.iter().all(|one| one.handoff.role != name(TRELICA_ROLE)), "{listed:?}");
    // IDs of units and of accounts cost no call.
    assert_eq!((count(&organization, UNITS), count(&organization, TAGS)), (0, 0));
}

#[test]
fn moved_account_gets_what_its_new_unit_selects_and_keeps_and_reports_the_rest() {
    let organization = with_units();
    let config = config(
        "{ organizational-units = ['Workloads'] }",
        "{ organizational-units = ['Sandbox'] }",
        "",
        "{ organizational-units = ['Workloads'] }",
    );
    assert_eq!(outcome_code(&apply(&organization, NEW, &config)), "converged");
    assert_eq!(roles(&organization, NEW), [TRELICA_ROLE, OWN_ROLE]);
    let trust = trust_of_access_role(&organization, NEW);

    let moved = Scenario::in_organization(organization).for_account(NEW).config(&config);
    moved.organization().place(&id(NEW), SANDBOX);
    moved.organization().clear_journal();
    let function = moved.function();
    function.deliver(include_str!("../../events/move-account.json"), std::time::Duration::from_secs(60));
    let organization = function.organization();
    assert_eq!(roles(organization, NEW), [TRELICA_ROLE, SECURITY_ROLE, OWN_ROLE], "nothing is removed");
    assert_eq!(trust_of_access_role(organization, NEW), trust, "the grant is kept");
    let written: Vec<_> = organization.writes().into_iter().filter_map(|call| call.role).collect();
    assert!(written.iter().all(|role| *role == name(SECURITY_ROLE)), "{written:?}");

    let report = run(engine(organization, &config).plan(&job(organization, NEW)));
    assert_eq!(outcome_code(&report), "converged");
    assert_eq!((report.not_selected, report.unselected), ([name(TRELICA_ROLE)].into(), [name(TRELICA_ROLE)].into()));
    let role_id = organization.role_id(&id(NEW), &name(TRELICA_ROLE)).expect("the role").to_string();
    insta::assert_snapshot!(report.notices.join("\n").replace(&role_id, "ID"), @"
    role `TrelicaIntegration` (ID), which this tool created or took over, is still present and no longer selected for this account by its targets; delete it, or change its `targets`
    the grant for account 222233334444 on role `OrganizationAccountAccessRole` is still present and no longer selected for this account by its targets; remove it from the trust policy, or change its `targets`
    ");

    // Moved back, the role is managed as before.
    organization.place(&id(NEW), WORKLOADS);
    let report = apply(organization, NEW, &config);
    assert_eq!(outcome_code(&report), "converged");
    assert_eq!((report.not_selected, report.unselected), ([name(SECURITY_ROLE)].into(), [name(SECURITY_ROLE)].into()));
}

#[test]
fn unselected_role_that_was_deleted_is_no_longer_reported() {
    let organization = with_units();
    let config = trelica("{ organizational-units = ['Workloads'] }");
    apply(&organization, NEW, &config);
    organization.place(&id(NEW), SANDBOX);
    organization.delete_role(&id(NEW), &name(TRELICA_ROLE));
    let report = apply(&organization, NEW, &config);
    assert_eq!((outcome_code(&report).as_str(), report.unselected.len()), ("converged", 0));
}

/// The path is what Organizations returns for an account, and may be missing.
#[test]
fn part_for_units_waits_for_an_unknown_path_and_makes_no_write_and_the_rest_is_onboarded() {
    let organization = organization().with_unit(WORKLOADS, "Workloads", "r-exam");
    for targets in [
        format!("{{ organizational-units = ['{WORKLOADS}'] }}"),
        "{ organizational-units = ['Workloads'] }".to_owned(),
        format!("{{ exclude = {{ organizational-units = ['{WORKLOADS}'] }} }}"),
    ] {
        let before = trust_of_access_role(&organization, OLD);
        let report = apply(&organization, OLD, &config(&targets, "", &targets, &targets));
        assert_eq!(outcome_code(&report), "waiting not_propagated", "{targets}");
        assert_eq!(roles(&organization, OLD), [SECURITY_ROLE], "{targets}");
        assert_eq!(trust_of_access_role(&organization, OLD), before, "{targets}");
        assert!(report.not_selected.is_empty() && report.unselected.is_empty());
    }
    let report = apply(&organization, OLD, &trelica("{ organizational-units = ['Workloads'] }"));
    insta::assert_snapshot!(report.outcome, @"waiting (not_propagated): vendor/trelica: it is not known whether its targets select the account: Organizations did not return the organizational units of account 333344445555; no action needed: a message on the queue is retried automatically; otherwise run again later");
}

/// A role that is present is left as it is, whatever drifted, and is not reported as unselected.
#[test]
fn present_role_whose_targets_are_not_known_is_left_alone() {
    let organization = with_units();
    let config = config("{ organizational-units = ['Workloads'] }", "", "", "{ organizational-units = ['Workloads'] }");
    apply(&organization, NEW, &config);
    let path = organization.unit_of(&id(NEW));
    assert_eq!(path.as_deref(), Some(PRODUCTION));
    let drifted = organization.role_state(&id(NEW), &name(TRELICA_ROLE)).map(|mut role| {
        role.policies.clear();
        role
    });
    organization.put_role(&id(NEW), &name(TRELICA_ROLE), drifted.expect("the role"));
    organization.clear_ou_path(&id(NEW));
    organization.clear_journal();
    let report = apply(&organization, NEW, &config);
    assert_eq!(outcome_code(&report), "waiting not_propagated");
    assert_eq!(organization.writes(), []);
    assert!(report.unselected.is_empty() && report.notices.is_empty(), "{:?}", report.notices);
}

#[test]
fn unit_that_does_not_exist_blocks_what_depends_on_it_and_nothing_else() {
    let organization = with_units();
    let before = trust_of_access_role(&organization, NEW);
    let typo = "{ organizational-units = ['Worklaods/Production'] }";
    let report = apply(&organization, NEW, &config(typo, "", "", typo));
    assert_eq!(outcome_code(&report), "blocked configuration");
    assert_eq!(roles(&organization, NEW), [SECURITY_ROLE, OWN_ROLE]);
    assert_eq!(trust_of_access_role(&organization, NEW), before);
    let refusals: Vec<_> = report.refusals.iter().map(|refusal| format!("{}: {refusal}", refusal.role)).collect();
    insta::assert_snapshot!(refusals.join("\n"), @"
    TrelicaIntegration: vendor/trelica: it is not known whether its targets select the account: `Root` contains no unit `Worklaods`; did you mean `Workloads`?; correct `targets` in the configuration, or create the unit, then run again
    OrganizationAccountAccessRole: access-role: it is not known whether its targets select the account: `Root` contains no unit `Worklaods`; did you mean `Workloads`?; correct `targets` in the configuration, or create the unit, then run again
    ");
    // Where another target decides, the unit does not matter.
    let other = format!("{{ organizational-units = ['Worklaods'], accounts = ['{NEW}'] }}");
    assert_eq!(outcome_code(&apply(&organization, NEW, &trelica(&other))), "converged");
}

#[test]
fn tags_select_accounts_by_their_exact_values() {
    let organization = with_units();
    let hostile = "prod\u{202e}\" OR 1=1 {account-id} *";
    organization.set_account_tags(&id(NEW), &[("env", "prod"), ("team", "a"), ("note", hostile)]);
    organization.set_account_tags(&id(OLD), &[("env", "Prod"), ("Env", "prod"), ("env ", "prod"), ("note", "prod")]);
    let config = config(
        "{ tags = { env = ['prod', 'dev'], team = 'a' } }",
        "{ tags = { env = 'prod' } }",
        "{ tags = { note = 'prod' } }",
        "",
    );
    for account in [NEW, OLD] {
        let report = apply(&organization, account, &config);
        assert_eq!(outcome_code(&report), "converged");
        let printed = serde_json::to_string(&report).unwrap();
        assert!(!printed.contains("OR 1=1"), "values of tags are compared and never printed");
    }
    assert_eq!(roles(&organization, NEW), [TRELICA_ROLE, SECURITY_ROLE]);
    assert_eq!(roles(&organization, OLD), [OWN_ROLE]);
    assert_eq!(count(&organization, TAGS), 2, "once for each account");
}

#[test]
fn tags_and_names_are_read_only_if_an_answer_depends_on_them() {
    let organization = with_units();
    let by_account =
        format!("{{ accounts = ['{NEW}', '{OLD}'], organizational-units = ['Sandbox'], tags = {{ env = 'prod' }} }}");
    apply(&organization, NEW, &trelica(&by_account));
    assert_eq!((count(&organization, UNITS), count(&organization, TAGS)), (0, 0));
    // One engine looks the names up once, for all accounts: the root, and Workloads.
    let engine = engine(&organization, &trelica("{ organizational-units = ['Workloads/Production', 'Sandbox'] }"));
    for account in [NEW, OLD, NEW] {
        assert_eq!(outcome_code(&run(engine.apply(&job(&organization, account)))), "converged");
    }
    assert_eq!((count(&organization, UNITS), count(&organization, TAGS)), (2, 0));
}

/// The read of the tags is denied: what depends on them needs attention, and the rest is onboarded.
#[test]
fn tags_that_cannot_be_read_block_only_what_depends_on_them() {
    let organization = with_units();
    let script = Script::during(0, 1000, Injection::AccessDenied).only(TAGS);
    let engine = scripted_engine(&organization, &script, &trelica("{ tags = { env = 'prod' } }"));
    let report = run(engine.apply(&job(&organization, NEW)));
    assert_eq!(outcome_code(&report), "blocked own_permission_missing");
    assert_eq!(roles(&organization, NEW), [SECURITY_ROLE, OWN_ROLE]);
}

#[test]
fn throttled_reads_of_tags_and_units_are_tried_again() {
    let organization = with_units();
    organization.set_account_tags(&id(NEW), &[("env", "prod")]);
    let config = config("{ tags = { env = 'prod' } }", "{ organizational-units = ['Workloads'] }", "", "");
    for call in [TAGS, UNITS] {
        let script = Script::during(0, 2, Injection::Throttle).only(call);
        let report = run(scripted_engine(&organization, &script, &config).apply(&job(&organization, NEW)));
        assert_eq!(outcome_code(&report), "converged", "{call}");
    }
    assert_eq!(roles(&organization, NEW), [TRELICA_ROLE, SECURITY_ROLE, OWN_ROLE]);
}

#[test]
fn changed_tags_are_looked_at_when_their_event_arrives() {
    let scenario =
        Scenario::in_organization(with_units()).for_account(NEW).config(&trelica("{ tags = { env = 'prod' } }"));
    let function = scenario.function();
    function.deliver(include_str!("../../events/move-account.json"), std::time::Duration::from_secs(60));
    assert_eq!(roles(function.organization(), NEW), [SECURITY_ROLE, OWN_ROLE]);
    function.organization().set_account_tags(&id(NEW), &[("env", "prod")]);
    function.deliver(include_str!("../../events/tag-resource.json"), std::time::Duration::from_secs(60));
    assert_eq!(roles(function.organization(), NEW), [TRELICA_ROLE, SECURITY_ROLE, OWN_ROLE]);
}
