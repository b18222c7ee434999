use super::*;

const IDENTITY: &str = "222233334444";

fn partition() -> Partition {
    "aws".parse().unwrap()
}

fn grant(principal: &str, condition: &str) -> Grant {
    let condition = Condition::parse(&serde_json::from_str(condition).unwrap()).unwrap();
    Grant::new(Principal::to_grant(principal).unwrap(), condition)
}

fn document(statements: &str) -> Document {
    Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)).unwrap()
}

fn verdict(statements: &str, grant: &Grant) -> Verdict {
    grant_verdict(&document(statements), grant, Presented::Configured, &partition())
}

/// The account is granted access, and everyone is denied it under this condition.
fn denied_when(condition: &str) -> Verdict {
    let allow = r#"{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}"#;
    let deny = format!(r#"{{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{condition}}}"#);
    verdict(&format!("{allow},{deny}"), &grant(IDENTITY, "{}"))
}

#[test]
fn account_in_the_arn_of_the_caller_is_known() {
    for (certain, condition) in [
        r#"{"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/a","arn:aws:iam::111122223333:role/b"]}}"#,
        r#"{"StringNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}"#,
        r#"{"StringNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/a"}}"#,
        r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222233334444:*"}}"#,
        r#"{"StringLike":{"aws:PrincipalArn":"*:222233334444:*"}}"#,
        r#"{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}"#,
    ]
    .map(|condition| (Verdict::Denied(1), condition))
    .into_iter()
    .chain(
        [
            r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::222233334444:role/a"}}"#,
            r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222233334444:role/a"}}"#,
            r#"{"StringNotLike":{"aws:PrincipalArn":"*/a"}}"#,
            r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222233334444:role/?*"}}"#,
        ]
        .map(|condition| (Verdict::Depends(0), condition)),
    )
    .chain(
        [
            r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:*"}}"#,
            r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws-cn:iam::222233334444:*"}}"#,
            r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::222233334444:*"}}"#,
        ]
        .map(|condition| (Verdict::Allowed(0), condition)),
    ) {
        assert_eq!(denied_when(condition), certain, "{condition}");
    }
}

/// Each would be guessed if it counted as met or as not met.
#[test]
fn undocumented_or_unknown_condition_leaves_the_verdict_open() {
    for condition in [
        r#"{"StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}}"#,
        r#"{"StringNotLike":{"aws:PrincipalAccount":"${aws:PrincipalTag/home}*"}}"#,
        r#"{"Null":{"aws:PrincipalAccount":["true","false"]}}"#,
        r#"{"Null":{"aws:PrincipalAccount":"maybe"}}"#,
        r#"{"ForAllValues:StringEqualsIfExists":{"aws:PrincipalAccount":"222233334444"}}"#,
        r#"{"ForAnyValue:StringNotEqualsIfExists":{"aws:PrincipalAccount":"111122223333"}}"#,
        r#"{"ForEach:StringEquals":{"aws:PrincipalAccount":"222233334444"}}"#,
        r#"{"NotBool":{"aws:PrincipalAccount":"222233334444"}}"#,
        r#"{"ArnLike":{"aws:PrincipalArn":"*"}}"#,
        r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::1111*"}}"#,
        r#"{"ArnLike":{"aws:PrincipalAccount":"arn:aws:iam::222233334444:*"}}"#,
    ] {
        assert_eq!(denied_when(condition), Verdict::Depends(0), "{condition}");
    }
}

#[test]
fn wildcard_in_an_arn_does_not_match_a_colon_between_fields() {
    let role = grant("arn:aws:iam::222233334444:role/a", "{}");
    let allowed = |pattern: &str| {
        let statement = format!(
            r#"{{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{{"ArnEquals":{{"aws:PrincipalArn":"{pattern}"}}}}}}"#
        );
        verdict(&statement, &role).can()
    };
    assert!(allowed("arn:*:iam::2222*:role/*") && allowed("arn:aws:iam:*:*:*"));
    assert!(!allowed("arn:aws:*:role/a:*:*") && !allowed("arn:aws:iam::*:*:a"));
}

#[test]
fn every_value_of_a_condition_is_tried() {
    let grant = grant(IDENTITY, r#"{"StringEquals":{"aws:PrincipalOrgID":["o-1","o-2"]}}"#);
    let allow = r#"{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}"#;
    let deny = |id: &str| {
        format!(
            r#"{allow},{{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{{"StringEquals":{{"aws:PrincipalOrgID":{id}}}}}}}"#
        )
    };
    assert_eq!(verdict(&deny(r#""o-3""#), &grant), Verdict::Allowed(0));
    assert_eq!(verdict(&deny(r#""o-1""#), &grant), Verdict::Depends(0));
    assert_eq!(verdict(&deny(r#""o-2""#), &grant), Verdict::Depends(0));
    assert_eq!(verdict(&deny(r#"["o-2","o-1"]"#), &grant), Verdict::Denied(1));
}

#[test]
fn every_external_id_that_the_policy_accepts_is_tried_as_a_wrong_one() {
    let grant = grant(IDENTITY, r#"{"StringEquals":{"sts:ExternalId":"one"}}"#);
    let wrong = |operator: &str, ids: &str| {
        let trust = format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"222233334444"}},"Action":"sts:AssumeRole","Condition":{{"{operator}":{{"sts:ExternalId":{ids}}}}}}}"#
        );
        grant_verdict(&document(&trust), &grant, Presented::Wrong, &partition()).can()
    };
    assert!(!wrong("StringEquals", r#""one""#));
    assert!(wrong("StringEquals", r#"["one","another"]"#), "another ID is accepted as well");
    assert!(wrong("StringLike", r#""one*""#), "one-! is accepted as well");
}

#[test]
fn account_of_another_partition_is_another_principal() {
    let china =
        r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::222233334444:root"},"Action":"sts:AssumeRole"}"#;
    assert_eq!(verdict(china, &grant(IDENTITY, "{}")), Verdict::NotAllowed);
    let in_china =
        grant_verdict(&document(china), &grant(IDENTITY, "{}"), Presented::Configured, &"aws-cn".parse().unwrap());
    assert_eq!(in_china, Verdict::Allowed(0));
}

#[test]
fn statement_that_is_not_understood_proves_nothing() {
    for element in [r#""Extra":1"#, r#""Resource":"*""#, r#""NotResource":"x""#] {
        let statement =
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"222233334444"}},"Action":"sts:AssumeRole",{element}}}"#);
        assert_eq!(verdict(&statement, &grant(IDENTITY, "{}")), Verdict::Depends(0), "{element}");
        let deny = statement.replace("Allow", "Deny");
        let allow = r#"{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}"#;
        assert_eq!(verdict(&format!("{allow},{deny}"), &grant(IDENTITY, "{}")), Verdict::Depends(0), "{element}");
    }
}

#[test]
fn session_of_the_role_leaves_the_verdict_open() {
    let allow = r#"{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}"#;
    let deny = r#"{"Effect":"Deny","Principal":{"AWS":"arn:aws:sts::222233334444:assumed-role/deployer/x"},"Action":"sts:AssumeRole"}"#;
    let both = format!("{allow},{deny}");
    assert_eq!(verdict(&both, &grant("arn:aws:iam::222233334444:role/a/deployer", "{}")), Verdict::Depends(0));
    assert_eq!(verdict(&both, &grant("arn:aws:iam::222233334444:role/other", "{}")), Verdict::Allowed(0));
}

/// A role that trusts itself by its account, which is the way that IAM accepts.
#[test]
fn roles_that_the_condition_lists_are_the_callers() {
    let role = "arn:aws:iam::222233334444:role/own";
    for (arn, operator) in [(role, "ArnLike"), (role, "StringEquals"), ("arn:aws:iam::222233334444:role/o*", "ArnLike")]
    {
        let condition = format!(r#"{{"{operator}":{{"aws:PrincipalArn":"{arn}"}}}}"#);
        let grant = grant(IDENTITY, &condition);
        let allow = format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"222233334444"}},"Action":"sts:AssumeRole","Condition":{condition}}}"#
        );
        assert_eq!(verdict(&allow, &grant), Verdict::Allowed(0), "{condition}");
        let deny = |condition: &str| {
            format!(r#"{{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{condition}}}"#)
        };
        let other = deny(r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222233334444:role/x"}}"#);
        assert_eq!(verdict(&format!("{allow},{other}"), &grant), Verdict::Allowed(0), "{condition}");
        let same = deny(r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222233334444:role/*"}}"#);
        assert_eq!(verdict(&format!("{allow},{same}"), &grant), Verdict::Denied(1), "{condition}");
    }
    let both = format!(r#"{{"ArnEquals":{{"aws:PrincipalArn":["{role}","arn:aws:iam::222233334444:role/x"]}}}}"#);
    let allow = format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":"222233334444"}},"Action":"sts:AssumeRole","Condition":{both}}}"#
    );
    let deny = format!(r#"{{"Effect":"Deny","Principal":{{"AWS":"{role}"}},"Action":"sts:AssumeRole"}}"#);
    assert_eq!(verdict(&allow, &grant(IDENTITY, &both)), Verdict::Allowed(0));
    assert_eq!(
        verdict(&format!("{allow},{deny}"), &grant(IDENTITY, &both)),
        Verdict::Depends(0),
        "one of two is denied"
    );
    let foreign = r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::333344445555:role/x"}}"#;
    let allow = format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":"222233334444"}},"Action":"sts:AssumeRole","Condition":{foreign}}}"#
    );
    assert_eq!(verdict(&allow, &grant(IDENTITY, foreign)), Verdict::NotAllowed, "a role of another account");
}
