use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::role_settings::RoleSettings;

const ROLE: &str = "OrganizationAccountAccessRole";
const ROLE_ID: &str = "AROADBQP57FF2AEXAMPLE";
const BEFORE: &str = r#"{ "Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#;
const AFTER: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::222233334444:root"]},"Action":"sts:AssumeRole"}]}"#;

fn edit(run: &str, before: &str, after: &str) -> RecordedTrustEdit {
    RecordedTrustEdit {
        run: run.to_owned(),
        at: UNIX_EPOCH + Duration::from_secs(1_795_629_600),
        role: ROLE.parse().unwrap(),
        role_id: ROLE_ID.parse().unwrap(),
        before: MaskedPolicy::new(before).unwrap(),
        after: MaskedPolicy::new(after).unwrap(),
        seen: true,
        undoes: None,
    }
}

fn found(trust: &str) -> ObservedRole {
    ObservedRole {
        id: ROLE_ID.parse().ok(),
        settings: RoleSettings::default(),
        trust: Document::parse_verbatim(trust).map_err(|error| error.to_string()),
        policies: BTreeMap::new(),
        inline_length: 0,
        attached: BTreeSet::new(),
    }
}

/// What is written to undo an edit, or why it is not undone.
fn undone(edits: &[RecordedTrustEdit], found: Option<ObservedRole>, known_ids: &[&str]) -> String {
    let all = edits.iter().fold(RecordedTrustEdits::default(), |all, edit| all.with(edit.clone()));
    let management = "111122223333".parse().unwrap();
    let access_role = ROLE.parse().unwrap();
    let known_ids: Vec<ExternalId> = known_ids.iter().map(|id| id.parse().unwrap()).collect();
    let known_ids = &known_ids;
    let subject = UndoSubject {
        management: &management,
        callers: &Callers::default(),
        access_role: &access_role,
        found: found.as_ref(),
        known_ids,
    };
    match undo_step(&all, &edits[0], &subject) {
        Ok(UndoStep::Restored) => "restored".to_owned(),
        Ok(UndoStep::Restore(restore)) => match &restore.change().action {
            Action::UpdateTrust { after, .. } => after.to_text(),
            other => panic!("{other:?}"),
        },
        Err(cause) => {
            assert_eq!(cause.code, Code::UndoRefused);
            cause.to_string()
        }
    }
}

fn one(before: &str, after: &str, current: &str) -> String {
    undone(&[edit("run-1", before, after)], Some(found(current)), &[])
}

#[test]
fn policy_is_restored_byte_for_byte() {
    assert_eq!(one(BEFORE, AFTER, AFTER), BEFORE);
    assert_eq!(one(BEFORE, AFTER, BEFORE), "restored");
    assert_eq!(one(BEFORE, AFTER, &BEFORE.replace(' ', "")), "restored", "IAM returns it in another form");
}

#[test]
fn policy_that_the_run_left_must_be_unchanged() {
    let with = |arn: &str| AFTER.replace("arn:aws:iam::222233334444:root", arn);
    let denied = AFTER.replace(
        "\"Statement\":[",
        r#""Statement":[{"Effect":"Deny","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"},"#,
    );
    let mfa = AFTER.replace(
        r#""Action":"sts:AssumeRole""#,
        r#""Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#,
    );
    let texts = [
        with("arn:aws:iam::222233334444:root\",\"arn:aws:iam::333344445555:root"),
        with("arn:aws:iam::222233334444:role/ci"),
        denied,
        mfa,
        AFTER.replace("\"Effect\":\"Allow\"", "\"Sid\":\"Own\",\"Effect\":\"Allow\""),
        AFTER.replace("2012-10-17", "2008-10-17"),
    ];
    let refused: Vec<_> = texts.iter().map(|text| one(BEFORE, AFTER, text)).collect();
    insta::assert_snapshot!(refused.join("\n"), @"
    the trust policy of role `OrganizationAccountAccessRole` was changed since run `run-1` (2026-11-25T18:00:00Z): `333344445555` was added; edit it manually, or revert these changes and run again
    the trust policy of role `OrganizationAccountAccessRole` was changed since run `run-1` (2026-11-25T18:00:00Z): `arn:aws:iam::222233334444:role/ci` was added and `222233334444` was removed; edit it manually, or revert these changes and run again
    the trust policy of role `OrganizationAccountAccessRole` was changed since run `run-1` (2026-11-25T18:00:00Z): `444455556666` was added; edit it manually, or revert these changes and run again
    the trust policy of role `OrganizationAccountAccessRole` was changed since run `run-1` (2026-11-25T18:00:00Z): `111122223333` and `222233334444` were given other conditions or actions; edit it manually, or revert these changes and run again
    the trust policy of role `OrganizationAccountAccessRole` was changed since run `run-1` (2026-11-25T18:00:00Z): the same principals are written in another way; edit it manually, or revert these changes and run again
    the trust policy of role `OrganizationAccountAccessRole` was changed since run `run-1` (2026-11-25T18:00:00Z): the same principals are written in another way; edit it manually, or revert these changes and run again
    ");
}

/// A run that was killed has recorded what it sent, and IAM stores that in another form.
#[test]
fn edit_that_was_not_seen_is_compared_by_its_meaning() {
    let unseen = RecordedTrustEdit { seen: false, ..edit("run-1", BEFORE, AFTER) };
    let saved = AFTER.replace("arn:aws:iam::222233334444:root", "222233334444");
    assert_eq!(undone(&[unseen], Some(found(&saved)), &[]), BEFORE);
    assert!(one(BEFORE, AFTER, &saved).contains("written in another way"), "after it was seen, the text counts");
}

#[test]
fn later_run_has_to_be_undone_first() {
    let third = AFTER.replace("222233334444:root\"]", "222233334444:root\",\"arn:aws:iam::333344445555:root\"]");
    let edits = [edit("run-1", BEFORE, AFTER), edit("run-2", AFTER, &third)];
    insta::assert_snapshot!(undone(&edits, Some(found(&third)), &[]), @"run `run-2` changed the trust policy of role `OrganizationAccountAccessRole` after run `run-1` (2026-11-25T18:00:00Z); undo that run first: pass `--run run-2`");
}

#[test]
fn role_must_be_the_recorded_one() {
    let edits = [edit("run-1", BEFORE, AFTER)];
    let again = ObservedRole { id: "AROAOTHEROTHEROTHER12".parse().ok(), ..found(AFTER) };
    let other = [RecordedTrustEdit { role: "Other".parse().unwrap(), ..edit("run-1", BEFORE, AFTER) }];
    let lines = [
        undone(&edits, None, &[]),
        undone(&edits, Some(again), &[]),
        undone(&other, Some(found(AFTER)), &[]),
        undone(&edits, Some(found("{}")), &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    role `OrganizationAccountAccessRole` no longer exists; there is nothing to restore
    role `OrganizationAccountAccessRole` was deleted and created again since run `run-1`: its unique ID is AROAOTHEROTHEROTHER12, and was AROADBQP57FF2AEXAMPLE; edit its trust policy manually
    run `run-1` changed role `Other`, and the account is accessed through role `OrganizationAccountAccessRole` now; edit the trust policy of role `Other` manually
    the trust policy of role `OrganizationAccountAccessRole` cannot be read: `Statement` is missing; fix it manually
    ");
}

#[test]
fn external_ids_come_from_the_current_policy_or_from_the_configuration() {
    let with_id = |trust: &str| {
        trust.replace(
            r#""Statement":["#,
            r#""Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::333344445555:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret"}}},"#,
        )
    };
    let before = with_id(BEFORE);
    assert_eq!(one(&before, &with_id(AFTER), &with_id(AFTER)), before);
    let edits = [edit("run-1", &before, AFTER)];
    assert_eq!(undone(&edits, Some(found(AFTER)), &["other", "s3cret"]), before);
    let unknown = undone(&edits, Some(found(AFTER)), &[]);
    assert!(!unknown.contains("s3cret"));
    insta::assert_snapshot!(unknown, @"the trust policy of role `OrganizationAccountAccessRole` before run `run-1` had an external ID that it no longer has, and records do not contain external IDs; edit it manually");
}

#[test]
fn management_account_keeps_its_access() {
    let identity = BEFORE.replace("111122223333", "222233334444");
    insta::assert_snapshot!(one(&identity, AFTER, AFTER), @"the management account 111122223333 could not assume role `OrganizationAccountAccessRole` with the trust policy as it was before run `run-1`; edit it manually, with another role of the account");
    let named = BEFORE.replace("111122223333:root", "111122223333:role/onboarding");
    assert!(one(&named, AFTER, AFTER).contains("could not assume role"), "its other roles and users lose their access");
    let both = AFTER.replace("111122223333:root", "111122223333:role/onboarding");
    assert_eq!(one(&named, &both, &both), named, "nothing of its access changes");
}

#[test]
fn policy_that_iam_does_not_accept_is_not_restored() {
    let orphan = AFTER.replace("arn:aws:iam::222233334444:root", "AROA1EXAMPLEORPHAN123");
    insta::assert_snapshot!(one(&orphan, AFTER, AFTER), @"the trust policy of role `OrganizationAccountAccessRole` before run `run-1` names the unique ID AROA1EXAMPLEORPHAN123, a deleted role or user, and IAM does not accept such a policy; edit it manually");
}

#[test]
fn last_run_that_is_not_an_undo_is_selected() {
    let all = |edits: &[RecordedTrustEdit]| {
        let with = |all: RecordedTrustEdits, edit: &RecordedTrustEdit| all.with(edit.clone());
        edits.iter().fold(RecordedTrustEdits::default(), with)
    };
    let undo = RecordedTrustEdit { undoes: Some("run-1".to_owned()), ..edit("run-2", AFTER, BEFORE) };
    let edits = all(&[edit("run-1", BEFORE, AFTER), undo.clone()]);
    assert_eq!(selected(&edits, None).unwrap().run, "run-1");
    assert_eq!(selected(&edits, Some("run-2")).unwrap().run, "run-2");
    let lines = [
        selected(&RecordedTrustEdits::default(), None).unwrap_err(),
        selected(&edits, Some("run-3")).unwrap_err(),
        selected(&all(&[undo]), None).unwrap_err(),
    ];
    insta::assert_snapshot!(lines.map(|cause| cause.to_string()).join("\n"), @"
    the record of the account has no run that changed the trust policy of its access role; only changes of runs that had the table of records are kept, and those of the last five runs
    the record of the account has no run `run-3` that changed the trust policy of its access role; pass one of these as `--run`: `run-2` and `run-1`
    the only recorded changes of the access role's trust policy are undos; pass one of these as `--run`: `run-2`
    ");
}
