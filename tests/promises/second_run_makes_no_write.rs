//! Promise 1: a second run makes no write.

use onboarding_core::outcome::Outcome;
use onboarding_simulation::{AccountCreation, FakeOrganization, Lag, PolicyText};
use serde_json::Value;

use crate::common::*;

fn assert_still(organization: &FakeOrganization, account: &str, config: &str) {
    let before = organization.state();
    organization.clear_journal();
    let report = apply_with(organization, account, config);
    assert_eq!(report.outcome, Outcome::Converged);
    assert_eq!((report.changes.len(), report.calls.writes), (0, 0));
    assert_eq!(organization.writes(), []);
    assert_eq!(organization.state(), before);
    assert!(report.proofs.iter().all(|proof| proof.holds) && !report.proofs.is_empty());
}

#[test]
fn the_same_event_twice() {
    let organization = with_new_account();
    let first = apply(&organization, NEW);
    assert_eq!(first.outcome, Outcome::Converged);
    assert_eq!(organization.writes().len(), first.changes.len());
    assert_connected(&organization, NEW);
    for _ in 0..3 {
        assert_still(&organization, NEW, CONFIG);
    }
}

#[test]
fn an_old_account_too() {
    let organization = organization();
    assert_eq!(apply(&organization, OLD).outcome, Outcome::Converged);
    assert_still(&organization, OLD, CONFIG);
}

#[test]
fn lists_of_one_item_a_page() {
    let organization = with_new_account();
    organization.set_page_size(1);
    assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged);
    assert_still(&organization, NEW, CONFIG);
}

#[test]
fn with_every_way_of_being_behind() {
    for reads in [0, 1, 2, 5, 9] {
        for seconds in [0.0, 3.0, 40.0] {
            let organization = with_new_account();
            organization.set_lag(&id(NEW), Lag { reads, seconds });
            let first = apply(&organization, NEW);
            assert_eq!(first.outcome, Outcome::Converged, "{reads} reads, {seconds} s");
            assert_eq!(organization.writes().len(), first.changes.len(), "no call was made twice");
            assert_eq!(roles(&organization, NEW), roles(&onboarded(), NEW));
            assert_still(&organization, NEW, CONFIG);
        }
    }
}

/// The forms in which the same policy may be written; IAM gives back what it likes.
fn rewrite(policy: &PolicyText, statement: fn(&mut Value)) -> PolicyText {
    let mut value: Value = serde_json::from_str(&policy.0).unwrap();
    match &mut value["Statement"] {
        Value::Array(all) => all.iter_mut().for_each(statement),
        one => statement(one),
    }
    PolicyText(value.to_string())
}

fn in_list(value: &mut Value) {
    if value.is_string() {
        *value = Value::Array(vec![value.take()]);
    }
}

fn bare_ids(principals: &mut Value) {
    for text in principals.as_array_mut().unwrap() {
        if let Some(account) = text.as_str().unwrap().strip_suffix(":root") {
            *text = account.rsplit(':').next().unwrap().into();
        }
    }
}

#[test]
fn with_policies_in_the_forms_that_iam_gives_them() {
    let forms: [fn(&mut Value); 4] = [
        |statement| in_list(&mut statement["Action"]),
        |statement| {
            if statement.get("Principal").is_some() {
                in_list(&mut statement["Principal"]["AWS"]);
            }
        },
        |statement| {
            if statement.get("Principal").is_some() {
                in_list(&mut statement["Principal"]["AWS"]);
                bare_ids(&mut statement["Principal"]["AWS"]);
            }
        },
        |statement| {
            if let Some(test) = statement.get_mut("Condition") {
                in_list(&mut test["StringEquals"]["sts:ExternalId"]);
            }
            if let Some(actions) = statement["Action"].as_array_mut() {
                actions.reverse();
            }
        },
    ];
    for form in forms {
        let organization = onboarded();
        for role in ROLES.into_iter().chain([ACCESS]) {
            alter(&organization, NEW, role, |state| {
                state.trust = rewrite(&state.trust, form);
                for policy in state.policies.values_mut() {
                    *policy = rewrite(policy, form);
                }
            });
        }
        assert_still(&organization, NEW, CONFIG);
    }
}

#[test]
fn with_one_statement_that_is_no_list_and_orphans_to_prune() {
    let prune = format!("[access-role]\nprune-orphans = true\n{CONFIG}");
    let organization = onboarded();
    alter(&organization, NEW, ACCESS, |state| {
        let mut value: Value = serde_json::from_str(&state.trust.0).unwrap();
        value["Statement"] = value["Statement"][0].take();
        state.trust = PolicyText(value.to_string());
    });
    assert_still(&organization, NEW, CONFIG);
    assert_still(&organization, NEW, &prune);
}

#[test]
fn tags_of_aws_s_own_are_not_fought_over() {
    let organization = onboarded();
    for role in ROLES {
        alter(&organization, NEW, role, |state| {
            state.tags.insert("aws:cloudformation:stack-name".to_owned(), "x".to_owned());
        });
    }
    assert_still(&organization, NEW, CONFIG);
}

#[test]
fn after_a_slow_birth() {
    let organization = organization();
    let hiccups = vec![("OptInRequired".to_owned(), 30.0)];
    born(&organization, AccountCreation { access_role_after: 45.0, hiccups, ..AccountCreation::default() });
    assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged);
    assert_still(&organization, NEW, CONFIG);
}
