use super::*;

/// The explanation, one line for each principal of each statement.
fn lines(statements: &str) -> String {
    let trust = Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)).unwrap();
    let line = |entry: PrincipalAccess| {
        let conditions: String = entry.conditions.iter().map(|condition| format!(", when {condition}")).collect();
        let why = entry.why.map(|why| format!(" ({why})")).unwrap_or_default();
        let principal = entry.principal;
        let kind = serde_json::to_value(entry.kind).unwrap();
        let kind = kind.as_str().unwrap();
        let can = entry.can;
        let actions = entry.actions.join("+");
        format!("{}: {principal} [{kind}] {can:?} by {actions}{conditions}{why}\n", entry.statement)
    };
    explain(&trust, ExternalIdDisplay::Hidden).into_iter().map(line).collect()
}

#[test]
fn every_kind_of_principal_is_explained() {
    insta::assert_snapshot!(lines(
        r#"{"Effect":"Allow","Principal":{"AWS":["222233334444","arn:aws:iam::111122223333:role/x","AROAIOSFODNN7EXAMPLE1"],
            "Service":"ec2.amazonaws.com","CanonicalUser":"abc","New":"thing"},"Action":"sts:AssumeRole"},
           {"Sid":"Web","Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity"},
           {"Effect":"Allow","Principal":"*","Action":"sts:*"}"#
    ), @"
    statement 1: account 222233334444 [account] Always by sts:AssumeRole
    statement 1: arn:aws:iam::111122223333:role/x [identity] Always by sts:AssumeRole
    statement 1: the unique ID AROAIOSFODNN7EXAMPLE1 [unique_id] Conditionally by sts:AssumeRole (only if the role or user still exists; in a policy that IAM returned, it was deleted)
    statement 1: the service ec2.amazonaws.com [service] Always by sts:AssumeRole
    statement 1: the canonical user abc [canonical_user] Never by sts:AssumeRole (a canonical user is a principal of Amazon S3 only)
    statement 1: New thing [unknown] Conditionally by sts:AssumeRole (this kind of principal is not known)
    statement `Web`: the identity provider cognito-identity.amazonaws.com [federated] Always by sts:AssumeRoleWithWebIdentity
    statement 3: anyone (`*`) [anyone] Always by sts:AssumeRole+sts:AssumeRoleWithSAML+sts:AssumeRoleWithWebIdentity
    ");
}

/// `aws:PrincipalArn` of a session is the ARN of its role, whose path the session's ARN does not have.
#[test]
fn session_meets_conditions_on_its_role() {
    let statement = |role: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:sts::222233334444:assumed-role/ops/ann"}},"Action":"sts:AssumeRole",
                "Condition":{{"ArnLike":{{"aws:PrincipalArn":"arn:aws:iam::222233334444:role/{role}"}}}}}}"#
        )
    };
    for (role, can) in
        [("*", "Conditionally"), ("ops", "Conditionally"), ("team/ops", "Conditionally"), ("other", "Never")]
    {
        let found = lines(&statement(role));
        assert!(found.contains(&format!("] {can} by")), "{role}: {found}");
    }
}

#[test]
fn conditions_are_shown_and_external_ids_are_hidden() {
    let text = lines(
        r#"{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole",
            "Condition":{"StringEquals":{"sts:ExternalId":["s3cret","two"],"aws:PrincipalOrgID":"o-1"},"Bool":{"aws:MultiFactorAuthPresent":true}}}"#,
    );
    assert!(!text.contains("s3cret"));
    insta::assert_snapshot!(text, @"statement 1: account 222233334444 [account] Conditionally by sts:AssumeRole, when sts:ExternalId StringEquals (hidden), when aws:PrincipalOrgID StringEquals `o-1`, when aws:MultiFactorAuthPresent Bool `true`");
}

#[test]
fn denial_names_the_denying_statement() {
    let allow = r#"{"Effect":"Allow","Principal":{"AWS":["222233334444","333344445555"]},"Action":"sts:AssumeRole"}"#;
    let deny = r#"{"Sid":"No","Effect":"Deny","Principal":{"AWS":"222233334444"},"Action":"sts:*"}"#;
    insta::assert_snapshot!(lines(&format!("{allow},{deny}")), @"
    statement 1: account 222233334444 [account] Never by sts:AssumeRole (statement `No` denies it)
    statement 1: account 333344445555 [account] Always by sts:AssumeRole
    statement `No`: account 222233334444 [account] Never by sts:AssumeRole+sts:AssumeRoleWithSAML+sts:AssumeRoleWithWebIdentity
    ");
    let perhaps = deny.replace("\"sts:*\"", r#""sts:*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#);
    insta::assert_snapshot!(lines(&format!("{allow},{perhaps}")), @"
    statement 1: account 222233334444 [account] Conditionally by sts:AssumeRole (statement `No` may deny it)
    statement 1: account 333344445555 [account] Always by sts:AssumeRole
    statement `No`: account 222233334444 [account] Conditionally by sts:AssumeRole+sts:AssumeRoleWithSAML+sts:AssumeRoleWithWebIdentity, when aws:MultiFactorAuthPresent Bool `false`
    ");
    let but = r#"{"Effect":"Deny","NotPrincipal":{"AWS":["222233334444"]},"Action":"sts:AssumeRole"}"#;
    insta::assert_snapshot!(lines(&format!("{allow},{but}")), @"
    statement 1: account 222233334444 [account] Always by sts:AssumeRole
    statement 1: account 333344445555 [account] Never by sts:AssumeRole (statement 2 denies it)
    statement 2: everyone except account 222233334444 [others] Never by sts:AssumeRole
    ");
}

#[test]
fn statement_about_other_actions_is_omitted() {
    assert_eq!(lines(r#"{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"s3:GetObject"}"#), "");
    assert_eq!(lines(""), "");
}

#[test]
fn denial_of_a_part_of_the_principal_names_it() {
    let allow = r#"{"Effect":"Allow","Principal":{"AWS":["111122223333","222233334444","arn:aws:iam::222233334444:role/deployer"]},"Action":"sts:AssumeRole"}"#;
    let session = r#"{"Effect":"Deny","Principal":{"AWS":"arn:aws:sts::222233334444:assumed-role/deployer/bad"},"Action":"sts:AssumeRole"}"#;
    insta::assert_snapshot!(lines(&format!("{allow},{session}")), @"
    statement 1: account 111122223333 [account] Always by sts:AssumeRole
    statement 1: account 222233334444 [account] Conditionally by sts:AssumeRole (statement 2 denies arn:aws:sts::222233334444:assumed-role/deployer/bad)
    statement 1: arn:aws:iam::222233334444:role/deployer [identity] Conditionally by sts:AssumeRole (statement 2 denies arn:aws:sts::222233334444:assumed-role/deployer/bad)
    statement 2: arn:aws:sts::222233334444:assumed-role/deployer/bad [identity] Never by sts:AssumeRole
    ");
    let mfa = r#"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/x"},"Action":"sts:*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}"#;
    assert!(lines(&format!("{allow},{mfa}")).starts_with(
        "statement 1: account 111122223333 [account] Conditionally by sts:AssumeRole (statement 2 may deny arn:aws:iam::111122223333:user/x)"
    ));
}

#[test]
fn account_in_the_condition_of_a_denial_decides() {
    let allow = r#"{"Effect":"Allow","Principal":{"AWS":["111122223333","222233334444"]},"Action":"sts:AssumeRole"}"#;
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/a","arn:aws:iam::111122223333:role/b"]}}}"#;
    insta::assert_snapshot!(lines(&format!("{allow},{deny}")), @"
    statement 1: account 111122223333 [account] Conditionally by sts:AssumeRole (statement 2 may deny it)
    statement 1: account 222233334444 [account] Never by sts:AssumeRole (statement 2 denies it)
    statement 2: anyone (`*`) [anyone] Conditionally by sts:AssumeRole, when aws:PrincipalArn is none of `arn:aws:iam::111122223333:role/a`, `arn:aws:iam::111122223333:role/b` (ArnNotLike)
    ");
}

#[test]
fn denial_of_what_callers_pass_is_mentioned() {
    let allow = r#"{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}"#;
    let deny = r#"{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:SetSourceIdentity"}"#;
    insta::assert_snapshot!(lines(&format!("{allow},{deny}")), @"
    statement 1: account 222233334444 [account] Conditionally by sts:AssumeRole (statement 2 denies requests with a source identity)
    statement 2: anyone (`*`) [anyone] Never by sts:SetSourceIdentity
    ");
}

#[test]
fn every_kind_of_principal_needs_an_action_that_it_can_use() {
    insta::assert_snapshot!(lines(
        r#"{"Effect":"Allow","Principal":{"AWS":"222233334444","Federated":["arn:aws:iam::444455556666:saml-provider/x","arn:aws:iam::444455556666:oidc-provider/y"]},"Action":["sts:AssumeRoleWithSAML","sts:TagSession"]},
           {"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRole"},
           {"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole","Resource":"*"}"#
    ), @"
    statement 1: account 222233334444 [account] Never by sts:AssumeRoleWithSAML (this kind of principal assumes roles by sts:AssumeRole only)
    statement 1: the identity provider arn:aws:iam::444455556666:saml-provider/x [federated] Always by sts:AssumeRoleWithSAML
    statement 1: the identity provider arn:aws:iam::444455556666:oidc-provider/y [federated] Never by sts:AssumeRoleWithSAML (this kind of principal assumes roles by sts:AssumeRoleWithWebIdentity only)
    statement 2: the identity provider accounts.google.com [federated] Never by sts:AssumeRole (this kind of principal assumes roles by sts:AssumeRoleWithWebIdentity only)
    statement 3: account 222233334444 [account] Conditionally by sts:AssumeRole (the statement has `Resource`, which a trust policy does not have)
    ");
}

#[test]
fn everyone_except_is_explained_even_without_exceptions() {
    insta::assert_snapshot!(lines(
        r#"{"Effect":"Allow","NotPrincipal":{"AWS":[]},"Action":"sts:AssumeRole"},
           {"Effect":"Allow","NotPrincipal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}"#
    ), @"
    statement 1: everyone (`NotPrincipal` is empty) [others] Always by sts:AssumeRole
    statement 2: everyone except account 222233334444 [others] Always by sts:AssumeRole
    ");
    let anyone = r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}"#;
    let but = r#"{"Effect":"Deny","NotPrincipal":{"AWS":["222233334444"]},"Action":"sts:AssumeRole"}"#;
    assert!(lines(&format!("{anyone},{but}")).contains("Conditionally"), "account 222233334444 is not denied");
}

#[test]
fn account_of_another_partition_is_shown_as_its_arn() {
    let text = lines(
        r#"{"Effect":"Allow","Principal":{"AWS":["arn:aws-cn:iam::222233334444:root","arn:aws:iam::222233334444:root"]},"Action":"sts:AssumeRole"},
           {"Effect":"Deny","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}"#,
    );
    insta::assert_snapshot!(text, @"
    statement 1: arn:aws-cn:iam::222233334444:root [identity] Never by sts:AssumeRole (it is in another partition than the other principals, and access does not cross partitions)
    statement 1: account 222233334444 [account] Never by sts:AssumeRole (statement 2 denies it)
    statement 2: account 222233334444 [account] Never by sts:AssumeRole
    ");
}

#[test]
fn principal_that_iam_refuses_never_has_access() {
    let statement = |effect: &str, principal: &str| {
        format!(r#"{{"Effect":"{effect}","Principal":{principal},"Action":"sts:AssumeRole"}}"#)
    };
    let allow = statement(
        "Allow",
        r#"{"Service":" ","AWS":["arn:aws:iam::333344445555:role/*","","2222-3333-4444","arn:aws-gov:iam::333344445555:root","arn:aws:iam::333344445555:newkind/x","111122223333"]}"#,
    );
    let deny = statement("Deny", r#"{"AWS":["arn:aws:iam::333344445555:group/x"]}"#);
    insta::assert_snapshot!(lines(&format!("{allow},{deny}")), @"
    statement 1: the service   [service] Never by sts:AssumeRole (IAM does not accept this principal: it has white space; remove it)
    statement 1: arn:aws:iam::333344445555:role/* [identity] Never by sts:AssumeRole (IAM does not accept this principal: IAM accepts no wildcard in an account ID or ARN; name the account, and its roles in a condition with `ArnLike` and `aws:PrincipalArn`)
    statement 1: `` [identity] Never by sts:AssumeRole (IAM does not accept this principal: it is empty; remove it)
    statement 1: 2222-3333-4444 [identity] Never by sts:AssumeRole (IAM does not accept this principal: an account ID has twelve digits and nothing between them; write `222233334444`)
    statement 1: arn:aws-gov:iam::333344445555:root [identity] Never by sts:AssumeRole (IAM does not accept this principal: `aws-gov` is not an AWS partition; did you mean `aws-us-gov`?)
    statement 1: arn:aws:iam::333344445555:newkind/x [identity] Conditionally by sts:AssumeRole (this kind of principal is not known)
    statement 1: account 111122223333 [account] Always by sts:AssumeRole
    statement 2: arn:aws:iam::333344445555:group/x [identity] Conditionally by sts:AssumeRole (IAM does not accept this principal: a resource of the type `group` is not a principal; name an account, a role, a user or a session)
    ");
}

#[test]
fn elements_that_a_trust_policy_does_not_have_are_named() {
    insta::assert_snapshot!(lines(
        r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Conditions":{"Bool":{"aws:MultiFactorAuthPresent":true}},"NotResource":"x"}"#
    ), @"statement 1: anyone (`*`) [anyone] Conditionally by sts:AssumeRole (the statement has `Conditions` and `NotResource`, which a trust policy does not have)");
}

#[test]
fn grant_without_effect_is_explained() {
    use crate::policy::{Condition, add_grants};
    let check = |statements: &str, partition: &str, principal: &str, condition: &str| {
        let trust = Document::parse(&format!(r#"{{"Statement":[{statements}]}}"#)).unwrap();
        let condition =
            if condition.is_empty() { Condition::default() } else { Condition::parse_text(condition).unwrap() };
        let grant = Grant::new(Principal::to_grant(principal).unwrap(), condition);
        let partition = partition.parse().unwrap();
        let edit = add_grants(&trust, std::slice::from_ref(&grant), &partition).unwrap();
        without_effect(&trust, &edit, &grant, &partition)
    };
    let aws = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}"#;
    let china = aws.replace("arn:aws:", "arn:aws-cn:");
    let saml = r#"{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/x"},"Action":"sts:AssumeRoleWithSAML"}"#;
    let bare = r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}"#;
    let both = format!("{aws},{china}");
    let misnamed = aws.replace("arn:aws:", "arn:aws-china:");
    assert_eq!(check(&misnamed, "aws-cn", "222233334444", ""), None);
    for (statements, partition) in
        [(aws, "aws"), (&china, "aws-cn"), (bare, "aws-us-gov"), ("", "aws-cn"), (&both, "aws"), (&both, "aws-cn")]
    {
        assert_eq!(check(statements, partition, "222233334444", ""), None, "{statements} {partition}");
    }
    for (statements, partition) in [(aws, "aws-us-gov"), (&china, "aws"), (saml, "aws-cn"), (&both, "aws-us-gov")] {
        let why = check(statements, partition, "222233334444", "").unwrap_or_else(|| panic!("{statements}"));
        assert!(why.contains("another partition"), "{why}");
    }
    let role = "arn:aws:iam::222233334444:role/x";
    for (principal, condition) in [
        ("222233334444", r#"{"StringEquals":{"aws:PrincipalAccount":"333344445555"}}"#),
        ("222233334444", r#"{"StringNotEquals":{"aws:PrincipalAccount":"222233334444"}}"#),
        (role, r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222233334444:user/*"}}"#),
    ] {
        assert_eq!(check(aws, "aws", principal, condition).as_deref(), Some("its requests do not meet the condition"));
    }
    for (principal, condition) in [
        ("222233334444", r#"{"StringEquals":{"aws:PrincipalAccount":"222233334444"}}"#),
        ("222233334444", r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222233334444:role/*"}}"#),
        (role, r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#),
    ] {
        assert_eq!(check(aws, "aws", principal, condition), None, "{condition}");
    }
}
