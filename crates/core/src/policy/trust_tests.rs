use super::*;
use crate::policy::{AssumeAction, Condition};

const MANAGEMENT: &str = "arn:aws:iam::111122223333:root";
pub(super) const IDENTITY: &str = "222233334444";

pub(super) fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

/// The trust policy that Organizations creates, as IAM returns it.
fn fresh() -> Document {
    document(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{MANAGEMENT}"}},"Action":"sts:AssumeRole"}}]}}"#
    ))
}

pub(super) fn grant(principal: &str, condition: &str) -> Grant {
    let condition = Condition::parse(&serde_json::from_str(condition).unwrap()).unwrap();
    Grant::new(Principal::to_grant(principal).unwrap(), condition)
}

pub(super) fn add(document: &Document, grants: &[Grant]) -> TrustEdit {
    add_grants(document, grants, &"aws".parse().unwrap()).unwrap()
}

fn notices(edit: &TrustEdit) -> String {
    edit.notices.iter().map(|notice| format!("{notice}\n")).collect()
}

#[test]
fn existing_grant_is_no_change() {
    let before = add(&fresh(), &[grant(IDENTITY, "{}")]).document;
    for spelling in [IDENTITY, "arn:aws:iam::222233334444:root"] {
        let edit = add(&before, &[grant(spelling, "{}")]);
        assert!(edit.is_unchanged());
        assert_eq!(edit.document.to_json(), before.to_json());
        assert_eq!(edit.grants, [GrantEdit::Present(0)]);
    }
}

#[test]
fn identity_account_joins_the_statement_of_the_management_account() {
    let edit = add(&fresh(), &[grant(IDENTITY, "{}")]);
    assert_eq!(edit.grants, [GrantEdit::Joined(0)]);
    insta::assert_snapshot!(edit.document.to_json(), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::222233334444:root"]},"Action":"sts:AssumeRole"}]}"#);
}

#[test]
fn grant_with_a_condition_gets_its_own_statement() {
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
fn boolean_condition_equals_its_string() {
    let before = document(
        r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole",
            "Condition":{"bool":{"AWS:MultiFactorAuthPresent":true}}}}"#,
    );
    assert!(add(&before, &[grant(IDENTITY, r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#)]).is_unchanged());
}

/// Statements that a principal must not join, because it or the others would gain or lose something.
#[test]
fn differing_statement_is_not_joined() {
    for (why, statement) in [
        (
            "further actions",
            r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["sts:AssumeRole","sts:TagSession"]}"#,
        ),
        ("all actions", r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:*"}"#),
        (
            "a service as well",
            r#"{"Effect":"Allow","Principal":{"AWS":"111122223333","Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#,
        ),
        ("a service", r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#),
        (
            "federated",
            r#"{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::444455556666:saml-provider/x"},"Action":"sts:AssumeRoleWithSAML"}"#,
        ),
        ("everyone", r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}"#),
        ("everyone in AWS", r#"{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"sts:AssumeRole"}"#),
        ("NotPrincipal", r#"{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}"#),
        ("NotAction", r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"NotAction":"sts:TagSession"}"#),
        (
            "a condition",
            r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringLike":{"x":["a","b"]}}}"#,
        ),
        (
            "an unknown key",
            r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Comment":{"a":1.50}}"#,
        ),
        ("a denial", r#"{"Effect":"Deny","Principal":{"AWS":"333344445555"},"Action":"sts:AssumeRole"}"#),
        ("no principal", r#"{"Effect":"Allow","Principal":{"AWS":[]},"Action":"sts:AssumeRole"}"#),
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

/// A principal that joined a statement with other actions would gain them, or would lack its own.
#[test]
fn grant_joins_only_a_statement_with_the_same_actions() {
    let tagging = |principal: &str| Grant {
        actions: [AssumeAction::AssumeRole, AssumeAction::TagSession].into_iter().collect(),
        ..grant(principal, "{}")
    };
    let edit = add(&fresh(), &[grant(IDENTITY, "{}"), tagging(IDENTITY), tagging("333344445555")]);
    assert_eq!(edit.grants, [GrantEdit::Joined(0), GrantEdit::Added(1), GrantEdit::Joined(1)]);
    assert_eq!(notices(&edit), "", "the first statement grants less, not more");
    let added = &edit.document.as_map()["Statement"][1];
    assert_eq!(added["Action"], serde_json::json!(["sts:AssumeRole", "sts:TagSession"]));
    assert!(add(&edit.document, &[tagging(IDENTITY), grant("333344445555", "{}")]).is_unchanged());
}

#[test]
fn single_statement_without_array_stays_so() {
    let before =
        document(r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}"#);
    let after = add(&before, &[grant(IDENTITY, "{}")]).document.to_json();
    assert_eq!(
        after,
        r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::222233334444:root"]},"Action":"sts:AssumeRole"}}"#
    );
}

#[test]
fn sid_is_unique() {
    let before = document(
        r#"{"Statement":[{"Sid":"AccountOnboarding1","Effect":"Deny","Principal":"*","Action":"sts:TagSession"}]}"#,
    );
    let edit = add(&before, &[grant(IDENTITY, "{}")]);
    assert_eq!(edit.document.statements()[1].sid.as_deref(), Some("AccountOnboarding2"));
}

#[test]
fn denials_broader_grants_and_orphans_are_reported() {
    let before = document(
        r#"{"Statement":[
        {"Sid":"Wide","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},
        {"Effect":"Deny","Principal":{"AWS":"222233334444"},"Action":"sts:*"},
        {"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:SecureTransport":"false"}}},
        {"Effect":"Allow","Principal":{"AWS":["AROAIOSFODNN7EXAMPLE"]},"Action":"sts:AssumeRole"}]}"#,
    );
    insta::assert_snapshot!(notices(&add(&before, &[grant("arn:aws:iam::222233334444:role/admin", "{}")])), @"
    statement 4 names the unique ID AROAIOSFODNN7EXAMPLE; in a policy that IAM returned, this is a deleted role or user, which has no access and prevents IAM from saving the policy
    statement `Wide` already grants arn:aws:iam::222233334444:role/admin more than is requested
    statement 2 denies arn:aws:iam::222233334444:role/admin regardless of other grants
    statement 3 denies arn:aws:iam::222233334444:role/admin when its condition is met
    ");
}

#[test]
fn denial_of_a_part_of_the_principal_names_it() {
    let before = document(
        r#"{"Statement":[
        {"Effect":"Deny","Principal":{"AWS":["arn:aws:iam::222233334444:role/x","arn:aws:sts::222233334444:assumed-role/admin/bad","333344445555"]},"Action":"sts:AssumeRole"},
        {"Effect":"Deny","Principal":{"AWS":"arn:aws-cn:iam::222233334444:role/x"},"Action":"sts:AssumeRole"},
        {"Sid":"Mfa","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::222233334444:user/y"},"Action":"sts:*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}},
        {"Sid":"ByArn","Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::222233334444:role/z*","arn:aws:iam::333344445555:*"]}}}]}"#,
    );
    insta::assert_snapshot!(notices(&add(&before, &[grant(IDENTITY, "{}")])), @"
    statement 1 denies arn:aws:iam::222233334444:role/x, arn:aws:sts::222233334444:assumed-role/admin/bad regardless of other grants, although account 222233334444 is granted access
    statement `Mfa` denies arn:aws:iam::222233334444:user/y when its condition is met, although account 222233334444 is granted access
    statement `ByArn` denies arn:aws:iam::222233334444:role/z* regardless of other grants, although account 222233334444 is granted access
    ");
    insta::assert_snapshot!(notices(&add(&before, &[grant("arn:aws:iam::222233334444:role/admin", "{}")])), @"statement 1 denies arn:aws:sts::222233334444:assumed-role/admin/bad regardless of other grants, although arn:aws:iam::222233334444:role/admin is granted access");
}

#[test]
fn denial_that_never_meets_the_grant_is_not_reported_and_one_that_always_does_is_certain() {
    let deny = |condition: &str| {
        let text = format!(
            r#"{{"Statement":[{{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{condition}}}]}}"#
        );
        notices(&add(&document(&text), &[grant(IDENTITY, r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#)]))
    };
    assert_eq!(deny(r#"{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#), "");
    assert_eq!(
        deny(r#"{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}"#),
        "statement 1 denies account 222233334444 regardless of other grants\n"
    );
}

#[test]
fn statement_that_is_not_understood_does_not_count_as_a_grant() {
    for element in [r#""Extra":1"#, r#""Resource":"*""#] {
        let before = document(&format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"222233334444"}},"Action":"sts:AssumeRole",{element}}}]}}"#
        ));
        let edit = add(&before, &[grant(IDENTITY, "{}")]);
        assert_eq!((edit.grants, edit.notices), (vec![GrantEdit::Added(1)], Vec::new()), "{element}");
    }
}

#[test]
fn account_of_another_partition_does_not_count_as_granted() {
    let before = document(
        r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::222233334444:root"},"Action":"sts:AssumeRole"}]}"#,
    );
    assert!(!add(&before, &[grant(IDENTITY, "{}")]).is_unchanged());
}

#[test]
fn pruning_removes_only_orphans() {
    let before = document(
        r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":{"AWS":["AIDAIOSFODNN7EXAMPLE","111122223333"]},"Action":"sts:AssumeRole"},
        {"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE"},"Action":"sts:AssumeRole"},
        {"Effect":"Deny","NotPrincipal":{"AWS":["AROAIOSFODNN7EXAMPLE"]},"Action":"sts:AssumeRole"}]}"#,
    );
    insta::assert_snapshot!(prune_orphans(&before).unwrap().to_json(), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["111122223333"]},"Action":"sts:AssumeRole"},{"Effect":"Deny","NotPrincipal":{"AWS":["AROAIOSFODNN7EXAMPLE"]},"Action":"sts:AssumeRole"}]}"#);
}

#[test]
fn invalid_policies_are_explained() {
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
        r#"{"Statement":[{"Effect":"Allow","Action":"*"},{"Effect":"Allow","Action":"*","Condition":{"StringEquals":{"sts:ExternalId":{"Ref":"Id"}}}}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Principal":{"AWS":["111122223333",12345678901]}}]}"#,
        r#"{"Statement":[{"Sid":7,"Effect":"Allow","Action":"*"}]}"#,
    ]
    .iter()
    .map(|text| format!("{}\n", Document::parse(text).unwrap_err()))
    .collect();
    insta::assert_snapshot!(sentences, @r#"
    the policy is not valid JSON: EOF while parsing a value at line 1 column 0
    the policy is not valid JSON: expected ident at line 1 column 2
    the policy is not a JSON object; it must start with `{`
    `Statement` is missing
    `Statement` is not valid: expected a statement object or an array of statements
    `Statement[0]` is not valid: expected an object
    `Statement[0].Effect` is not valid: expected `Allow` or `Deny`
    `Statement[0].Action` is missing
    `Statement[0].Action` is not valid: expected exactly one of `Action` and `NotAction`
    `Statement[0].Action` is not valid: expected a string or an array of strings
    `Statement[0].Principal` is not valid: expected `"*"` or an object such as `{"AWS": "111122223333"}`
    `Statement[0].Principal.AWS` is not valid: expected a string or an array of strings
    `Statement[0].Condition` is not valid: expected an object of condition operators
    `Statement[0].Condition.Bool.a` is not valid: expected a string or an array of strings for each key
    `Statement[1].Condition.StringEquals.sts:ExternalId` is not valid: expected a string or an array of strings for each key, and not `Ref`, a CloudFormation function; write the value
    `Statement[0].Principal.AWS` is not valid: expected account IDs of twelve digits, in quotes; a leading zero may be missing
    `Statement[0].Sid` is not valid: expected a string
    "#);
}
