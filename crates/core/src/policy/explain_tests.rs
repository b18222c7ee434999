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
    statement 1: a deleted identity (AROAIOSFODNN7EXAMPLE1) [deleted] Never by sts:AssumeRole (the role or user was deleted; IAM refuses to save the policy as it is)
    statement 1: the service ec2.amazonaws.com [service] Always by sts:AssumeRole
    statement 1: the canonical user abc [canonical_user] Always by sts:AssumeRole
    statement 1: New thing [unknown] Always by sts:AssumeRole
    statement `Web`: the identity provider cognito-identity.amazonaws.com [federated] Always by sts:AssumeRoleWithWebIdentity
    statement 3: anyone (`*`) [anyone] Always by sts:AssumeRole+sts:AssumeRoleWithSAML+sts:AssumeRoleWithWebIdentity
    ");
}

#[test]
fn conditions_are_shown_and_external_ids_are_hidden() {
    let text = lines(
        r#"{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole",
            "Condition":{"StringEquals":{"sts:ExternalId":["s3cret","two"],"aws:PrincipalOrgID":"o-1"},"Bool":{"aws:MultiFactorAuthPresent":true}}}"#,
    );
    assert!(!text.contains("s3cret"));
    insta::assert_snapshot!(text, @"statement 1: account 222233334444 [account] Conditionally by sts:AssumeRole, when sts:ExternalId StringEquals (hidden), when aws:PrincipalOrgID StringEquals o-1, when aws:MultiFactorAuthPresent Bool true");
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
    statement 1: account 222233334444 [account] Conditionally by sts:AssumeRole (a deny statement may apply)
    statement 1: account 333344445555 [account] Always by sts:AssumeRole
    statement `No`: account 222233334444 [account] Conditionally by sts:AssumeRole+sts:AssumeRoleWithSAML+sts:AssumeRoleWithWebIdentity, when aws:MultiFactorAuthPresent Bool false
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
