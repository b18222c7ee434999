//! Promise 1: a second run makes no write.
//!
//! The first run converges the account. The second one must find nothing to do, however the account was created, however
//! far reads lag behind writes, and in whichever equivalent form IAM returns the policies.

use std::time::Duration;

use onboarding_core::outcome::Outcome;
use onboarding_simulation::{AccountCreation, Lag, PolicyText};
use serde_json::Value;

use crate::common::{ACCESS, CONFIG, ROLES, Scenario};

#[test]
fn onboarded_new_account_is_not_written_again() {
    let mut scenario =
        Scenario::new().with_new_account().apply().assert_onboarded().assert_each_change_was_written_once();
    for _ in 0..3 {
        scenario = scenario.apply_again().assert_converged_without_writes();
    }
}

#[test]
fn onboarded_established_account_is_not_written_again() {
    Scenario::new().apply().assert_outcome("converged").apply_again().assert_converged_without_writes();
}

#[test]
fn paginated_lists_cause_no_writes() {
    Scenario::new()
        .with_new_account()
        .with_page_size(1)
        .apply()
        .assert_outcome("converged")
        .apply_again()
        .assert_converged_without_writes();
}

#[test]
fn lagging_reads_cause_no_duplicate_writes() {
    for reads in [0, 1, 2, 5, 9] {
        for time in [0, 3, 40].map(Duration::from_secs) {
            let scenario = Scenario::new().with_new_account().with_read_lag(Lag { reads, time }).apply();
            assert_eq!(*scenario.outcome(), Outcome::Converged, "{reads} reads, {time:?}");
            scenario
                .assert_each_change_was_written_once()
                .assert_roles_onboarded()
                .apply_again()
                .assert_converged_without_writes();
        }
    }
}

/// Applies an edit to each statement of a policy.
fn edit_statements(policy: &PolicyText, edit: fn(&mut Value)) -> PolicyText {
    let mut value: Value = serde_json::from_str(&policy.0).unwrap();
    match &mut value["Statement"] {
        Value::Array(all) => all.iter_mut().for_each(edit),
        one => edit(one),
    }
    PolicyText(value.to_string())
}

fn string_to_array(value: &mut Value) {
    if value.is_string() {
        *value = Value::Array(vec![value.take()]);
    }
}

fn root_arns_to_account_ids(principals: &mut Value) {
    for text in principals.as_array_mut().unwrap() {
        if let Some(account) = text.as_str().unwrap().strip_suffix(":root") {
            *text = account.rsplit(':').next().unwrap().into();
        }
    }
}

/// IAM may return a policy in another form than the one in which it was written.
#[test]
fn equivalent_policy_forms_are_not_drift() {
    let edits: [fn(&mut Value); 4] = [
        |statement| string_to_array(&mut statement["Action"]),
        |statement| {
            if statement.get("Principal").is_some() {
                string_to_array(&mut statement["Principal"]["AWS"]);
            }
        },
        |statement| {
            if statement.get("Principal").is_some() {
                string_to_array(&mut statement["Principal"]["AWS"]);
                root_arns_to_account_ids(&mut statement["Principal"]["AWS"]);
            }
        },
        |statement| {
            if let Some(condition) = statement.get_mut("Condition") {
                string_to_array(&mut condition["StringEquals"]["sts:ExternalId"]);
            }
            if let Some(actions) = statement["Action"].as_array_mut() {
                actions.reverse();
            }
        },
    ];
    for edit in edits {
        let mut scenario = Scenario::new().with_new_account().apply().assert_outcome("converged");
        for role in ROLES.into_iter().chain([ACCESS]) {
            scenario = scenario.drift(role, |state| {
                state.trust = edit_statements(&state.trust, edit);
                for policy in state.policies.values_mut() {
                    *policy = edit_statements(policy, edit);
                }
            });
        }
        scenario.apply_again().assert_converged_without_writes();
    }
}

#[test]
fn single_statement_object_is_not_drift_with_and_without_pruning() {
    let prune_orphans = format!("[access-role]\nprune-orphans = true\n{CONFIG}");
    Scenario::new()
        .with_new_account()
        .apply()
        .assert_outcome("converged")
        .drift(ACCESS, |state| {
            let mut value: Value = serde_json::from_str(&state.trust.0).unwrap();
            value["Statement"] = value["Statement"][0].take();
            state.trust = PolicyText(value.to_string());
        })
        .apply_again()
        .assert_converged_without_writes()
        .config(&prune_orphans)
        .apply_again()
        .assert_converged_without_writes();
}

#[test]
fn tags_reserved_by_aws_are_not_drift() {
    let mut scenario = Scenario::new().with_new_account().apply().assert_outcome("converged");
    for role in ROLES {
        scenario = scenario.drift(role, |state| {
            state.settings.tags.insert("aws:cloudformation:stack-name".to_owned(), "x".to_owned());
        });
    }
    scenario.apply_again().assert_converged_without_writes();
}

#[test]
fn account_that_becomes_ready_slowly_is_not_written_again() {
    let creation = AccountCreation {
        access_role_delay: Duration::from_secs(45),
        transient_errors: vec![("OptInRequired".to_owned(), Duration::from_secs(30))],
        ..AccountCreation::default()
    };
    Scenario::new()
        .with_account_creation(creation)
        .apply()
        .assert_outcome("converged")
        .apply_again()
        .assert_converged_without_writes();
}

/// IAM saves the ARN of a role in the place of its unique ID.
#[test]
fn unique_id_that_iam_replaces_by_an_arn_is_not_written_again() {
    let id = "AROAIOSFODNN7EXAMPLE1";
    let config = format!("[[role]]\nname = 'scanned'\ntrust = [{{ principal = '{id}', external-id = 'x-1' }}]\n");
    let scenario = Scenario::new()
        .with_unique_id(id, "arn:aws:iam::222233334444:role/scanner")
        .config(&config)
        .apply()
        .assert_outcome("converged")
        .apply_again()
        .assert_converged_without_writes();
    let saved = scenario.role("scanned").trust.0;
    assert!(saved.contains("role/scanner") && !saved.contains(id), "{saved}");
    let other = saved.replace("arn:aws:iam::222233334444:role/scanner", "222233334444");
    scenario.with_trust_policy("scanned", &other).apply().assert_outcome("converged");
}
