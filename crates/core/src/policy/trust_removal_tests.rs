use proptest::prelude::*;

use super::*;
use crate::policy::{Grant, RemovedPrincipals, access_entries, add_grants, removed_principals};

const ROLE: &str = "arn:aws:iam::333344445555:role/old";

fn document(statements: &str) -> Document {
    Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)).unwrap()
}

fn allow(principals: &str) -> String {
    format!(r#"{{"Effect":"Allow","Principal":{{"AWS":{principals}}},"Action":"sts:AssumeRole"}}"#)
}

fn principal(text: &str) -> Principal {
    Principal::to_revoke(text).unwrap()
}

fn partition() -> Partition {
    "aws".parse().unwrap()
}

fn removed(document: &Document, principals: &[&str]) -> Result<String, RemovalError> {
    let principals: Vec<_> = principals.iter().map(|text| principal(text)).collect();
    remove_principals(document, &principals, &partition()).map(|document| document.to_json())
}

const ROOT: &str = r#""arn:aws:iam::111122223333:root""#;

#[test]
fn principal_is_removed_in_every_spelling() {
    for (list, left) in [
        (format!(r#"[{ROOT},"arn:aws:iam::222233334444:root"]"#), format!("[{ROOT}]")),
        (format!(r#"["222233334444",{ROOT},"arn:aws:iam::222233334444:root"]"#), format!("[{ROOT}]")),
        (format!(r#"[{ROOT},"{ROLE}","222233334444"]"#), format!(r#"[{ROOT},"{ROLE}"]"#)),
    ] {
        for text in ["222233334444", "arn:aws:iam::222233334444:root"] {
            assert_eq!(removed(&document(&allow(&list)), &[text]).unwrap(), document(&allow(&left)).to_json());
        }
    }
}

#[test]
fn statement_without_other_principals_is_removed() {
    let both = document(&format!("{},{}", allow(r#""222233334444""#), allow(ROOT)));
    assert_eq!(removed(&both, &["222233334444"]).unwrap(), document(&allow(ROOT)).to_json());
    let list = document(&format!("{},{}", allow(&format!(r#"["222233334444","{ROLE}"]"#)), allow(ROOT)));
    assert_eq!(removed(&list, &["222233334444", ROLE]).unwrap(), document(&allow(ROOT)).to_json());
    let service = r#"{"Effect":"Allow","Principal":{"AWS":"222233334444","Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
    insta::assert_snapshot!(removed(&document(service), &["222233334444"]).unwrap(), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#);
}

#[test]
fn conditions_unknown_elements_and_further_keys_stay() {
    let text = r#"{"Id":"x","Version":"2008-10-17","Statement":[{"Sid":"A","Effect":"Allow","Principal":{"AWS":["111122223333","222233334444"]},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}},"Odd":1},{"Sid":"B","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalAccount":"222233334444"}}}],"More":[]}"#;
    let expected = text.replace(r#","222233334444"]},"#, "]},");
    assert_eq!(removed(&Document::parse(text).unwrap(), &["222233334444"]).unwrap(), expected);
}

#[test]
fn nothing_else_names_the_principal_or_is_changed() {
    let deny = r#"{"Effect":"Deny","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}"#;
    let not = r#"{"Effect":"Deny","NotPrincipal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}"#;
    for statement in [
        deny.to_owned(),
        not.to_owned(),
        allow(r#""arn:aws-cn:iam::222233334444:root""#),
        allow(r#""arn:aws:iam::222233334444:role/ci""#),
        allow(r#""*""#),
        r#"{"Effect":"Allow","Principal":{"Service":"222233334444"},"Action":"sts:AssumeRole"}"#.to_owned(),
    ] {
        let before = document(&format!("{},{statement}", allow(ROOT)));
        assert_eq!(removed(&before, &["222233334444"]).unwrap(), before.to_json());
        assert!(!is_named(&before, &principal("222233334444"), &partition()));
    }
}

#[test]
fn policy_is_never_emptied() {
    let error = removed(&document(&allow(r#""222233334444""#)), &["222233334444"]).unwrap_err();
    insta::assert_snapshot!(error, @"no statement would be left");
    let bare = Document::parse(&format!(r#"{{"Statement":{}}}"#, allow(r#"["222233334444"]"#))).unwrap();
    assert!(matches!(removed(&bare, &["222233334444"]), Err(RemovalError::Empty)));
}

#[test]
fn removed_principals_are_recognized_next_to_other_edits() {
    let before = document(&allow(&format!(r#"[{ROOT},"222233334444","{ROLE}"]"#)));
    let edit = |before: &Document, after: &Document| {
        let RemovedPrincipals { principals, besides } = removed_principals(before, after);
        let names: Vec<_> = principals.iter().map(ToString::to_string).collect();
        format!("{} {besides:?}", names.join(", "))
    };
    let names = |after: &Document| edit(&before, after);
    insta::assert_snapshot!(names(&document(&allow(ROOT))), @"account 222233334444, arn:aws:iam::333344445555:role/old Nothing");
    assert_eq!(names(&before), " Nothing", "nothing is removed");
    insta::assert_snapshot!(names(&document(&allow(&format!(r#"[{ROOT},"444455556666"]"#)))), @"account 222233334444, arn:aws:iam::333344445555:role/old Adds");
    let tags = |principals: &str| allow(principals).replace("sts:AssumeRole", "sts:TagSession");
    insta::assert_snapshot!(names(&document(&tags(ROOT))), @"account 222233334444, arn:aws:iam::333344445555:role/old Changes");
    let two = document(&format!("{},{}", allow(r#""222233334444""#), tags(ROOT)));
    let one = document(&allow(r#""222233334444""#));
    insta::assert_snapshot!(edit(&two, &one), @"account 111122223333 Nothing");
    let kept = document(&format!("{},{}", allow(ROOT), tags(ROOT)));
    assert_eq!(edit(&kept, &document(&allow(ROOT))), " Changes", "the principal keeps another statement");
    let denial = allow(ROOT).replace("Allow", "Deny");
    let deny = document(&format!("{},{denial}", allow(ROOT)));
    assert_eq!(edit(&deny, &document(&allow(ROOT))), " Changes", "a denial is not access");
    let denied = document(&format!("{},{denial}", allow(ROOT)));
    insta::assert_snapshot!(names(&denied), @"account 222233334444, arn:aws:iam::333344445555:role/old Changes");
}

#[test]
fn account_is_named_by_its_root_and_by_its_roles() {
    let account = "333344445555".parse().unwrap();
    assert!(names_account(&document(&allow(&format!(r#""{ROLE}""#))), &account));
    assert!(!names_account(&document(&allow(ROOT)), &account));
    let deny = allow(&format!(r#""{ROLE}""#)).replace("Allow", "Deny");
    assert!(!names_account(&document(&deny), &account));
}

proptest! {
    /// A grant can be revoked again, and nothing else changes.
    #[test]
    fn revoking_a_new_grant_restores_the_document(
        accounts in prop::collection::btree_set(0..20_u32, 1..6),
        granted in 20..30_u32,
        mfa in any::<bool>(),
        is_list in any::<bool>(),
    ) {
        let text = |number: u32| format!("1111222233{number:02}");
        let list: Vec<_> = accounts.iter().map(|number| format!("\"{}\"", text(*number))).collect();
        let list = if list.len() > 1 || is_list { format!("[{}]", list.join(",")) } else { list.concat() };
        let before = document(&format!("{},{}", allow(ROOT), allow(&list)));
        let condition = if mfa { r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"# } else { "{}" };
        let condition = if mfa { crate::policy::Condition::parse_text(condition).unwrap() } else { Default::default() };
        let principal = Principal::to_grant(&text(granted)).unwrap();
        let after = add_grants(&before, &[Grant::new(principal.clone(), condition)], &partition()).unwrap().document;
        prop_assert!(is_named(&after, &principal, &partition()));
        let revoked = remove_principals(&after, std::slice::from_ref(&principal), &partition()).unwrap();
        prop_assert_eq!(access_entries(&revoked), access_entries(&before));
        prop_assert!(!is_named(&revoked, &principal, &partition()));
        let again = remove_principals(&revoked, &[principal], &partition()).unwrap();
        prop_assert_eq!(again.to_json(), revoked.to_json());
    }
}

#[test]
fn only_the_statement_of_the_grant_loses_the_principal() {
    let grant = |text: &str| Grant::new(Principal::to_grant(text).unwrap(), crate::policy::Condition::default());
    let identity = [grant("222233334444")];
    let without = |document: &Document| remove_grants(document, &identity, &partition()).map(|left| left.to_json());
    let joined = document(&allow(&format!(r#"[{ROOT},"222233334444"]"#)));
    assert_eq!(without(&joined).unwrap(), document(&allow(&format!("[{ROOT}]"))).to_json());
    let own = document(&format!("{},{}", allow(ROOT), allow(r#""arn:aws:iam::222233334444:root""#)));
    assert_eq!(without(&own).unwrap(), document(&allow(ROOT)).to_json());
    let others = [
        allow(r#""222233334444""#).replace(r#""sts:AssumeRole""#, r#"["sts:AssumeRole","sts:TagSession"]"#),
        allow(r#""222233334444""#).replace(
            r#""sts:AssumeRole"}"#,
            r#""sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}"#,
        ),
        allow(r#""222233334444""#).replace("Allow", "Deny"),
        allow(r#""arn:aws:iam::222233334444:role/ci""#),
    ];
    for other in others {
        let both = document(&format!("{},{other}", allow(ROOT)));
        assert_eq!(without(&both).unwrap(), both.to_json(), "{other}");
    }
    assert!(matches!(without(&document(&allow(r#""222233334444""#))), Err(RemovalError::Empty)));
}
