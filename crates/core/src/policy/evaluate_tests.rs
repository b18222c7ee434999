use super::*;

fn trust(statements: &str) -> Document {
    Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)).unwrap()
}

fn caller(principal: &str) -> Caller {
    Caller::from_principal(&Principal::to_grant(principal).unwrap()).unwrap()
}

fn assume(statements: &str, context: &RequestContext) -> Verdict {
    can_assume(&trust(statements), &caller("222233334444"), context)
}

const WITH_ID: &str = r#"{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"one"}}}"#;

#[test]
fn external_id_decides_the_verdict() {
    let context = RequestContext::default;
    assert_eq!(assume(WITH_ID, &context().with("sts:ExternalId", "one")), Verdict::Allowed(0));
    assert_eq!(assume(WITH_ID, &context().with("STS:externalid", "One")), Verdict::NotAllowed);
    assert_eq!(assume(WITH_ID, &context().without("sts:ExternalId")), Verdict::NotAllowed);
    assert_eq!(assume(WITH_ID, &context()), Verdict::Depends(0), "an unknown key leaves the verdict open");
    assert_eq!(assume(WITH_ID, &RequestContext::complete()), Verdict::NotAllowed);
}

#[test]
fn deny_overrides_allow_and_an_unknown_deny_leaves_the_verdict_open() {
    let allow = r#"{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}"#;
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"sts:Assume*"}"#;
    assert_eq!(assume(&format!("{allow},{deny}"), &RequestContext::default()), Verdict::Denied(1));
    let without_mfa = r#"{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#;
    let both = format!("{allow},{without_mfa}");
    assert_eq!(assume(&both, &RequestContext::default()), Verdict::Depends(0));
    assert_eq!(
        assume(&both, &RequestContext::complete().with("aws:MultiFactorAuthPresent", "true")),
        Verdict::Allowed(0)
    );
    assert_eq!(assume(&both, &RequestContext::complete()), Verdict::Denied(1));
}

#[test]
fn principals_match_as_in_iam() {
    let principal = |p: &str| trust(&format!(r#"{{"Effect":"Allow","Principal":{p},"Action":"sts:AssumeRole"}}"#));
    let role = caller("arn:aws:iam::222233334444:role/admin");
    let account = caller("222233334444");
    let can = |p: &str, who: &Caller| can_assume(&principal(p), who, &RequestContext::complete()).can();
    assert!(can(r#"{"AWS":"222233334444"}"#, &role), "an account covers its roles");
    assert!(can(r#"{"AWS":"arn:aws:iam::222233334444:role/admin"}"#, &role));
    assert!(!can(r#"{"AWS":"arn:aws:iam::222233334444:role/admin"}"#, &account), "a role is not its account");
    assert!(!can(r#"{"AWS":"AROAIOSFODNN7EXAMPLE"}"#, &role));
    assert!(can(r#""*""#, &account));
    let all_but = trust(r#"{"Effect":"Allow","NotPrincipal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}"#);
    assert!(!can_assume(&all_but, &role, &RequestContext::complete()).can());
    assert!(can_assume(&all_but, &caller("333344445555"), &RequestContext::complete()).can());
}

#[test]
fn operators_match_as_in_iam() {
    let holds = |condition: &str, context: &RequestContext| {
        let statement =
            format!(r#"{{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{condition}}}"#);
        assume(&statement, context)
    };
    let context = RequestContext::complete().with("a", "Blue").with("arn", "arn:aws:iam::1:role/x");
    for (condition, expected) in [
        (r#"{"StringEquals":{"A":["Red","Blue"]}}"#, true),
        (r#"{"StringEquals":{"a":"blue"}}"#, false),
        (r#"{"StringEqualsIgnoreCase":{"a":"blue"}}"#, true),
        (r#"{"StringNotEquals":{"a":"Red"}}"#, true),
        (r#"{"StringNotEquals":{"a":["Red","Blue"]}}"#, false),
        (r#"{"StringNotEquals":{"none":"Red"}}"#, true),
        (r#"{"StringNotEqualsIgnoreCase":{"a":"BLUE"}}"#, false),
        (r#"{"StringLike":{"a":"B*e"}}"#, true),
        (r#"{"StringNotLike":{"a":"B???"}}"#, false),
        (r#"{"ArnLike":{"arn":"arn:aws:iam::*:role/?"}}"#, true),
        (r#"{"ArnNotEquals":{"arn":"arn:aws:iam::1:role/x"}}"#, false),
        (r#"{"Null":{"a":"false"}}"#, true),
        (r#"{"Null":{"a":true}}"#, false),
        (r#"{"Null":{"none":"true"}}"#, true),
        (r#"{"StringEquals":{"none":"x"}}"#, false),
        (r#"{"StringEqualsIfExists":{"none":"x"}}"#, true),
        (r#"{"ForAllValues:StringEquals":{"none":"x"}}"#, true),
        (r#"{"ForAnyValue:StringEquals":{"a":["Blue"]}}"#, true),
        (r#"{"ForAnyValue:StringNotEquals":{"none":"x"}}"#, false),
        (r#"{"StringEquals":{"a":"Blue","none":"x"}}"#, false),
    ] {
        assert_eq!(holds(condition, &context).can(), expected, "{condition}");
    }
    for unsupported in ["NumericLessThan", "DateGreaterThan", "IpAddress", "BinaryEquals", "Invented", "Not"] {
        assert_eq!(
            holds(&format!(r#"{{"{unsupported}":{{"a":"1"}}}}"#), &context),
            Verdict::Depends(0),
            "{unsupported}"
        );
    }
}

#[test]
fn dates_are_compared_as_points_in_time() {
    let context = RequestContext::complete().with("aws:TokenIssueTime", "2026-11-25T18:00:00Z");
    for (operator, date, expected) in [
        ("DateLessThan", "2026-11-25T18:00:00.001Z", true),
        ("DateLessThan", "2026-11-25T18:00:00Z", false),
        ("DateLessThan", "1795629601", true),
        ("DateLessThanEquals", "2026-11-25T19:00:00+01:00", true),
        ("DateGreaterThan", "2026-11-25T18:00:00Z", false),
        ("DateGreaterThan", "2026-11-25T17:59:59Z", true),
        ("DateGreaterThanEquals", "1795629600", true),
        ("DateEquals", "1795629600", true),
        ("DateNotEquals", "1795629600", false),
    ] {
        let statement = format!(
            r#"{{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{{"{operator}":{{"aws:TokenIssueTime":"{date}"}}}}}}"#
        );
        let expected = if expected { Verdict::Allowed(0) } else { Verdict::NotAllowed };
        assert_eq!(assume(&statement, &context), expected, "{operator} {date}");
        assert_eq!(assume(&statement, &RequestContext::default()), Verdict::Depends(0), "{operator} without the date");
    }
    let short = r#"{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-11-25"}}}"#;
    let allow = r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}"#;
    assert_eq!(assume(&format!("{allow},{short}"), &context), Verdict::Depends(0), "a form that is not read");
}

#[test]
fn session_policy_permits_only_its_actions_and_resources() {
    let policy = trust(
        r#"{"Effect":"Allow","Action":["iam:Get*"],"Resource":"arn:aws:iam::444455556666:role/x"},
           {"Effect":"Allow","Action":"iam:AttachRolePolicy","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/ReadOnlyAccess"}}},
           {"Effect":"Allow","Action":"iam:*","NotResource":"*"}"#,
    );
    let role = |name: &str| format!("arn:aws:iam::444455556666:role/{name}");
    let can = |action: &str, name: &str, context: &RequestContext| permits(&policy, action, &role(name), context).can();
    assert!(can("iam:GetRole", "x", &RequestContext::complete()));
    assert!(!can("iam:GetRole", "xy", &RequestContext::complete()));
    assert!(!can("iam:CreateRole", "x", &RequestContext::complete()));
    let attach = |arn: &str| RequestContext::complete().with("iam:PolicyARN", arn);
    assert!(can("iam:AttachRolePolicy", "x", &attach("arn:aws:iam::aws:policy/ReadOnlyAccess")));
    assert!(!can("iam:AttachRolePolicy", "x", &attach("arn:aws:iam::aws:policy/AdministratorAccess")));
}
