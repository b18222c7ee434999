use super::super::sample::{FRESH, ROLE, blueprint, blueprint_with, converged, document, drifted, fresh, name};
use super::super::{NewRole, diff};
use super::*;
use crate::outcome::Cause;

fn guarded(blueprint: &Blueprint, observed: &Observed) -> Approved {
    guard(diff(blueprint, observed), blueprint, observed)
}

/// What the guard refuses, and what it lets through, in words.
fn words(approved: &Approved) -> String {
    let refusals = approved.refusals().iter().map(|refusal| format!("{}: {refusal}\n", refusal.code));
    let changes = approved.changes().iter().map(|change| format!("passes: {change}\n"));
    refusals.chain(changes).collect()
}

/// An access role with one more statement, and the role not there.
fn with_statement(statement: &str) -> Observed {
    let text = FRESH.replace("}]}", &format!("}},{statement}]}}"));
    Observed { access_trust: Ok(document(&text)), ..fresh() }
}

#[test]
fn nothing_to_do_passes() {
    let blueprint = blueprint();
    assert_eq!(words(&guarded(&blueprint, &converged(&blueprint))), "");
}

#[test]
fn the_plain_case_passes() {
    insta::assert_snapshot!(words(&guarded(&blueprint(), &fresh())), @"
    passes: update the trust policy of role `OrganizationAccountAccessRole`
    passes: create role `Acme`
    passes: put policy `read` on role `Acme`
    passes: attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
}

#[test]
fn a_grant_joins_a_statement_whose_condition_tests_nothing() {
    let entry = r#"{"Effect":"Allow","Principal":{"AWS":"333344445555"},"Action":"sts:AssumeRole""#;
    for condition in ["{}", r#"{"StringEquals":{}}"#] {
        let trust = format!(r#"{{"Statement":[{entry},"Condition":{condition}}}]}}"#);
        let approved = guarded(&blueprint(), &Observed { access_trust: Ok(document(&trust)), ..fresh() });
        assert_eq!(approved.refusals(), [], "{condition}");
    }
}

#[test]
fn a_foreign_role_is_refused_unless_it_is_adopted() {
    let observed = drifted(|role| {
        role.tags.remove(OWNER_TAG);
        role.max_session_seconds = 7200;
    });
    insta::assert_snapshot!(words(&guarded(&blueprint(), &observed)), @"foreign_role: role `Acme` is there and has no tag `account-onboarding`: somebody else made it; rename one of the two, or set `adopt = true` to take it over");
    let adopting = blueprint_with(|config| config.roles.iter_mut().for_each(|role| role.adopt = true));
    insta::assert_snapshot!(words(&guarded(&adopting, &observed)), @"
    passes: tag role `Acme` with `account-onboarding`
    passes: update the longest session of role `Acme` from 7200 s to 3600 s
    ");
    let elsewhere = drifted(|role| {
        role.tags.remove(OWNER_TAG);
        role.path = "/theirs/".to_owned();
    });
    insta::assert_snapshot!(words(&guarded(&adopting, &elsewhere)), @"path_differs: role `Acme` stands under the path `/theirs/` and not `/`; a path cannot be changed: configure that path, or delete the role");
}

#[test]
fn a_role_under_another_path_is_refused() {
    let observed = drifted(|role| role.path = "/other/".to_owned());
    insta::assert_snapshot!(words(&guarded(&blueprint(), &observed)), @"path_differs: role `Acme` stands under the path `/other/` and not `/`; a path cannot be changed: configure that path, or delete the role");
    let mut unreadable = fresh();
    unreadable
        .unreadable
        .insert(name(ROLE), Cause::new("access_denied", "iam:GetRole failed: AccessDenied", "look at it"));
    insta::assert_snapshot!(words(&guarded(&blueprint(), &unreadable)), @"
    access_denied: role `Acme` may not be read under the path `/`: iam:GetRole failed: AccessDenied; look at it
    passes: update the trust policy of role `OrganizationAccountAccessRole`
    ");
}

#[test]
fn a_role_that_is_the_access_role_is_refused() {
    let blueprint = blueprint_with(|config| config.roles[0].name = name("ORGANIZATIONACCOUNTACCESSROLE"));
    assert!(words(&guarded(&blueprint, &fresh())).contains("foreign_role"));
}

#[test]
fn orphans_and_denials_are_refused_and_harm_no_other() {
    let orphan = r#"{"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE1"},"Action":"sts:AssumeRole"}"#;
    insta::assert_snapshot!(words(&guarded(&blueprint(), &with_statement(orphan))), @"
    orphaned_principal: the trust policy of role `OrganizationAccountAccessRole` cannot be saved: statement 2 still names a deleted identity (AROAIOSFODNN7EXAMPLE1), which lets nobody in and keeps IAM from saving the policy; set `prune-orphans = true`, or remove the deleted identity by hand
    passes: create role `Acme`
    passes: put policy `read` on role `Acme`
    passes: attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
    let pruning = blueprint_with(|config| config.access_role.prune_orphans = true);
    insta::assert_snapshot!(words(&guarded(&pruning, &with_statement(orphan))), @"
    passes: update the trust policy of role `OrganizationAccountAccessRole`
    passes: create role `Acme`
    passes: put policy `read` on role `Acme`
    passes: attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
    let deny = r#"{"Sid":"No","Effect":"Deny","Principal":{"AWS":"222233334444"},"Action":"sts:*"}"#;
    insta::assert_snapshot!(words(&guarded(&blueprint(), &with_statement(deny))), @"
    explicit_deny: a grant on role `OrganizationAccountAccessRole` would have no effect: statement `No` denies account 222233334444; remove the deny statement, or the grant from the configuration
    passes: create role `Acme`
    passes: put policy `read` on role `Acme`
    passes: attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
    let mixed = r#"{"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE1","Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
    assert!(!words(&guarded(&pruning, &with_statement(mixed))).contains("orphaned"), "the service is left");
}

#[test]
fn a_policy_that_is_not_understood_is_left_as_it_is() {
    let observed = Observed { access_trust: Err("the policy is not a JSON object".to_owned()), ..fresh() };
    insta::assert_snapshot!(words(&guarded(&blueprint(), &observed)), @"
    trust_policy_not_supported: the trust policy of role `OrganizationAccountAccessRole` is not understood: the policy is not a JSON object; mend the trust policy by hand, then run again
    passes: create role `Acme`
    passes: put policy `read` on role `Acme`
    passes: attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
}

/// A planner gone wrong: whatever it hands over, the guard judges what it would do.
fn of_a_wrong_planner(after: &str) -> String {
    let (blueprint, observed) = (blueprint(), fresh());
    let mut plan = diff(&blueprint, &observed);
    let (before, after) = (Some(document(FRESH)), document(after));
    plan.changes[0].action = Action::UpdateTrust { before, after };
    guard(plan, &blueprint, &observed).refusals().iter().map(|refusal| refusal.code).collect()
}

#[test]
fn no_edit_of_the_access_role_passes_that_is_not_the_grants() {
    let granted = FRESH.replace("\"arn:aws:iam::111122223333:root\"", "[\"111122223333\",\"222233334444\"]");
    assert_eq!(of_a_wrong_planner(&granted), "", "the grants themselves");
    for (what, wrong) in [
        ("locks out", FRESH.replace("111122223333", "222233334444")),
        ("lets a stranger in", granted.replace("\"222233334444\"", "\"222233334444\",\"123456789012\"")),
        ("lets everybody in", granted.replace("\"222233334444\"", "\"*\"")),
        ("widens the action", granted.replace("sts:AssumeRole", "sts:*")),
        ("takes away", r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned()),
        ("denies", granted.replace("}]}", r#"},{"Effect":"Deny","Principal":"*","Action":"sts:*"}]}"#)),
    ] {
        assert_eq!(of_a_wrong_planner(&wrong), "unsafe_trust", "{what}");
    }
}

#[test]
fn nothing_but_an_edit_of_its_trust_is_done_to_the_access_role() {
    let (blueprint, observed) = (blueprint(), fresh());
    let new = NewRole {
        title: String::new(),
        path: "/".to_owned(),
        description: String::new(),
        max_session_seconds: 3600,
        boundary: None,
        tags: Default::default(),
        trust: document(FRESH),
    };
    for action in [
        Action::CreateRole(Box::new(new)),
        Action::UpdateTrust { before: None, after: document(FRESH) },
        Action::Detach("arn:aws:iam::aws:policy/AdministratorAccess".to_owned()),
    ] {
        let changes = vec![Change { role: observed.access_role.clone(), action }];
        let approved = guard(Plan { changes, ..Plan::default() }, &blueprint, &observed);
        assert_eq!(approved.changes(), []);
        assert_eq!(approved.refusals()[0].code, "unsafe_trust");
    }
}
