use super::super::sample::{
    FRESH, NOW, ROLE, blueprint, blueprint_with, converged, document, drifted, fresh, name, recorded,
};
use super::super::{NewRole, diff};
use super::*;
use crate::code::Code;
use crate::outcome::Cause;
use crate::owner::OWNER_TAG;
use crate::role_settings::RoleSettings;
use std::time::Duration;

fn guarded(blueprint: &Blueprint, observed: &Observed) -> Approved {
    guard(diff(blueprint, observed, &recorded(), NOW), blueprint, observed, &Callers::default())
}

/// The refusals and the approved changes, one per line.
fn lines(approved: &Approved) -> String {
    let refusals = approved.refusals().iter().map(|refusal| format!("{}: {refusal}\n", refusal.code));
    let changes = approved.changes().iter().map(|change| format!("approved: {change}\n"));
    refusals.chain(changes).collect()
}

/// A fresh account whose access role has an additional statement.
fn with_statement(statement: &str) -> Observed {
    let text = FRESH.replace("}]}", &format!("}},{statement}]}}"));
    Observed { access_trust: Ok(document(&text)), ..fresh() }
}

#[test]
fn empty_plan_is_approved() {
    let blueprint = blueprint();
    assert_eq!(lines(&guarded(&blueprint, &converged(&blueprint))), "");
}

#[test]
fn plan_of_a_fresh_account_is_approved() {
    insta::assert_snapshot!(lines(&guarded(&blueprint(), &fresh())), @"
    approved: update the trust policy of role `OrganizationAccountAccessRole`
    approved: create role `Acme`
    approved: put policy `read` on role `Acme`
    approved: attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
}

#[test]
fn grant_joins_a_statement_with_an_empty_condition() {
    let entry = r#"{"Effect":"Allow","Principal":{"AWS":"333344445555"},"Action":"sts:AssumeRole""#;
    for condition in ["{}", r#"{"StringEquals":{}}"#] {
        let trust = format!(r#"{{"Statement":[{entry},"Condition":{condition}}}]}}"#);
        let approved = guarded(&blueprint(), &Observed { access_trust: Ok(document(&trust)), ..fresh() });
        assert_eq!(approved.refusals(), [], "{condition}");
    }
}

#[test]
fn foreign_role_is_refused_unless_it_is_adopted() {
    let observed = drifted(|role| {
        role.settings.tags.remove(OWNER_TAG);
        role.settings.max_session = Duration::from_secs(7200);
    });
    insta::assert_snapshot!(lines(&guarded(&blueprint(), &observed)), @"foreign_role: role `Acme` already exists and is not managed by this tool (no `account-onboarding` tag); rename one of the two roles, or set `adopt = true` to take it over");
    let adopting = blueprint_with(|config| config.roles.iter_mut().for_each(|role| role.definition.adopt = true));
    insta::assert_snapshot!(lines(&guarded(&adopting, &observed)), @"
    approved: tag role `Acme` with `account-onboarding`
    approved: update the maximum session duration of role `Acme` from 7200 s to 3600 s
    ");
    let elsewhere = drifted(|role| {
        role.settings.tags.remove(OWNER_TAG);
        role.settings.path = "/theirs/".to_owned();
    });
    insta::assert_snapshot!(lines(&guarded(&adopting, &elsewhere)), @"path_differs: role `Acme` exists under the path `/theirs/`, not `/`; IAM cannot change the path of a role: configure the existing path, or delete the role");
}

#[test]
fn role_with_an_unknown_owner_is_managed_and_tagged_again() {
    let observed =
        drifted(|role| drop(role.settings.tags.insert(OWNER_TAG.to_owned(), "\u{1b}[2J, manually".to_owned())));
    insta::assert_snapshot!(lines(&guarded(&blueprint(), &observed)), @"approved: tag role `Acme` with `account-onboarding`");
}

#[test]
fn role_under_another_path_is_refused() {
    let observed = drifted(|role| role.settings.path = "/other/".to_owned());
    insta::assert_snapshot!(lines(&guarded(&blueprint(), &observed)), @"path_differs: role `Acme` exists under the path `/other/`, not `/`; IAM cannot change the path of a role: configure the existing path, or delete the role");
    let mut unreadable = fresh();
    unreadable
        .unreadable
        .insert(name(ROLE), Cause::new(Code::AccessDenied, "iam:GetRole failed: AccessDenied", "look at it"));
    insta::assert_snapshot!(lines(&guarded(&blueprint(), &unreadable)), @"
    access_denied: role `Acme` cannot be read under the path `/`: iam:GetRole failed: AccessDenied; look at it
    approved: update the trust policy of role `OrganizationAccountAccessRole`
    ");
}

#[test]
fn configured_role_named_like_the_access_role_is_refused() {
    let blueprint = blueprint_with(|config| config.roles[0].definition.name = name("ORGANIZATIONACCOUNTACCESSROLE"));
    assert!(lines(&guarded(&blueprint, &fresh())).contains("foreign_role"));
}

#[test]
fn orphans_and_denials_are_refused_and_other_roles_continue() {
    let orphan = r#"{"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE1"},"Action":"sts:AssumeRole"}"#;
    insta::assert_snapshot!(lines(&guarded(&blueprint(), &with_statement(orphan))), @"
    orphaned_principal: the trust policy of role `OrganizationAccountAccessRole` cannot be saved: statement 2 names the unique ID AROAIOSFODNN7EXAMPLE1; in a policy that IAM returned, this is a deleted role or user, which has no access and prevents IAM from saving the policy; set `prune-orphans = true`, or remove the deleted identity manually
    approved: create role `Acme`
    approved: put policy `read` on role `Acme`
    approved: attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
    let pruning = blueprint_with(|config| config.access_role.prune_orphans = true);
    insta::assert_snapshot!(lines(&guarded(&pruning, &with_statement(orphan))), @"
    approved: update the trust policy of role `OrganizationAccountAccessRole`
    approved: create role `Acme`
    approved: put policy `read` on role `Acme`
    approved: attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
    let deny = r#"{"Sid":"No","Effect":"Deny","Principal":{"AWS":"222233334444"},"Action":"sts:*"}"#;
    insta::assert_snapshot!(lines(&guarded(&blueprint(), &with_statement(deny))), @"
    explicit_deny: a grant on role `OrganizationAccountAccessRole` would have no effect: statement `No` denies account 222233334444; remove the deny statement, or the grant from the configuration
    approved: create role `Acme`
    approved: put policy `read` on role `Acme`
    approved: attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
    let mixed = r#"{"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE1","Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
    assert!(!lines(&guarded(&pruning, &with_statement(mixed))).contains("orphaned"), "the service principal remains");
}

#[test]
fn unsupported_trust_policy_is_left_unchanged() {
    let observed = Observed { access_trust: Err("the policy is not a JSON object".to_owned()), ..fresh() };
    insta::assert_snapshot!(lines(&guarded(&blueprint(), &observed)), @"
    trust_policy_not_supported: the trust policy of role `OrganizationAccountAccessRole` is not supported: the policy is not a JSON object; fix the trust policy manually, then run again
    approved: create role `Acme`
    approved: put policy `read` on role `Acme`
    approved: attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
}

/// The refusals of a plan by a faulty planner: the guard checks the effect of a change, whatever its origin.
fn refusals_of_faulty_plan(after: &str) -> String {
    let blueprint = blueprint();
    let observed = fresh();
    let mut plan = diff(&blueprint, &observed, &recorded(), NOW);
    let before = Some(document(FRESH));
    let after = document(after);
    plan.changes[0].action = Action::UpdateTrust { before, after };
    guard(plan, &blueprint, &observed, &Callers::default())
        .refusals()
        .iter()
        .map(|refusal| refusal.code.as_str())
        .collect()
}

#[test]
fn access_role_edit_beyond_the_grants_is_refused() {
    let granted = FRESH.replace("\"arn:aws:iam::111122223333:root\"", "[\"111122223333\",\"222233334444\"]");
    assert_eq!(refusals_of_faulty_plan(&granted), "", "the grants themselves");
    for (what, wrong) in [
        ("locks out", FRESH.replace("111122223333", "222233334444")),
        ("grants access to a stranger", granted.replace("\"222233334444\"", "\"222233334444\",\"123456789012\"")),
        ("grants access to everyone", granted.replace("\"222233334444\"", "\"*\"")),
        ("widens the action", granted.replace("sts:AssumeRole", "sts:*")),
        ("removes access", r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned()),
        ("denies", granted.replace("}]}", r#"},{"Effect":"Deny","Principal":"*","Action":"sts:*"}]}"#)),
    ] {
        assert_eq!(refusals_of_faulty_plan(&wrong), "unsafe_trust", "{what}");
    }
}

#[test]
fn only_trust_edits_are_approved_for_the_access_role() {
    let blueprint = blueprint();
    let observed = fresh();
    let new = NewRole { title: String::new(), settings: RoleSettings::default(), trust: document(FRESH) };
    for action in [
        Action::CreateRole(Box::new(new)),
        Action::UpdateTrust { before: None, after: document(FRESH) },
        Action::Detach("arn:aws:iam::aws:policy/AdministratorAccess".to_owned()),
    ] {
        let changes = vec![Change { role: observed.access_role.clone(), action }];
        let approved = guard(Plan { changes, ..Plan::default() }, &blueprint, &observed, &Callers::default());
        assert_eq!(approved.changes(), []);
        assert_eq!(approved.refusals()[0].code, Code::UnsafeTrust);
    }
}
