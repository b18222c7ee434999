use std::time::{Duration, UNIX_EPOCH};

use super::super::sample::{
    FRESH, ROLE, ROLE_ID, blueprint, blueprint_with, converged, document, drifted, fresh, name, recorded,
};
use super::*;
use crate::blueprint::Blueprint;
use crate::caller_identity::Callers;
use crate::observed::Observed;
use crate::owner::OWNER_TAG;
use crate::plan::{RecordedRevocation, diff, guard};
use crate::policy::{Document, inline_length};

const HOUR: Duration = Duration::from_secs(3600);
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// 2026-11-25T18:00:00Z
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_629_600)
}

fn nothing_recorded() -> RoleHistory {
    RoleHistory::default()
}

fn other_id_recorded() -> RoleHistory {
    RoleHistory { known: [(name(ROLE), "AROAIOSFODNN7EXAMPLE".parse().unwrap())].into(), ..RoleHistory::default() }
}

fn changes_of(blueprint: &Blueprint, observed: &Observed, known: &RoleHistory) -> Vec<Change> {
    let approved = guard(diff(blueprint, observed, known, now()), blueprint, observed, &Callers::default());
    assert_eq!(approved.refusals(), []);
    approved.changes().to_vec()
}

/// The changes of a drifted role.
fn changes(edit: impl FnOnce(&mut ObservedRole), known: &RoleHistory) -> Vec<Change> {
    changes_of(&blueprint(), &drifted(edit), known)
}

/// The revocation in a plan. It has to be the first change.
fn revoked(changes: &[Change]) -> Option<&SessionRevocation> {
    let is_revocation = |change: &Change| matches!(change.action, Action::RevokeSessions(_));
    let count = changes.iter().filter(|change| is_revocation(change)).count();
    match changes.first().map(|change| &change.action) {
        Some(Action::RevokeSessions(revocation)) => {
            assert_eq!(count, 1);
            Some(revocation)
        }
        _ => {
            assert_eq!(count, 0, "a revocation comes first");
            None
        }
    }
}

fn sentences(changes: &[Change]) -> String {
    changes.iter().map(|change| format!("{} {change}\n", change.call())).collect()
}

/// A role whose revocation is from this long ago.
fn with_revocation(age: Duration) -> impl Fn(&mut ObservedRole) {
    move |role| {
        drop(
            role.policies
                .insert(REVOCATION_POLICY.to_owned(), revocation_policy(now() - age).map_err(|e| e.to_string())),
        )
    }
}

type Edit = Box<dyn Fn(&mut ObservedRole)>;

/// Every edit that lets the plan change what the sessions of the role may do, or who gets one.
fn access_edits() -> Vec<(&'static str, Edit)> {
    vec![
        ("policy", Box::new(|role| role.policies.clear())),
        ("attached", Box::new(|role| role.attached.clear())),
        ("detached", Box::new(|role| role.attached.extend([ADMINISTRATOR.to_owned()]))),
        ("boundary", Box::new(|role| role.settings.boundary = Some(ADMINISTRATOR.to_owned()))),
        ("no boundary", Box::new(|role| role.settings.boundary = None)),
        ("session duration", Box::new(|role| role.settings.max_session = 12 * HOUR)),
        ("foreign policy", Box::new(|role| drop(role.policies.insert("x".to_owned(), Ok(document(FRESH)))))),
    ]
}

#[test]
fn role_that_was_created_again_is_revoked_even_if_nothing_else_changes() {
    let changes = changes(|_| {}, &other_id_recorded());
    insta::assert_snapshot!(sentences(&changes), @"iam:PutRolePolicy revoke the sessions of role `Acme` that were issued before now: the role was deleted and created again outside of a recorded run (ID AROADBQP57FF2AEXAMPLE instead of AROAIOSFODNN7EXAMPLE)");
    let revocation = revoked(&changes).unwrap();
    assert_eq!(revoked_before(&revocation.after), Some(now() + LEAD), "the time covers the change of the trust policy");
}

#[test]
fn sessions_are_revoked_before_anything_is_widened() {
    let taken_over = |role: &mut ObservedRole| {
        role.trust = Ok(document(FRESH));
        role.policies.clear();
        role.attached.clear();
        role.settings.boundary = Some("arn:aws:iam::444455556666:policy/developer".to_owned());
        role.settings.max_session = 12 * HOUR;
    };
    let without_boundary = blueprint_with(|config| {
        config.roles.iter_mut().for_each(|role| role.definition.settings.boundary = None);
    });
    let changes = changes_of(&without_boundary, &drifted(taken_over), &other_id_recorded());
    assert!(revoked(&changes).is_some());
    insta::assert_snapshot!(sentences(&changes), @"
    iam:PutRolePolicy revoke the sessions of role `Acme` that were issued before now: the role was deleted and created again outside of a recorded run (ID AROADBQP57FF2AEXAMPLE instead of AROAIOSFODNN7EXAMPLE)
    iam:UpdateAssumeRolePolicy remove account 111122223333 from the trust policy of role `Acme`, and update it
    iam:UpdateRole update the maximum session duration of role `Acme` from 43200 s to 3600 s
    iam:PutRolePolicy put policy `read` on role `Acme`
    iam:AttachRolePolicy attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    iam:DeleteRolePermissionsBoundary remove the permissions boundary arn:aws:iam::444455556666:policy/developer from role `Acme`
    ");
}

#[test]
fn each_change_of_access_revokes_the_sessions_of_a_role_that_is_not_recorded() {
    for (what, edit) in access_edits() {
        let changes = changes(&edit, &nothing_recorded());
        assert_eq!(revoked(&changes).unwrap().reason, RevocationReason::NotRecorded, "{what}");
        assert!(changes.len() > 1, "{what}");
    }
    let changes = changes(|role| role.policies.clear(), &nothing_recorded());
    insta::assert_snapshot!(sentences(&changes), @"
    iam:PutRolePolicy revoke the sessions of role `Acme` that were issued before now: the role has the tag of this tool, but no record shows that this tool created it
    iam:PutRolePolicy put policy `read` on role `Acme`
    ");
}

#[test]
fn deleted_records_end_no_session_of_a_role_that_does_not_change() {
    assert_eq!(changes(|_| {}, &nothing_recorded()), []);
    let harmless = |role: &mut ObservedRole| {
        role.settings.description.clear();
        role.settings.tags.remove("team");
        role.settings.tags.insert("theirs".to_owned(), String::new());
    };
    let changes = changes(harmless, &nothing_recorded());
    assert!(revoked(&changes).is_none() && changes.len() == 3, "{}", sentences(&changes));
}

#[test]
fn ordinary_change_of_a_known_role_revokes_nothing() {
    for (what, edit) in access_edits() {
        let changes = changes(&edit, &recorded());
        let revoked = revoked(&changes).map(|revocation| revocation.reason.clone());
        // Another principal added a boundary: perhaps to be allowed to write to the role.
        let expected = (what == "boundary").then_some(RevocationReason::BoundaryDiffers);
        assert!(revoked == expected && !changes.is_empty(), "{what}");
    }
}

#[test]
fn trust_policy_that_is_not_as_configured_revokes_the_sessions_of_any_role() {
    for trust in [Ok(document(FRESH)), Err("odd".to_owned())] {
        for known in [recorded(), nothing_recorded()] {
            let changes = changes(|role| role.trust = trust.clone(), &known);
            assert_eq!(revoked(&changes).unwrap().reason, RevocationReason::TrustDiffers);
        }
    }
    let observed = drifted(|role| role.trust = Ok(document(FRESH)));
    let plan = diff(&blueprint(), &observed, &recorded(), now());
    assert_eq!(plan.trust_drift, [name(ROLE)].into());
    assert!(diff(&blueprint(), &drifted(|_| {}), &recorded(), now()).trust_drift.is_empty());
}

#[test]
fn trust_policy_of_a_known_role_that_grants_less_revokes_nothing() {
    let narrower = |statements: &str| {
        let trust = document(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#));
        changes(move |role| role.trust = Ok(trust.clone()), &recorded())
    };
    let deleted = r#"{"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE1"},"Action":"sts:AssumeRole"}"#;
    for statements in ["", deleted] {
        let changes = narrower(statements);
        assert!(
            matches!(&changes[..], [change] if matches!(change.action, Action::UpdateTrust { .. })),
            "{statements}"
        );
    }
    let other = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"sts:AssumeRole"}"#;
    assert!(revoked(&narrower(other)).is_some(), "another principal");
    let mut blueprint = blueprint();
    let denies =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}"#;
    for spec in &mut blueprint.roles {
        spec.trust = document(denies);
    }
    let without = drifted(|role| role.trust = Ok(document(r#"{"Version":"2012-10-17","Statement":[]}"#)));
    assert!(revoked(&changes_of(&blueprint, &without, &recorded())).is_some(), "a denial is missing");
}

#[test]
fn adopted_role_is_revoked_if_its_access_changes() {
    let adopting = blueprint_with(|config| config.roles.iter_mut().for_each(|role| role.definition.adopt = true));
    let foreign = |edit: &dyn Fn(&mut ObservedRole)| {
        let mut observed = converged(&adopting);
        let role = observed.roles.get_mut(&name(ROLE)).unwrap();
        role.settings.tags.remove(OWNER_TAG);
        edit(role);
        changes_of(&adopting, &observed, &nothing_recorded())
    };
    for (what, edit) in access_edits() {
        assert_eq!(revoked(&foreign(&edit)).unwrap().reason, RevocationReason::Adopted, "{what}");
    }
    let with_other_trust = foreign(&|role| role.trust = Ok(document(FRESH)));
    insta::assert_snapshot!(sentences(&with_other_trust), @"
    iam:PutRolePolicy revoke the sessions of role `Acme` that were issued before now: the role was created by another principal and is taken over
    iam:TagRole tag role `Acme` with `account-onboarding`
    iam:UpdateAssumeRolePolicy remove account 111122223333 from the trust policy of role `Acme`, and update it
    ");
    assert!(revoked(&foreign(&|_| {})).is_none(), "the tag alone widens nothing");
    let observed = drifted(|role| role.trust = Ok(document(FRESH)));
    assert!(diff(&adopting, &fresh(), &nothing_recorded(), now()).trust_drift.is_empty());
    assert_eq!(diff(&adopting, &observed, &nothing_recorded(), now()).trust_drift.len(), 1);
}

#[test]
fn created_role_has_no_sessions_to_revoke() {
    let changes = changes_of(&blueprint(), &fresh(), &nothing_recorded());
    assert!(changes.iter().all(|change| !matches!(change.action, Action::RevokeSessions(_))));
}

#[test]
fn revocation_is_wanted_until_the_longest_session_has_expired() {
    for known in [recorded(), nothing_recorded()] {
        for age in [Duration::ZERO, HOUR, LONGEST_SESSION - Duration::from_secs(1)] {
            assert_eq!(changes(with_revocation(age), &known), [], "{age:?}");
        }
        let expired = changes(with_revocation(LONGEST_SESSION), &known);
        insta::allow_duplicates! {
            insta::assert_snapshot!(sentences(&expired), @"iam:DeleteRolePolicy delete policy `AWSRevokeOlderSessions` from role `Acme`");
        }
    }
    let still_ahead = |role: &mut ObservedRole| {
        let policy = revocation_policy(now() + LEAD).map_err(|error| error.to_string());
        role.policies.insert(REVOCATION_POLICY.to_owned(), policy);
    };
    assert_eq!(changes(still_ahead, &recorded()), [], "the time of a run a moment ago");
}

#[test]
fn policy_of_that_name_in_another_form_is_drift() {
    let allow = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let in_the_future = revocation_policy(now() + REVOCATION_AHEAD + Duration::from_secs(1)).unwrap();
    for policy in [Ok(document(allow)), Ok(in_the_future), Err("odd".to_owned())] {
        let edit = |role: &mut ObservedRole| drop(role.policies.insert(REVOCATION_POLICY.to_owned(), policy.clone()));
        let deleted = changes(edit, &recorded());
        insta::allow_duplicates! {
            insta::assert_snapshot!(sentences(&deleted), @"iam:DeleteRolePolicy delete policy `AWSRevokeOlderSessions` from role `Acme`");
        }
        let replaced = changes(edit, &nothing_recorded());
        assert_eq!(replaced.len(), 1, "it is replaced and not deleted: {}", sentences(&replaced));
        assert_eq!(revoked(&replaced).unwrap().before, policy.clone().ok());
    }
}

#[test]
fn revocation_is_renewed_unless_its_time_is_still_ahead() {
    let edit = |ahead: i32| {
        move |role: &mut ObservedRole| {
            let time = if ahead < 0 {
                now() - Duration::from_secs(1) * ahead.unsigned_abs()
            } else {
                now() + Duration::from_secs(1) * ahead.unsigned_abs()
            };
            role.policies.insert(REVOCATION_POLICY.to_owned(), revocation_policy(time).map_err(|e| e.to_string()));
            role.trust = Ok(document(FRESH));
        }
    };
    let first = changes(|role| role.policies.clear(), &nothing_recorded());
    let mut made = revoked(&first).unwrap().clone();
    made.after = revocation_policy(now() - Duration::from_secs(3600)).unwrap();
    let by_this_run = RoleHistory { revoked: [(name(ROLE), made)].into(), ..recorded() };
    for ahead in [-3600, 0, 15, 30, 60] {
        let changes = changes(edit(ahead), &recorded());
        assert!(revoked(&changes).is_some(), "{ahead}: another run or principal made it");
    }
    for (ahead, renewed) in [(-3600, true), (0, true), (14, true), (15, false), (30, false), (60, false)] {
        let changes = changes(edit(ahead), &by_this_run);
        assert_eq!(revoked(&changes).is_some(), renewed, "{ahead}");
        assert!(changes.iter().any(|change| matches!(change.action, Action::UpdateTrust { .. })));
        let deletes =
            |change: &Change| matches!(&change.action, Action::DeletePolicy { name, .. } if name == REVOCATION_POLICY);
        assert!(!changes.iter().any(deletes), "the change of the trust policy deletes no revocation");
    }
}

#[test]
fn comparison_of_two_revocations_ignores_only_the_time() {
    let at = |time: SystemTime, edit: &dyn Fn(&mut ObservedRole), known: &RoleHistory| {
        diff(&blueprint(), &drifted(edit), known, time).changes.first().cloned().unwrap()
    };
    let one = at(now(), &|_| {}, &other_id_recorded());
    let later = at(now() + Duration::from_secs(15), &|_| {}, &other_id_recorded());
    let too_late = at(now() + Duration::from_secs(16), &|_| {}, &other_id_recorded());
    assert!(one != later && one.is_same(&later) && one.is_same(&too_late));
    assert!(one.covers(&later) && !one.covers(&too_late) && too_late.covers(&one));
    let renewed = at(now(), &with_revocation(HOUR), &other_id_recorded());
    assert!(one.is_same(&renewed), "an earlier revocation is replaced");
    let another = "AROAIOSFODNN8EXAMPLE";
    let other_role: &dyn Fn(&mut ObservedRole) = &|role| role.id = Some(another.parse().unwrap());
    let replacing: &dyn Fn(&mut ObservedRole) =
        &|role| drop(role.policies.insert(REVOCATION_POLICY.to_owned(), Ok(document(FRESH))));
    let other_record = RoleHistory { known: [(name(ROLE), another.parse().unwrap())].into(), ..RoleHistory::default() };
    for (what, different) in [
        ("role", at(now(), other_role, &other_id_recorded())),
        ("replaced policy", at(now(), replacing, &other_id_recorded())),
        ("reason", at(now(), &|_| {}, &other_record)),
        ("action", at(now(), &|role| role.policies.clear(), &recorded())),
    ] {
        assert!(!one.is_same(&different) && !one.covers(&different), "{what}");
    }
}

#[test]
fn revocation_is_in_effect_when_the_same_role_shows_it_or_a_later_one() {
    let changes = changes(|_| {}, &other_id_recorded());
    let revocation = revoked(&changes).unwrap();
    let role = |time: SystemTime, id: &str| {
        let mut observed = converged(&blueprint());
        let role = observed.roles.get_mut(&name(ROLE)).unwrap();
        role.id = Some(id.parse().unwrap());
        role.policies.insert(REVOCATION_POLICY.to_owned(), revocation_policy(time).map_err(|error| error.to_string()));
        role.clone()
    };
    let same = "AROADBQP57FF2AEXAMPLE";
    assert!(revocation.is_in_effect(&role(now() + LEAD, same)) && revocation.is_in_effect(&role(now() + HOUR, same)));
    assert!(!revocation.is_in_effect(&role(now(), same)), "an earlier one");
    assert!(!revocation.is_in_effect(&role(now() + LEAD, "AROAIOSFODNN7EXAMPLE")), "another role");
    assert!(!revocation.is_in_effect(&converged(&blueprint()).roles[&name(ROLE)]), "none");
}

#[test]
fn access_role_is_never_revoked() {
    let mut observed = fresh();
    observed.access_trust = Ok(document(FRESH));
    let changes = changes_of(&blueprint(), &observed, &RoleHistory::default());
    assert!(changes.iter().any(|change| change.role == observed.access_role), "its trust policy is changed");
    assert!(revoked(&changes).is_none());
}

#[test]
fn revocation_that_this_run_made_and_that_is_gone_is_made_again() {
    let first = changes(|role| role.policies.clear(), &nothing_recorded());
    let made = revoked(&first).unwrap().clone();
    let history = |known: RoleHistory| RoleHistory { revoked: [(name(ROLE), made.clone())].into(), ..known };
    for known in [recorded(), nothing_recorded()] {
        assert!(revoked(&changes(|_| {}, &history(known.clone()))).unwrap().is_same(&made));
        let in_effect = |role: &mut ObservedRole| {
            role.policies.insert(REVOCATION_POLICY.to_owned(), Ok(made.after.clone()));
        };
        assert_eq!(changes(in_effect, &history(known)), []);
    }
    let another = |role: &mut ObservedRole| role.id = Some("AROAIOSFODNN8EXAMPLE".parse().unwrap());
    assert_eq!(changes(another, &history(nothing_recorded())), [], "another role, in which nothing changes");
}

/// What the record says about a revocation of this long ago.
fn revoked_earlier(age: Duration, id: &str) -> RoleHistory {
    let revocation = RecordedRevocation { role_id: id.parse().unwrap(), issued_before: now() - age };
    RoleHistory { earlier: [(name(ROLE), revocation)].into(), ..recorded() }
}

#[test]
fn revocation_of_an_earlier_run_that_was_deleted_or_weakened_is_made_again_with_its_time() {
    let allow = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let with = |policy: Result<Document, String>| -> Edit {
        Box::new(move |role| drop(role.policies.insert(REVOCATION_POLICY.to_owned(), policy.clone())))
    };
    let lost: Vec<(&str, Edit)> = vec![
        ("deleted", Box::new(|_| {})),
        ("earlier", Box::new(with_revocation(HOUR + Duration::from_secs(1)))),
        ("expired", Box::new(with_revocation(LONGEST_SESSION))),
        ("another form", with(Ok(document(allow)))),
        ("not supported", with(Err("odd".to_owned()))),
    ];
    for (what, edit) in lost {
        let changes = changes(edit, &revoked_earlier(HOUR, ROLE_ID));
        let revocation = revoked(&changes).expect(what);
        assert_eq!((changes.len(), &revocation.reason), (1, &RevocationReason::Lost), "{what}");
        assert_eq!(revoked_before(&revocation.after), Some(now() - HOUR), "{what}: later sessions are not affected");
    }
    assert_eq!(changes(with_revocation(Duration::ZERO), &revoked_earlier(HOUR, ROLE_ID)), [], "a later time covers it");
    let made_again = changes(|_| {}, &revoked_earlier(HOUR, ROLE_ID));
    insta::assert_snapshot!(sentences(&made_again), @"iam:PutRolePolicy revoke the sessions of role `Acme` that were issued before 2026-11-25T17:00:00Z: an earlier run revoked them, and the policy that does it was deleted or changed");
}

#[test]
fn revocation_of_an_earlier_run_is_made_again_only_while_it_is_needed_and_in_the_same_role() {
    let last = LONGEST_SESSION - Duration::from_secs(1);
    assert_eq!(changes(|_| {}, &revoked_earlier(last, ROLE_ID)).len(), 1);
    assert_eq!(changes(|_| {}, &revoked_earlier(LONGEST_SESSION, ROLE_ID)), [], "every session has expired");
    assert_eq!(changes(|_| {}, &revoked_earlier(HOUR, "AROAIOSFODNN8EXAMPLE")), [], "another role");
    assert_eq!(changes(with_revocation(HOUR), &revoked_earlier(HOUR, ROLE_ID)), [], "it is there");
    let newer = changes(|role| role.trust = Ok(document(FRESH)), &revoked_earlier(HOUR, ROLE_ID));
    assert_eq!(revoked(&newer).map(|one| &one.reason), Some(&RevocationReason::TrustDiffers));
    assert_eq!(revoked_before(&revoked(&newer).unwrap().after), Some(now() + LEAD), "sessions of now as well");
    let mut in_the_future = revoked_earlier(HOUR, ROLE_ID);
    in_the_future.earlier.get_mut(&name(ROLE)).unwrap().issued_before = now() + HOUR;
    assert_eq!(changes(|_| {}, &in_the_future), [], "no run has written that");
}

#[test]
fn revocation_that_is_gone_during_the_run_keeps_its_time_when_the_trust_policy_is_as_configured() {
    let first = changes(|role| role.policies.clear(), &nothing_recorded());
    let made = revoked(&first).unwrap().clone();
    let history = RoleHistory { revoked: [(name(ROLE), made.clone())].into(), ..recorded() };
    let later = diff(&blueprint(), &drifted(|_| {}), &history, now() + Duration::from_secs(60)).changes;
    assert_eq!(revoked_before(&revoked(&later).unwrap().after), revoked_before(&made.after));
    let mut history = RoleHistory::default();
    let newer = SessionRevocation { issued_before: made.issued_before + LEAD, ..made.clone() };
    for revocation in [&made, &newer, &made] {
        history.note_revocation(&name(ROLE), revocation);
    }
    assert_eq!(history.revoked[&name(ROLE)].issued_before, newer.issued_before, "the newest counts");
}

/// A policy of about this many characters.
fn large(effect: &str, characters: usize) -> Result<Document, String> {
    let sid = "x".repeat(characters);
    Ok(document(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"{sid}","Effect":"{effect}","Action":"s3:Get*","Resource":"*"}}]}}"#
    )))
}

#[test]
fn space_for_the_revocation_is_made_by_deleting_policies_that_only_allow() {
    let put = |role: &mut ObservedRole, name: &str, policy: Result<Document, String>| {
        let length = policy.as_ref().map_or(10_100, |policy| inline_length(&policy.to_json()));
        role.inline_length += length;
        role.policies.insert(name.to_owned(), policy);
    };
    let calls = |edit: &dyn Fn(&mut ObservedRole)| {
        let changes = changes(edit, &other_id_recorded());
        changes
            .iter()
            .map(|change| change.to_string().split(" that were").next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let revoke = "revoke the sessions of role `Acme`";
    // As configured, but perhaps longer.
    let again = "replace policy `read` of role `Acme`";
    let foreign = calls(&|role| put(role, "x", large("Allow", 10_000)));
    assert_eq!(foreign, [again, "delete policy `x` from role `Acme`", revoke]);
    let configured = calls(&|role| put(role, "read", large("Allow", 10_000)));
    assert_eq!(configured, ["delete policy `read` from role `Acme`", revoke, "put policy `read` on role `Acme`"]);
    let denies = calls(&|role| put(role, "x", large("Deny", 10_000)));
    let denied = ["replace policy `x` of role `Acme`", revoke, "delete policy `x` from role `Acme`"];
    assert_eq!((denies[0].as_str(), &denies[1..]), (again, &denied.map(str::to_owned)[..]), "its deletion gives more");
    let unsupported = calls(&|role| put(role, "x", Err("odd".to_owned())));
    assert_eq!(unsupported, [again, "put policy `x` on role `Acme`", revoke, "delete policy `x` from role `Acme`"]);
    let small = calls(&|role| put(role, "read", large("Allow", 9_000)));
    assert_eq!(small, [revoke, "replace policy `read` of role `Acme`"], "there is space");
}
