use super::*;

/// The refused elements, one line each.
fn refused(policy: &str) -> String {
    let trust = Document::parse(policy).unwrap_or_else(|error| panic!("{policy}: {error}"));
    refusals(&trust).iter().map(|refusal| format!("{refusal}\n")).collect()
}

/// The same for one statement with these elements.
fn in_statement(elements: &str) -> String {
    refused(&format!(r#"{{"Version":"2012-10-17","Statement":[{{{elements}}}]}}"#))
}

const ALLOW: &str = r#""Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole""#;

#[test]
fn policies_that_iam_accepts_are_not_refused() {
    for policy in [
        format!(r#"{{"Statement":{{{ALLOW}}}}}"#),
        format!(r#"{{"Version":"2008-10-17","Id":"x y","Statement":[{{"Sid":"",{ALLOW}}},{{"Sid":"",{ALLOW}}}]}}"#),
        r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned(),
    ] {
        assert_eq!(refused(&policy), "", "{policy}");
    }
    for elements in [
        r#""Effect":"Allow","Principal":"*","Action":["STS:assumerole","sts:*","*","sts:SetContext","sts:GetCallerIdentity"]"#,
        r#""Effect":"Deny","NotPrincipal":{"AWS":[]},"NotAction":"sts:TagSession""#,
        r#""Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE1","Service":["ec2.amazonaws.com"]},"Action":"sts:AssumeRole","Condition":{}"#,
        r#""Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"ForAnyValue:stringlike":{"accounts.google.com:aud":"x"},"Bool":{"aws:MultiFactorAuthPresent":true}}"#,
    ] {
        assert_eq!(in_statement(elements), "", "{elements}");
    }
}

#[test]
fn misspelled_elements_are_named_with_a_suggestion() {
    let policy = format!(r#"{{"version":"2012-10-17","Comment":"x","Statement":{{{ALLOW}}}}}"#);
    insta::assert_snapshot!(refused(&policy), @"
    `version` is not an element of a policy; did you mean `Version`?
    `Comment` is not an element of a policy
    ");
    insta::assert_snapshot!(refused(&format!(r#"{{"Version":"2012-10-71","Statement":{{{ALLOW}}}}}"#)), @"`Version` is not a version of the policy language; write `2012-10-17`");
    assert!(refused(&format!(r#"{{"Version":20121017,"Statement":{{{ALLOW}}}}}"#)).starts_with("`Version` is not"));
    insta::assert_snapshot!(in_statement(&format!(r#"{ALLOW},"Conditions":{{}},"Resource":"*","Note":1"#)), @"
    `Statement[0].Conditions` is not an element of a statement; did you mean `Condition`?
    `Statement[0].Resource` is not allowed in a trust policy; remove it
    `Statement[0].Note` is not an element of a statement
    ");
    insta::assert_snapshot!(in_statement(r#""Effect":"Allow","Principals":{"AWS":"222233334444"},"Action":"sts:AssumeRole""#), @"`Statement[0].Principals` is not an element of a statement; did you mean `Principal`?");
    insta::assert_snapshot!(in_statement(r#""Effect":"Allow","Action":"sts:AssumeRole""#), @"`Statement[0].Principal` is missing; name who may assume the role");
}

#[test]
fn identifiers_of_statements_are_checked() {
    let two = format!(r#"{{"Statement":[{{"Sid":"Same",{ALLOW}}},{{"Sid":"Same",{ALLOW}}},{{"Sid":"a-b",{ALLOW}}}]}}"#);
    insta::assert_snapshot!(refused(&two), @"
    `Statement[1].Sid` is `Same`, as that of an earlier statement; rename one
    `Statement[2].Sid` is `a-b`, and IAM accepts only ASCII letters and digits; rename it
    ");
}

#[test]
fn principals_are_named_with_the_cause() {
    let statement = |principal: &str| {
        in_statement(&format!(r#""Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole""#))
    };
    insta::assert_snapshot!(statement(r#"{"AWS":["222233334444","arn:aws:iam::222233334444:role/ci-*",""],"Service":"${Service}"}"#), @"
    `Statement[0].Principal.AWS` has the principal `arn:aws:iam::222233334444:role/ci-*`: IAM accepts no wildcard in an account ID or ARN; name the account, and its roles in a condition with `ArnLike` and `aws:PrincipalArn`
    `Statement[0].Principal.AWS` has the principal ``: it is empty; remove it
    `Statement[0].Principal.Service` has the principal `${Service}`: it has a placeholder, which nothing replaces; write the value itself
    ");
    insta::assert_snapshot!(statement(r#"{"aws":"222233334444"}"#), @"`Statement[0].Principal.aws` is not a kind of principal; did you mean `AWS`?");
    insta::assert_snapshot!(statement(r#"{"AWS":[]}"#), @"`Statement[0].Principal` names no principal; name who may assume the role");
    insta::assert_snapshot!(in_statement(r#""Effect":"Deny","NotPrincipal":{"AWS":"admins"},"Action":"sts:AssumeRole""#), @"`Statement[0].NotPrincipal.AWS` has the principal `admins`: it is neither an account ID nor an ARN; write one of them");
}

#[test]
fn actions_of_other_services_are_refused() {
    let actions = |actions: &str| in_statement(&format!(r#""Effect":"Allow","Principal":"*","Action":{actions}"#));
    insta::assert_snapshot!(actions(r#"["AssumeRole","ec2:RunInstances","sts:AssumeRoles","nonsense",""]"#), @"
    `Statement[0].Action` has the action `AssumeRole`, which names no service; did you mean `sts:AssumeRole`?
    `Statement[0].Action` has the action `ec2:RunInstances`, and IAM accepts only actions of `sts` in a trust policy, such as `sts:AssumeRole`
    `Statement[0].Action` has the action `sts:AssumeRoles`, which is not an action of STS; did you mean `sts:AssumeRole`?
    `Statement[0].Action` has the action `nonsense`, which names no service
    `Statement[0].Action` has the action ``, which names no service
    ");
    insta::assert_snapshot!(actions("[]"), @"`Statement[0].Action` has no action; write `sts:AssumeRole`");
}

#[test]
fn conditions_are_checked_without_showing_values() {
    let condition = |condition: &str| in_statement(&format!(r#"{ALLOW},"Condition":{condition}"#));
    let text = condition(
        r#"{"StringEqual":{"sts:ExternalId":"s3cret"},"StringLike":{"SourceArn":"s3cret",":x":"s3cret"},"Bool":{"aws:SecureTransport":"s3cret"}}"#,
    );
    assert!(!text.contains("s3cret"));
    insta::assert_snapshot!(text, @"
    `Statement[0].Condition.StringEqual` is not a condition operator of IAM; did you mean `StringEquals`?
    `Statement[0].Condition.StringLike.SourceArn` does not begin with the service or the identity provider that defines it, so that no request has such a key; write `aws:SourceArn`
    `Statement[0].Condition.StringLike.:x` does not begin with the service or the identity provider that defines it, so that no request has such a key; write it as in `aws:PrincipalOrgID`, `s3:prefix` or `token.actions.githubusercontent.com:sub`
    `Statement[0].Condition.Bool.aws:SecureTransport` is not valid: IAM compares the values of `Bool` with `true` or `false` only; correct the value
    ");
}
