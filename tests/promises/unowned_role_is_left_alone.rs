//! Promise 8: a role that somebody else made is left alone, unless the configuration takes it over.

use onboarding_core::outcome::Outcome;
use onboarding_simulation::{FakeOrganization, PolicyText, RoleState};

use crate::common::*;

const THEIRS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::377450845233:root"},"Action":"sts:AssumeRole"}]}"#;

fn theirs() -> RoleState {
    let mut role = RoleState::trusting(THEIRS);
    role.description = "made by hand".to_owned();
    role.tags.insert("owner".to_owned(), "somebody".to_owned());
    role.policies.insert("theirs".to_owned(), PolicyText(THEIRS.to_owned()));
    role.attached.insert("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
    role
}

fn with_foreign(role: &str, state: RoleState) -> FakeOrganization {
    let organization = with_new_account();
    organization.put_role(&id(NEW), &name(role), state);
    organization
}

/// All but one role are as they are in an account without a foreign role.
fn assert_others_are_there(organization: &FakeOrganization, but: &str) {
    let (mut is, mut wanted) = (roles(organization, NEW), roles(&onboarded(), NEW));
    is.remove(&name(but));
    wanted.remove(&name(but));
    wanted.remove(&name(TRELICA_ROLE));
    is.remove(&name(TRELICA_ROLE));
    assert_eq!(is, wanted);
}

#[test]
fn it_is_not_touched_and_the_others_are_installed() {
    let organization = with_foreign(TRELICA_ROLE, theirs());
    let plan = plan(&organization, NEW);
    assert_eq!(end(&plan), "blocked foreign_role");
    for _ in 0..2 {
        let report = apply(&organization, NEW);
        assert_eq!(end(&report), "blocked foreign_role");
        assert_eq!(report.refusals.len(), 1);
        assert_eq!(report.refusals[0].role, name(TRELICA_ROLE));
        assert_eq!(role_state(&organization, NEW, TRELICA_ROLE), theirs());
        assert!(organization.writes().iter().all(|call| call.role != Some(name(TRELICA_ROLE))));
        assert_others_are_there(&organization, TRELICA_ROLE);
    }
    insta::assert_snapshot!(apply(&organization, NEW).outcome, @"blocked (foreign_role): role `TrelicaIntegration` is there and has no tag `account-onboarding`: somebody else made it; rename one of the two, or set `adopt = true` to take it over");
}

#[test]
fn one_that_looks_like_ours_is_foreign_without_the_tag() {
    let mut twin = role_state(&onboarded(), NEW, TRELICA_ROLE);
    twin.tags.clear();
    let organization = with_foreign(TRELICA_ROLE, twin.clone());
    assert_eq!(end(&apply(&organization, NEW)), "blocked foreign_role");
    assert_eq!(role_state(&organization, NEW, TRELICA_ROLE), twin);
}

#[test]
fn it_is_taken_over_when_the_configuration_says_so() {
    let adopt = CONFIG.replace("[vendors.trelica]", "[vendors.trelica]\nadopt = true");
    let organization = with_foreign(TRELICA_ROLE, theirs());
    let report = apply_with(&organization, NEW, &adopt);
    assert_eq!(report.outcome, Outcome::Converged);
    assert_eq!(roles(&organization, NEW), roles(&onboarded(), NEW), "nothing of it is left");
    assert_eq!(told(&report)[&name(TRELICA_ROLE)][0], "iam:TagRole", "known as ours before anything else");
    organization.clear_journal();
    assert_eq!(apply_with(&organization, NEW, CONFIG).outcome, Outcome::Converged);
    assert_eq!(organization.writes(), [], "ours from then on, whatever the configuration says");
}

#[test]
fn one_under_another_path_is_not_touched_and_harms_no_other() {
    for (path, tags) in [("/theirs/", false), ("/theirs/", true), ("/", true)] {
        // The role of our own is configured under `/apps/`.
        let mut state = RoleState { path: path.to_owned(), ..theirs() };
        if tags {
            state.tags.insert("account-onboarding".to_owned(), "role/app-deployer".to_owned());
        }
        let organization = organization();
        organization.put_role(&id(OLD), &name(OWN_ROLE), state.clone());
        let report = apply(&organization, OLD);
        assert_eq!(report.outcome.as_str(), "blocked", "{path} {tags}: {}", report.outcome);
        assert_eq!(role_state(&organization, OLD, OWN_ROLE), state);
        assert!(organization.writes().iter().all(|call| call.role != Some(name(OWN_ROLE))));
        assert!(can(&organization, IDENTITY, OLD, ACCESS, None), "{path} {tags}: the access role is done");
        assert!(can(&organization, TRELICA, OLD, TRELICA_ROLE, Some(TRELICA_ID)), "{path} {tags}: the vendors are");
    }
}

#[test]
fn one_whose_name_differs_in_case_is_not_touched() {
    let organization = with_foreign("trelicaINTEGRATION", theirs());
    let report = apply(&organization, NEW);
    assert_ne!(report.outcome, Outcome::Converged);
    assert_eq!(role_state(&organization, NEW, "trelicaINTEGRATION"), theirs());
    assert!(organization.role_state(&id(NEW), &name(TRELICA_ROLE)).is_none());
    assert_others_are_there(&organization, "trelicaINTEGRATION");
    insta::assert_snapshot!(report.outcome, @"waiting (already_exists): role `TrelicaIntegration`: iam:CreateRole failed: EntityAlreadyExists: Role with name TrelicaIntegration already exists; it is tried again by itself; if it stays, a role is there whose name differs in capitals alone: rename one of the two");
}

#[test]
fn the_access_role_is_never_a_vendor_s() {
    let taken = CONFIG.replace("[vendors.workload-security]", "[vendors.workload-security]\nrole-name = \"Entry\"");
    let taken = format!("[access-role]\nnames = [\"{ACCESS}\"]\n{taken}").replace("Entry", ACCESS);
    assert!(onboarding_core::config::Config::parse_alone(&taken).is_err());
}
