use proptest::prelude::*;

use super::tests::{IDENTITY, add, document, grant};
use super::*;
use crate::policy::{Caller, RequestContext, access_entries, can_assume};

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
    let all = ["111122223333", "222233334444", "333344445555", "444455556666", "arn:aws:iam::222233334444:role/admin"];
    all.iter().filter_map(|who| Caller::from_principal(&Principal::to_grant(who).unwrap())).collect()
}

proptest! {
    #[test]
    fn edit_is_idempotent(before in trust(), grants in prop::collection::vec(a_grant(), 1..4)) {
        let after = add(&before, &grants).document;
        let again = add(&after, &grants);
        prop_assert!(again.is_unchanged());
        prop_assert_eq!(again.document, after);
    }

    #[test]
    fn no_access_is_lost_and_only_grants_are_gained(before in trust(), grants in prop::collection::vec(a_grant(), 1..4)) {
        let after = add(&before, &grants).document;
        let old = access_entries(&before);
        let new = access_entries(&after);
        let requested = access_entries(&add(&Document::from_statements(Vec::new()).unwrap(), &grants).document);
        prop_assert!(old.is_subset(&new));
        prop_assert!(new.difference(&old).all(|entry| requested.contains(entry)));
        let contexts = [RequestContext::complete(), RequestContext::complete().with("aws:MultiFactorAuthPresent", "true"), RequestContext::complete().with("sts:ExternalId", "one")];
        for (caller, context) in callers().iter().flat_map(|c| contexts.iter().map(move |f| (c, f))) {
            let could_before = can_assume(&before, caller, context).can();
            let can = can_assume(&after, caller, context).can();
            prop_assert!(!could_before || can, "{:?} was locked out", caller);
            let is_granted = grants.iter().any(|g| g.principal.account().as_ref() == Some(&caller.account));
            prop_assert!(could_before || !can || is_granted, "{:?} gained access", caller);
        }
    }

    #[test]
    fn existing_statements_stay(before in trust(), grants in prop::collection::vec(a_grant(), 1..4)) {
        let after = add(&before, &grants).document;
        let list = |document: &Document| document.as_map()["Statement"].as_array().unwrap().clone();
        let old = list(&before);
        let new = list(&after);
        prop_assert!(new.len() >= old.len());
        for (old, new) in old.iter().zip(&new) {
            let mut old = old.clone();
            let mut new = new.clone();
            old.as_object_mut().unwrap().shift_remove("Principal");
            new.as_object_mut().unwrap().shift_remove("Principal");
            prop_assert_eq!(old.to_string(), new.to_string());
        }
    }

    #[test]
    fn parser_does_not_panic(text in ".{0,200}") {
        let _ = Document::parse(&text);
    }
}
