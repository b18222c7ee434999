use super::*;

const MANAGEMENT: &str = "arn:aws:iam::111122223333:root";
const IDENTITY: &str = "222233334444";

fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

/// The trust policy that Organizations makes, as IAM gives it.
fn fresh() -> Document {
    document(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{MANAGEMENT}"}},"Action":"sts:AssumeRole"}}]}}"#
    ))
}

fn grant(principal: &str, condition: &str) -> Grant {
    let condition = Condition::parse(&serde_json::from_str(condition).unwrap()).unwrap();
    Grant { principal: Principal::to_grant(principal).unwrap(), condition }
}

fn add(document: &Document, grants: &[Grant]) -> TrustEdit {
    add_grants(document, grants, &"aws".parse().unwrap()).unwrap()
}

fn notices(edit: &TrustEdit) -> String {
    edit.notices.iter().map(|notice| format!("{notice}\n")).collect()
}

#[test]
fn a_grant_that_is_there_is_no_change() {
    let before = add(&fresh(), &[grant(IDENTITY, "{}")]).document;
    for spelling in [IDENTITY, "arn:aws:iam::222233334444:root"] {
        let edit = add(&before, &[grant(spelling, "{}")]);
        assert!(edit.is_unchanged());
        assert_eq!(edit.document.to_json(), before.to_json());
        assert_eq!(edit.grants, [GrantEdit::Present(0)]);
    }
}

#[test]
fn the_identity_account_joins_the_management_account() {
    let edit = add(&fresh(), &[grant(IDENTITY, "{}")]);
    assert_eq!(edit.grants, [GrantEdit::Joined(0)]);
    insta::assert_snapshot!(edit.document.to_json(), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::222233334444:root"]},"Action":"sts:AssumeRole"}]}"#);
}

#[test]
fn a_condition_keeps_a_grant_apart() {
    let mfa = r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#;
    let edit = add(&fresh(), &[grant(IDENTITY, mfa), grant("333344445555", mfa), grant("444455556666", "{}")]);
    assert_eq!(edit.grants, [GrantEdit::Added(1), GrantEdit::Joined(1), GrantEdit::Joined(0)]);
    insta::assert_snapshot!(edit.document.to_pretty(), @r#"
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Effect": "Allow",
          "Principal": {
            "AWS": [
              "arn:aws:iam::111122223333:root",
              "arn:aws:iam::444455556666:root"
            ]
          },
          "Action": "sts:AssumeRole"
        },
        {
          "Sid": "AccountOnboarding1",
          "Effect": "Allow",
          "Principal": {
            "AWS": [
              "arn:aws:iam::222233334444:root",
              "arn:aws:iam::333344445555:root"
            ]
          },
          "Action": "sts:AssumeRole",
          "Condition": {
            "Bool": {
              "aws:MultiFactorAuthPresent": "true"
            }
          }
        }
      ]
    }
    "#);
}

#[test]
fn a_boolean_condition_is_the_same_as_its_text() {
    let before = document(
        r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole",
            "Condition":{"bool":{"AWS:MultiFactorAuthPresent":true}}}}"#,
    );
    assert!(add(&before, &[grant(IDENTITY, r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#)]).is_unchanged());
}

/// Statements that a principal must not join: each would give it, or the others, something else.
#[test]
fn a_statement_that_differs_is_left_alone() {
    for (why, statement) in [
        (
            "more actions",
            r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["sts:AssumeRole","sts:TagSession"]}"#,
        ),
        ("all actions", r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:*"}"#),
        (
            "a service too",
            r#"{"Effect":"Allow","Principal":{"AWS":"111122223333","Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#,
        ),
        ("a service", r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#),
        (
            "federated",
            r#"{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::444455556666:saml-provider/x"},"Action":"sts:AssumeRoleWithSAML"}"#,
        ),
        ("everybody", r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}"#),
        ("everybody in AWS", r#"{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"sts:AssumeRole"}"#),
        ("all but", r#"{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}"#),
        ("all but an action", r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"NotAction":"sts:TagSession"}"#),
        (
            "a condition",
            r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringLike":{"x":["a","b"]}}}"#,
        ),
        (
            "an unknown key",
            r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Comment":{"a":1.50}}"#,
        ),
        ("a denial", r#"{"Effect":"Deny","Principal":{"AWS":"333344445555"},"Action":"sts:AssumeRole"}"#),
        ("nobody", r#"{"Effect":"Allow","Principal":{"AWS":[]},"Action":"sts:AssumeRole"}"#),
    ] {
        let edit = add(
            &document(&format!(r#"{{"Version":"2012-10-17","Id":"x","Statement":{statement}}}"#)),
            &[grant(IDENTITY, "{}")],
        );
        assert_eq!(edit.grants, [GrantEdit::Added(1)], "{why}");
        let start =
            format!(r#"{{"Version":"2012-10-17","Id":"x","Statement":[{statement},{{"Sid":"AccountOnboarding1""#);
        assert!(edit.document.to_json().starts_with(&start), "{why}: {}", edit.document.to_json());
    }
}

#[test]
fn a_statement_without_a_list_stays_without_it() {
    let before =
        document(r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}"#);
    let after = add(&before, &[grant(IDENTITY, "{}")]).document.to_json();
    assert_eq!(
        after,
        r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::222233334444:root"]},"Action":"sts:AssumeRole"}}"#
    );
}

#[test]
fn a_sid_stands_once() {
    let before = document(
        r#"{"Statement":[{"Sid":"AccountOnboarding1","Effect":"Deny","Principal":"*","Action":"sts:TagSession"}]}"#,
    );
    let edit = add(&before, &[grant(IDENTITY, "{}")]);
    assert_eq!(edit.document.statements()[1].sid.as_deref(), Some("AccountOnboarding2"));
}

#[test]
fn denials_broader_grants_and_orphans_are_said() {
    let before = document(
        r#"{"Statement":[
        {"Sid":"Wide","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},
        {"Effect":"Deny","Principal":{"AWS":"222233334444"},"Action":"sts:*"},
        {"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:SecureTransport":"false"}}},
        {"Effect":"Allow","Principal":{"AWS":["AROAIOSFODNN7EXAMPLE"]},"Action":"sts:AssumeRole"}]}"#,
    );
    insta::assert_snapshot!(notices(&add(&before, &[grant("arn:aws:iam::222233334444:role/admin", "{}")])), @r"
    statement 4 still names a deleted identity (AROAIOSFODNN7EXAMPLE), which lets nobody in and keeps IAM from saving the policy
    statement `Wide` already grants arn:aws:iam::222233334444:role/admin more than the configuration asks for
    statement 2 denies arn:aws:iam::222233334444:role/admin, whatever else is granted
    statement 3 denies arn:aws:iam::222233334444:role/admin when its condition holds
    ");
}

#[test]
fn pruning_takes_orphans_and_nothing_else() {
    let before = document(
        r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":{"AWS":["AIDAIOSFODNN7EXAMPLE","111122223333"]},"Action":"sts:AssumeRole"},
        {"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE"},"Action":"sts:AssumeRole"},
        {"Effect":"Deny","NotPrincipal":{"AWS":["AROAIOSFODNN7EXAMPLE"]},"Action":"sts:AssumeRole"}]}"#,
    );
    insta::assert_snapshot!(prune_orphans(&before).unwrap().to_json(), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["111122223333"]},"Action":"sts:AssumeRole"},{"Effect":"Deny","NotPrincipal":{"AWS":["AROAIOSFODNN7EXAMPLE"]},"Action":"sts:AssumeRole"}]}"#);
}

#[test]
fn what_is_no_trust_policy_is_said_in_a_sentence() {
    let sentences: String = [
        "",
        "nothing",
        "[]",
        "{}",
        r#"{"Statement":"x"}"#,
        r#"{"Statement":[1]}"#,
        r#"{"Statement":[{"Effect":"allow","Action":"*"}]}"#,
        r#"{"Statement":[{"Effect":"Allow"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":1,"NotAction":2}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":{}}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Principal":"111122223333"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Principal":{"AWS":{}}}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Condition":[]}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Condition":{"Bool":{"a":null}}}]}"#,
        r#"{"Statement":[{"Sid":7,"Effect":"Allow","Action":"*"}]}"#,
    ]
    .iter()
    .map(|text| format!("{}\n", Document::parse(text).unwrap_err()))
    .collect();
    insta::assert_snapshot!(sentences, @r#"
    the policy is not JSON: EOF while parsing a value at line 1 column 0
    the policy is not JSON: expected ident at line 1 column 2
    the policy is not a JSON object; it starts with `{`
    `Statement` is not understood; it should be a statement or a list of statements
    `Statement` is not understood; it should be a statement or a list of statements
    `Statement[0]` is not understood; it should be an object
    `Statement[0].Effect` is not understood; it should be `Allow` or `Deny`
    `Statement[0].Action` is not understood; it should be there once, or `NotAction` in its place
    `Statement[0].Action` is not understood; it should be there once, or `NotAction` in its place
    `Statement[0].Action` is not understood; it should be a text or a list of texts
    `Statement[0].Principal` is not understood; it should be `"*"` or an object of lists, as `{"AWS": "111122223333"}`
    `Statement[0].Principal` is not understood; it should be `"*"` or an object of lists, as `{"AWS": "111122223333"}`
    `Condition` is not understood; it should be an object of operators
    `Condition` is not understood; it should be for each key a text or a list of texts
    `Statement[0].Sid` is not understood; it should be a text
    "#);
}

mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::{Caller, Facts, access_entries, can_assume};

    fn principal() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(r#""*""#.to_owned()),
            prop::collection::vec(
                prop::sample::select(vec![
                    "111122223333",
                    "arn:aws:iam::111122223333:root",
                    "222233334444",
                    "arn:aws:iam::222233334444:role/admin",
                    "arn:aws:sts::222233334444:assumed-role/a/b",
                    "*",
                ]),
                1..4
            )
            .prop_map(|all| serde_json::json!({ "AWS": all }).to_string()),
            Just(r#"{"AWS":"333344445555"}"#.to_owned()),
            Just(r#"{"Service":["ec2.amazonaws.com"],"AWS":"333344445555"}"#.to_owned()),
        ]
    }

    fn condition() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "{}",
            r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#,
            r#"{"StringEquals":{"sts:ExternalId":"one"}}"#,
            r#"{"StringLike":{"aws:PrincipalOrgID":["o-1","o-2"]},"Null":{"aws:SourceIp":"false"}}"#,
        ])
    }

    fn statement() -> impl Strategy<Value = String> {
        let action = prop::sample::select(vec![
            r#""Action":"sts:AssumeRole""#,
            r#""Action":["sts:assumerole","sts:TagSession"]"#,
            r#""Action":"sts:*""#,
            r#""NotAction":"sts:TagSession""#,
        ]);
        let effect = prop::sample::select(vec!["Allow", "Allow", "Allow", "Deny"]);
        let who = prop::sample::select(vec!["Principal", "Principal", "NotPrincipal"]);
        (effect, who, principal(), action, condition(), any::<bool>()).prop_map(
            |(effect, who, principal, action, condition, extra)| {
                let extra = if extra { r#""Extra":[1.0,{"b":null}],"# } else { "" };
                format!(r#"{{"Effect":"{effect}","{who}":{principal},{action},{extra}"Condition":{condition}}}"#)
            },
        )
    }

    fn trust() -> impl Strategy<Value = Document> {
        prop::collection::vec(statement(), 0..5)
            .prop_map(|all| document(&format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, all.join(","))))
    }

    fn a_grant() -> impl Strategy<Value = Grant> {
        let who = prop::sample::select(vec![IDENTITY, "444455556666", "arn:aws:iam::222233334444:role/admin"]);
        (who, condition()).prop_map(|(who, condition)| grant(who, condition))
    }

    fn callers() -> Vec<Caller> {
        let all =
            ["111122223333", "222233334444", "333344445555", "444455556666", "arn:aws:iam::222233334444:role/admin"];
        all.iter().filter_map(|who| Caller::of(&Principal::to_grant(who).unwrap())).collect()
    }

    proptest! {
        #[test]
        fn a_second_edit_changes_nothing(before in trust(), grants in prop::collection::vec(a_grant(), 1..4)) {
            let after = add(&before, &grants).document;
            let again = add(&after, &grants);
            prop_assert!(again.is_unchanged());
            prop_assert_eq!(again.document, after);
        }

        #[test]
        fn nobody_is_lost_and_nobody_else_gained(before in trust(), grants in prop::collection::vec(a_grant(), 1..4)) {
            let after = add(&before, &grants).document;
            let (was, is) = (access_entries(&before), access_entries(&after));
            let asked = access_entries(&add(&Document::of(Vec::new()).unwrap(), &grants).document);
            prop_assert!(was.is_subset(&is));
            prop_assert!(is.difference(&was).all(|entry| asked.contains(entry)));
            let facts = [Facts::complete(), Facts::complete().with("aws:MultiFactorAuthPresent", "true"), Facts::complete().with("sts:ExternalId", "one")];
            for (caller, facts) in callers().iter().flat_map(|c| facts.iter().map(move |f| (c, f))) {
                let could = can_assume(&before, caller, facts).can();
                let can = can_assume(&after, caller, facts).can();
                prop_assert!(!could || can, "{:?} was locked out", caller);
                let meant = grants.iter().any(|g| g.principal.account().as_ref() == Some(&caller.account));
                prop_assert!(could || !can || meant, "{:?} was let in", caller);
            }
        }

        #[test]
        fn statements_that_were_there_stay(before in trust(), grants in prop::collection::vec(a_grant(), 1..4)) {
            let after = add(&before, &grants).document;
            let list = |document: &Document| document.as_map()["Statement"].as_array().unwrap().clone();
            let (old, new) = (list(&before), list(&after));
            prop_assert!(new.len() >= old.len());
            for (old, new) in old.iter().zip(&new) {
                let (mut old, mut new) = (old.clone(), new.clone());
                old.as_object_mut().unwrap().shift_remove("Principal");
                new.as_object_mut().unwrap().shift_remove("Principal");
                prop_assert_eq!(old.to_string(), new.to_string());
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            let _ = Document::parse(&text);
        }
    }
}
