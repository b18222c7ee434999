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
        let asked = access_entries(&add(&Document::from_statements(Vec::new()).unwrap(), &grants).document);
        prop_assert!(was.is_subset(&is));
        prop_assert!(is.difference(&was).all(|entry| asked.contains(entry)));
        let facts = [RequestContext::complete(), RequestContext::complete().with("aws:MultiFactorAuthPresent", "true"), RequestContext::complete().with("sts:ExternalId", "one")];
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
