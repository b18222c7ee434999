//! Promise 11: removal removes only what this tool owns and the configuration names.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding_core::lines::plain;
use onboarding_core::owner::OWNER_TAG;
use onboarding_core::plan::{Action, Proof};
use onboarding_core::policy::{Actions, Document};
use onboarding_core::report::{Detail, plan_lines};
use onboarding_simulation::{ControlPolicy, Injection, Lag, PolicyText, RoleState, Script};

use crate::common::{
    ACCESS, CONFIG, DISTINCT_INJECTIONS, IDENTITY, MANAGEMENT, NEW, OWN_ROLE, SECURITY_ROLE, Scenario, TRELICA_ROLE,
    can_assume, faults_at, fix_jitter, id, lines, name,
};
use crate::plan_is_what_apply_calls::assert_plan_is_what_apply_calls;

/// [`CONFIG`] in which everything but one vendor is removed.
pub(crate) const REMOVING: &str = r#"
[[access-role.revoke]]
principal = "222233334444"

[accounts]
exclude = ["999988887777"]

[vendors.workload-security]
external-id = { ssm-parameter = "/onboarding/workload-security" }

[[removed]]
vendor = "trelica"

[[removed]]
role = "app-deployer"
"#;

/// An onboarded account, of which two roles and a grant are removed.
fn removing() -> Scenario {
    Scenario::new().with_onboarded_account().after(Duration::from_secs(86_400)).config(REMOVING)
}

/// The account without what was removed, and with the trust policy with which Organizations created the access role.
fn assert_removed(scenario: &Scenario, what: &str) {
    let mut expected = Scenario::new().with_onboarded_account().roles();
    expected.retain(|role, _| [ACCESS, SECURITY_ROLE].contains(&role.as_str()));
    let actual = scenario.roles();
    assert!(actual.keys().eq(expected.keys()), "{what}: {:?}", actual.keys());
    assert_eq!(actual[&name(SECURITY_ROLE)], expected[&name(SECURITY_ROLE)], "{what}");
    let trust = |role: &RoleState| Document::parse(&role.trust.0).unwrap();
    let created = Scenario::new().role(ACCESS);
    assert!(trust(&actual[&name(ACCESS)]).equivalent(&trust(&created)), "{what}");
    assert!(can_assume(scenario.organization(), MANAGEMENT, NEW, ACCESS, None), "{what}");
    assert!(!can_assume(scenario.organization(), IDENTITY, NEW, ACCESS, None), "{what}");
}

fn recorded_roles(scenario: &Scenario) -> Vec<String> {
    scenario.organization().record(NEW).roles.keys().map(ToString::to_string).collect()
}

#[test]
fn removals_are_planned_shown_and_made() {
    let scenario = removing().plan();
    let text = plain(&plan_lines(scenario.report(), Detail::Summary));
    insta::assert_snapshot!(text, @r#"
    Account 444455556666 (payments-dev), via OrganizationAccountAccessRole

    Plan: 0 to add, 0 to change, 6 to remove

      - remove account 222233334444 from the trust policy of role
        `OrganizationAccountAccessRole`
          - trusts account 222233334444

      - delete policy `TrelicaIntegration` from role `TrelicaIntegration`
          allows iam:ListUsers on all resources
      - delete role `TrelicaIntegration` of Trelica (1Password SaaS Manager)
          - trusts account 377450845233 with an external ID (hidden)

      - delete policy `deploy` from role `app-deployer`
          allows lambda:* on all resources
      - detach arn:aws:iam::aws:policy/ReadOnlyAccess from role `app-deployer`
      - delete role `app-deployer`
          - trusts arn:aws:iam::222233334444:role/app-pipeline

    Who will be able to assume what (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444: not named by the trust
                                       policy
      ✓ Workload_Security_Role_Cross   Trend Micro Cloud One Workload Security, only
                                       with its external ID
      ✓ TrelicaIntegration             Trelica (1Password SaaS Manager): the role
                                       does not exist
      ✓ app-deployer                   app-deployer: the role does not exist
    "#);
    let scenario = assert_plan_is_what_apply_calls(scenario, "removal");
    assert_removed(&scenario, "applied");
    assert_eq!(recorded_roles(&scenario), [SECURITY_ROLE], "the record forgets what was removed");
    let record = scenario.organization().record(NEW);
    assert!(record.grants.is_empty(), "{:?}", record.grants);
    let requirements = record.result.unwrap().requirements;
    assert!(requirements.keys().eq([ACCESS, SECURITY_ROLE]), "{requirements:?}");
    let scenario = scenario.apply_again().assert_converged_without_writes();
    let proofs: BTreeSet<_> = scenario
        .report()
        .proofs
        .iter()
        .filter(|proof| proof.expected == "removed")
        .collect::<Vec<_>>()
        .into_iter()
        .map(|proof| proof.sentence.clone())
        .collect();
    insta::assert_snapshot!(lines(proofs), @"
    Trelica (1Password SaaS Manager): the role does not exist
    account 222233334444: not named by the trust policy
    app-deployer: the role does not exist
    ");
}

/// A role that does not exist costs one call.
#[test]
fn removed_role_is_looked_for_with_one_call() {
    let scenario = removing().apply().assert_outcome("converged").apply_again();
    let about =
        |role: &str| scenario.organization().journal().iter().filter(|call| call.role == Some(name(role))).count();
    assert_eq!((about(TRELICA_ROLE), about(OWN_ROLE)), (1, 1));
}

#[test]
fn fault_or_crash_at_any_call_and_a_second_run_give_the_same_end() {
    let fault_free = Script::none();
    let scenario = removing().apply_with_faults(&fault_free).assert_outcome("converged");
    assert_removed(&scenario, "without a fault");
    let calls = fault_free.calls();
    assert_eq!(calls.iter().filter(|call| **call == "iam:DeleteRole").count(), 2);
    for fault in faults_at(&calls, |_, _| &DISTINCT_INJECTIONS) {
        let what = fault.to_string();
        let scenario = removing().apply_with_faults(&fault.script());
        // A message is redelivered only after the lease of a crashed run has expired.
        let scenario = scenario.after(Duration::from_secs(1200)).apply_with_faults(&Script::none());
        assert_removed(&scenario, &what);
        assert_eq!(scenario.outcome_code(), "converged", "{what}");
        assert_eq!(recorded_roles(&scenario), [SECURITY_ROLE], "{what}");
        scenario.apply_again().assert_converged_without_writes();
    }
}

#[test]
fn lagging_reads_repeat_no_deletion() {
    for reads in 1..6 {
        let scenario = removing().with_read_lag(Lag { reads, ..Lag::default() }).apply().assert_outcome("converged");
        assert_removed(&scenario, "lag");
        let deletions = scenario.writes().iter().filter(|call| call.call == "iam:DeleteRole").count();
        assert_eq!(deletions, 2, "{reads}");
    }
}

#[test]
fn role_of_another_owner_is_left_alone() {
    let tagged = |scenario: Scenario, tag: Option<&str>| {
        scenario.drift(TRELICA_ROLE, |role| {
            role.settings.tags.remove(OWNER_TAG);
            role.settings.tags.extend(tag.map(|tag| (OWNER_TAG.to_owned(), tag.to_owned())));
        })
    };
    for tag in [None, Some("vendor/other"), Some("role/TrelicaIntegration")] {
        let adopting = REMOVING.replace("vendor = \"trelica\"", "vendor = \"trelica\"\nadopt = true");
        for config in [REMOVING, &adopting] {
            let scenario = tagged(removing().config(config), tag);
            let before = scenario.role(TRELICA_ROLE);
            let scenario = scenario.apply().assert_outcome("blocked foreign_role");
            let scenario = scenario.assert_role_untouched(TRELICA_ROLE, &before);
            assert!(!scenario.roles().contains_key(&name(OWN_ROLE)), "the other role is removed");
        }
    }
}

#[test]
fn role_that_was_created_again_is_left_alone() {
    for config in [REMOVING.to_owned(), REMOVING.replace("role = \"app", "adopt = true\nrole = \"app")] {
        let scenario = removing().config(&config);
        let role = scenario.role(OWN_ROLE);
        let scenario = scenario.without_role(OWN_ROLE).with_role(OWN_ROLE, role.clone()).apply();
        scenario.assert_outcome("blocked role_not_recorded").assert_role_untouched(OWN_ROLE, &role);
    }
}

#[test]
fn role_that_is_not_recorded_is_removed_with_adopt_only() {
    let scenario = removing().without_record().apply().assert_outcome("blocked role_not_recorded");
    let untouched = scenario.role(OWN_ROLE);
    let scenario = scenario.assert_role_untouched(OWN_ROLE, &untouched);
    let adopting = REMOVING.replace("[[removed]]", "[[removed]]\nadopt = true");
    let scenario = scenario.without_record().config(&adopting).apply().assert_outcome("converged");
    assert_removed(&scenario, "adopted");
}

#[test]
fn role_in_an_instance_profile_is_left_alone() {
    let scenario = removing();
    scenario.organization().add_to_instance_profile(&id(NEW), "web", &name(OWN_ROLE));
    let before = scenario.role(OWN_ROLE);
    let scenario = scenario.apply().assert_outcome("blocked role_in_use").assert_role_untouched(OWN_ROLE, &before);
    assert!(!scenario.roles().contains_key(&name(TRELICA_ROLE)));
    scenario.organization().remove_instance_profile(&id(NEW), "web");
    assert_removed(&scenario.apply().assert_outcome("converged"), "the profile is gone");
}

/// Whether it is in an instance profile is not known then.
#[test]
fn role_that_cannot_be_read_completely_is_left_alone() {
    for call in ["iam:GetRole", "iam:ListInstanceProfilesForRole", "iam:ListAttachedRolePolicies", "iam:GetRolePolicy"]
    {
        let scenario = removing().with_denial(ControlPolicy::Service, call, OWN_ROLE);
        let before = scenario.role(OWN_ROLE);
        let scenario = scenario.apply().assert_role_untouched(OWN_ROLE, &before);
        assert!(scenario.outcome_code().starts_with("blocked"), "{call}: {}", scenario.outcome_code());
        assert_removed(&scenario.without_denials().apply().assert_outcome("converged"), call);
    }
}

/// IAM answers `DeleteConflict`: the account is read and compared again.
#[test]
fn policy_that_is_added_during_the_run_is_removed_too() {
    let scenario = removing();
    let organization = scenario.organization().clone();
    let mut done = false;
    let add = std::sync::Mutex::new(move || {
        if !std::mem::replace(&mut done, true) {
            let mut role = organization.role_state(&id(NEW), &name(OWN_ROLE)).unwrap();
            role.attached.insert("arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess".to_owned());
            organization.put_role(&id(NEW), &name(OWN_ROLE), role);
        }
    });
    let scenario = scenario.apply_with_intercepted_writes(move |change| {
        if change.role == name(OWN_ROLE) && matches!(change.action, Action::DeleteRole(_)) {
            add.lock().unwrap()();
        }
        None
    });
    assert_removed(&scenario.assert_outcome("converged"), "added");
}

/// IAM deletes by name: the role that another principal creates meanwhile is kept.
#[test]
fn role_that_is_created_again_during_the_run_is_not_deleted() {
    let scenario = removing();
    let organization = scenario.organization().clone();
    let scenario = scenario.apply_with_intercepted_writes(move |change| {
        if change.role == name(OWN_ROLE) && matches!(change.action, Action::Detach(_)) {
            let role = organization.role_state(&id(NEW), &name(OWN_ROLE)).unwrap();
            organization.delete_role(&id(NEW), &name(OWN_ROLE));
            organization.put_role(&id(NEW), &name(OWN_ROLE), role);
        }
        None
    });
    let scenario = scenario.assert_outcome("blocked role_not_recorded");
    assert!(scenario.roles().contains_key(&name(OWN_ROLE)));
}

/// Whenever another principal creates the role again before the first call of its removal, none of its policies is deleted.
#[test]
fn policies_of_a_role_that_is_created_again_are_not_deleted() {
    fix_jitter();
    let one = REMOVING.replace("[[removed]]\nvendor = \"trelica\"\n", "");
    let fault_free = Script::none();
    removing().config(&one).apply_with_faults(&fault_free).assert_outcome("converged");
    let calls = fault_free.calls();
    let first_write = calls.iter().position(|call| *call == "iam:DeleteRolePolicy").expect("a policy is deleted");
    for (at, call) in calls.into_iter().enumerate().take(first_write) {
        let scenario = removing().config(&one);
        let before = scenario.role(OWN_ROLE);
        assert!(!before.policies.is_empty() && !before.attached.is_empty());
        let (organization, role) = (scenario.organization().clone(), before.clone());
        let mut count = 0;
        let scenario = scenario.apply_with_faults(&Script::intercepting(move |_, _| {
            if count == at {
                organization.delete_role(&id(NEW), &name(OWN_ROLE));
                organization.put_role(&id(NEW), &name(OWN_ROLE), role.clone());
            }
            count += 1;
            None
        }));
        let what = format!("call {at}, {call}");
        assert_eq!(scenario.outcome_code(), "blocked role_not_recorded", "{what}");
        assert_eq!(scenario.role(OWN_ROLE), before, "{what}");
    }
}

#[test]
fn removal_that_was_not_shown_is_not_made() {
    let scenario = removing().plan();
    let shown = scenario.changes();
    let scenario = scenario.drift(OWN_ROLE, |role| {
        role.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
    });
    scenario.organization().clear_journal();
    scenario.apply_shown(shown).assert_outcome("blocked plan_changed").assert_nothing_written();
}

/// Everything that others wrote into the trust policy stays, byte for byte.
#[test]
fn other_principals_and_statements_stay_byte_for_byte() {
    let policy = |principals: &str| {
        format!(
            r#"{{"Version":"2008-10-17","Id":"mine","Statement":[{{"Sid":"One","Effect":"Allow","Principal":{{"AWS":[{principals}]}},"Action":["sts:AssumeRole","sts:TagSession"]}},{{"Effect":"Deny","Principal":{{"AWS":"arn:aws:iam::{IDENTITY}:root"}},"Action":"sts:AssumeRole","Condition":{{"Bool":{{"aws:MultiFactorAuthPresent":"false"}}}}}}]}}"#
        )
    };
    let root = |account: &str| format!("\"arn:aws:iam::{account}:root\"");
    let before = policy(&[root(MANAGEMENT), root(IDENTITY), root("123456789012")].join(","));
    let after = policy(&[root(MANAGEMENT), root("123456789012")].join(","));
    let scenario = removing().with_outside_account("123456789012").with_trust_policy(ACCESS, &before);
    let scenario = scenario.apply().assert_outcome("converged");
    assert_eq!(scenario.role(ACCESS).trust, PolicyText(after));
}

#[test]
fn management_account_cannot_be_revoked() {
    let revoking = REMOVING.replace(IDENTITY, MANAGEMENT);
    let scenario = removing().config(&revoking);
    let before = scenario.role(ACCESS);
    let scenario = scenario.apply().assert_outcome("blocked configuration").assert_role_untouched(ACCESS, &before);
    assert!(!scenario.roles().contains_key(&name(OWN_ROLE)), "roles are removed anyway");
}

/// A session may delete only what the configuration removes.
#[test]
fn sessions_may_delete_removed_roles_only() {
    let of = |config: &str, apply: bool| {
        let scenario = Scenario::new().with_onboarded_account().config(config);
        let scenario = if apply { scenario.apply() } else { scenario.plan() };
        scenario.organization().assume_role_requests()
    };
    let statements = |config, apply| -> Vec<(String, Vec<String>)> {
        let requests = of(config, apply).into_iter().map(|request| Document::parse(&request.policy).unwrap());
        requests
            .flat_map(|policy| {
                let statements = policy.statements().iter().filter_map(|statement| {
                    let Actions::Only(actions) = &statement.actions else { panic!("{policy:?}") };
                    let only = |action: &&str| actions.iter().any(|one| one == action);
                    ["iam:DeleteRole", "iam:ListInstanceProfilesForRole"]
                        .iter()
                        .find(|action| only(action))
                        .map(|action| ((*action).to_owned(), statement.resources.clone().unwrap()))
                });
                statements.collect::<Vec<_>>()
            })
            .collect()
    };
    assert_eq!(statements(CONFIG, true), []);
    let arns = [TRELICA_ROLE, OWN_ROLE]
        .map(|role| ["", "*/"].map(|path| format!("arn:aws:iam::{NEW}:role/{path}{role}")))
        .concat();
    let (actions, resources): (Vec<_>, Vec<_>) = statements(REMOVING, true).into_iter().unzip();
    assert!(actions.contains(&"iam:DeleteRole".to_owned()));
    assert!(resources.iter().all(|found| *found == arns), "{resources:?}");
    let planned: BTreeSet<_> = statements(REMOVING, false).into_iter().map(|(action, _)| action).collect();
    assert_eq!(planned, BTreeSet::from(["iam:ListInstanceProfilesForRole".to_owned()]));
}

#[test]
fn removed_roles_of_a_new_account_are_not_waited_for() {
    let scenario = Scenario::new().with_new_account().config(REMOVING).apply().assert_outcome("converged");
    assert!(scenario.report().proofs.iter().all(Proof::is_proven));
    assert_removed(&scenario, "new");
    assert!(scenario.writes().iter().all(|call| call.role == Some(name(SECURITY_ROLE))));
}

/// Many roles need several sessions, each of which may delete its own.
#[test]
fn many_roles_are_removed_in_several_sessions() {
    let all = crate::common::many_roles(30);
    let removing: String = (0..30).map(|n| format!("[[removed]]\nrole = \"role-{n}\"\n")).collect();
    let scenario = Scenario::new().with_new_account().config(&all).apply().assert_outcome("converged");
    assert_eq!(scenario.roles().len(), 31);
    let scenario = scenario.config(&removing).apply().assert_outcome("converged");
    assert_eq!(scenario.roles().len(), 1);
    scenario.apply_again().assert_converged_without_writes();
}

#[test]
fn throttled_removal_goes_on() {
    let scenario = removing().apply_with_faults(&Script::during(0, 3, Injection::Throttle).only("iam:DeleteRole"));
    assert_removed(&scenario.assert_outcome("converged"), "throttled");
}
