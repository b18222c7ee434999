use super::*;

const OWN: &str = "o-exampleorgid";

fn own() -> OwnOrganization {
    OwnOrganization {
        id: Some(OWN.to_owned()),
        accounts: ["111122223333", "444455556666"].map(|id| id.parse().unwrap()).into(),
        partition: "aws".parse().unwrap(),
    }
}

fn trust(statements: &[&str]) -> Document {
    Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))).unwrap()
}

fn allow(principal: &str, condition: &str) -> String {
    format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole","Condition":{condition}}}"#)
}

fn access(statements: &[&str]) -> Vec<OutsideAccess> {
    outside_access(&trust(statements), &own())
}

/// One line for each entry.
fn lines(statements: &[&str]) -> String {
    let line = |one: OutsideAccess| {
        let mfa = if one.requires_mfa { " mfa" } else { "" };
        let why = one.why.map(|why| format!(" ({why})")).unwrap_or_default();
        format!("{}: {:?} {:?}{mfa}{why}", one.principal, one.can, one.external_id)
    };
    access(statements).into_iter().map(line).collect::<Vec<_>>().join("\n")
}

fn one(principal: &str, condition: &str) -> String {
    lines(&[&allow(principal, condition)])
}

const VENDOR: &str = r#"{"AWS":"210987654321"}"#;
const ANYONE: &str = r#""*""#;

#[test]
fn accounts_of_the_organization_and_services_are_not_outside() {
    for inside in [
        r#"{"AWS":"111122223333"}"#,
        r#"{"AWS":["arn:aws:iam::444455556666:role/a/b","arn:aws:sts::444455556666:assumed-role/a/b"]}"#,
        r#"{"Service":["ec2.amazonaws.com","lambda.amazonaws.com"]}"#,
        r#"{"Federated":"arn:aws:iam::444455556666:saml-provider/x"}"#,
    ] {
        assert_eq!(one(inside, "{}"), "", "{inside}");
    }
}

#[test]
fn each_principal_outside_is_found() {
    let all = r#"{"AWS":["210987654321","arn:aws:iam::210987654321:role/scanner","111122223333","arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"]}"#;
    insta::assert_snapshot!(one(all, "{}"), @"
    account 210987654321: Always NotRequired
    arn:aws:iam::210987654321:role/scanner: Always NotRequired
    arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1: Conditionally NotRequired (its account cannot be read from the ARN)
    ");
}

#[test]
fn external_id_is_required_only_if_requests_without_it_are_not_allowed() {
    let with =
        |operator: &str, value: &str| one(VENDOR, &format!(r#"{{"{operator}":{{"sts:ExternalId":"{value}"}}}}"#));
    for (operator, value, expected) in [
        ("StringEquals", "id", "Required"),
        ("StringLike", "team-*", "Required"),
        ("StringLike", "*", "AnyAccepted"),
        ("StringLike", "????????*", "AnyAccepted"),
        ("StringEqualsIfExists", "id", "NotRequired"),
        ("StringNotEquals", "id", "NotRequired"),
        ("ForAllValues:StringEquals", "id", "NotRequired"),
        ("Null", "false", "AnyAccepted"),
        ("Null", "true", "NotRequired"),
    ] {
        let line = with(operator, value);
        assert!(line.contains(&format!(" {expected}")), "{operator} {value}: {line}");
        assert!(!line.contains("Never"), "{line}");
    }
    assert_eq!(one(VENDOR, "{}"), "account 210987654321: Always NotRequired");
}

#[test]
fn mfa_is_required_only_if_requests_without_it_are_not_allowed() {
    let with = |condition: &str| one(VENDOR, condition).ends_with(" mfa");
    assert!(with(r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#));
    // Numbers are not evaluated, so that nothing is proven. The condition is shown.
    assert!(!with(r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}"#));
    assert!(!with(r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}"#));
    assert!(!with(r#"{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#));
}

#[test]
fn wildcard_is_inside_only_if_every_stranger_is_kept_out() {
    for inside in [
        r#"{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#,
        r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-exampleorgid/r-1/ou-1/*"}}"#,
        r#"{"StringEquals":{"aws:PrincipalAccount":["111122223333","444455556666"]}}"#,
        r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/*"}}"#,
        r#"{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/admin-*"},"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#,
        r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"},"StringEquals":{"aws:PrincipalAccount":"444455556666"}}"#,
        r#"{"StringEquals":{"aws:SourceAccount":"444455556666"}}"#,
        r#"{"Bool":{"aws:PrincipalIsAWSService":"true"}}"#,
    ] {
        assert_eq!(one(ANYONE, inside), "", "{inside}");
        assert_eq!(one(r#"{"AWS":"*"}"#, inside), "", "{inside}");
    }
    for (outside, expected) in [
        ("{}", "Always"),
        (r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#, "Always"),
        (r#"{"ForAllValues:StringLike":{"aws:PrincipalOrgPaths":"o-exampleorgid/*"}}"#, "Always"),
        (r#"{"StringLike":{"aws:PrincipalOrgID":"o-*"}}"#, "Always"),
        // Other organizations may have an ID that begins like this.
        (r#"{"StringLike":{"aws:PrincipalOrgID":"o-exampleorg*"}}"#, "Always"),
        (r#"{"StringEquals":{"aws:PrincipalOrgID":["o-exampleorgid","o-another000"]}}"#, "Always"),
        (r#"{"StringNotEquals":{"aws:PrincipalAccount":"210987654321"}}"#, "Always"),
        (r#"{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#, "Conditionally"),
        (r#"{"StringEquals":{"aws:PrincipalTag/team":"x"}}"#, "Conditionally"),
        (r#"{"StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}"#, "Conditionally"),
        (r#"{"StringLike":{"aws:PrincipalAccount":"2109*"}}"#, "Conditionally"),
        (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/vendor"}}"#, "Conditionally"),
        (r#"{"StringEqualsIfExists":{"aws:SourceAccount":"444455556666"}}"#, "Always"),
    ] {
        let line = one(ANYONE, outside);
        assert_eq!(line, format!("anyone (`*`): {expected} NotRequired"), "{outside}");
    }
}

#[test]
fn wildcard_that_is_limited_to_an_account_outside_is_that_account() {
    let accounts = r#"{"StringEquals":{"aws:PrincipalAccount":["444455556666","210987654321"],"sts:ExternalId":"id"}}"#;
    insta::assert_snapshot!(one(ANYONE, accounts), @"account 210987654321: Conditionally Required (the principal is `*`, and other accounts are limited more than this one)");
    let role = r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::210987654321:role/x"}}"#;
    insta::assert_snapshot!(one(ANYONE, role), @"account 210987654321: Conditionally NotRequired (the principal is `*`, and other accounts are limited more than this one)");
}

#[test]
fn without_the_organization_id_nothing_is_proven_by_it() {
    let statement = allow(ANYONE, r#"{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#);
    let unknown = OwnOrganization { id: None, ..own() };
    let found = outside_access(&trust(&[&statement]), &unknown);
    assert_eq!(found.iter().map(|one| one.can).collect::<Vec<_>>(), [Can::Conditionally]);
}

#[test]
fn deny_statements_keep_strangers_out() {
    let deny = |principal: &str, condition: &str| {
        format!(r#"{{"Effect":"Deny","Principal":{principal},"Action":"sts:*","Condition":{condition}}}"#)
    };
    let outside_is_denied = deny(ANYONE, r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#);
    assert_eq!(lines(&[&allow(ANYONE, "{}"), &outside_is_denied]), "");
    insta::assert_snapshot!(lines(&[&allow(VENDOR, "{}"), &outside_is_denied]), @"account 210987654321: Never NotRequired (statement 2 denies it)");
    let not_without_mfa = deny(ANYONE, r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}"#);
    insta::assert_snapshot!(lines(&[&allow(VENDOR, "{}"), &not_without_mfa]), @"account 210987654321: Conditionally NotRequired mfa");
    // It denies those who have the key, so that strangers without an organization pass.
    let if_exists = deny(ANYONE, r#"{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#);
    assert_eq!(lines(&[&allow(ANYONE, "{}"), &if_exists]), "", "a negated operator matches an absent key");
    let present = deny(
        ANYONE,
        r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-exampleorgid"},"Null":{"aws:PrincipalOrgID":"false"}}"#,
    );
    assert_eq!(lines(&[&allow(ANYONE, "{}"), &present]), "anyone (`*`): Always NotRequired");
    let others = r#"{"Effect":"Deny","NotPrincipal":{"AWS":"210987654321"},"Action":"sts:AssumeRole"}"#;
    let two = r#"{"AWS":["210987654321","210987654322"]}"#;
    insta::assert_snapshot!(lines(&[&allow(two, "{}"), others]), @"
    account 210987654321: Always NotRequired
    account 210987654322: Never NotRequired (statement 2 denies it)
    ");
}

#[test]
fn everyone_but_some_is_everyone() {
    let others = r#"{"Effect":"Allow","NotPrincipal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}"#;
    insta::assert_snapshot!(lines(&[others]), @"anyone (`*`): Always NotRequired (`NotPrincipal` allows everyone except account 444455556666)");
    let limited = r#"{"Effect":"Allow","NotPrincipal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}}"#;
    assert_eq!(lines(&[limited]), "");
    let kinds: Vec<_> = access(&[others]).iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [PrincipalKind::Others]);
}

#[test]
fn principals_that_can_assume_nothing_are_said() {
    let all = r#"{"AWS":["AROAIOSFODNN7EXAMPLE","AIDAIOSFODNN7EXAMPLE","arn:aws-cn:iam::210987654321:root","arn:aws-us-gov:iam::111122223333:root"],"CanonicalUser":"79a59df9","Other":"x"}"#;
    insta::assert_snapshot!(one(all, "{}"), @"
    the unique ID AROAIOSFODNN7EXAMPLE: Never NotRequired (the role or user was deleted, so that the ID matches no caller)
    the unique ID AIDAIOSFODNN7EXAMPLE: Never NotRequired (the role or user was deleted, so that the ID matches no caller)
    arn:aws-cn:iam::210987654321:root: Never NotRequired (it is in another partition, and access does not cross partitions)
    arn:aws-us-gov:iam::111122223333:root: Never NotRequired (it is in another partition, and access does not cross partitions)
    the canonical user 79a59df9: Never NotRequired (a canonical user is a principal of Amazon S3 only)
    Other x: Conditionally NotRequired (this kind of principal is not known)
    ");
    let tag_only = r#"{"Effect":"Allow","Principal":{"AWS":"210987654321"},"Action":"sts:TagSession"}"#;
    insta::assert_snapshot!(lines(&[tag_only]), @"account 210987654321: Never NotRequired (the statement does not allow `sts:AssumeRole`)");
}

#[test]
fn wildcard_for_tokens_is_reported() {
    let token = r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity"}"#;
    insta::assert_snapshot!(lines(&[token]), @"anyone (`*`): Conditionally NotRequired (by the token of any identity provider that AWS accepts in this account)");
    let all_actions = r#"{"Effect":"Allow","Principal":"*","Action":"sts:*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}}"#;
    assert_eq!(lines(&[all_actions]), "", "a token has no organization");
    let not_action = r#"{"Effect":"Allow","Principal":"*","NotAction":"iam:*"}"#;
    assert_eq!(lines(&[not_action]), "anyone (`*`): Always NotRequired");
}

#[test]
fn external_ids_are_hidden_in_conditions() {
    let found =
        access(&[&allow(VENDOR, r#"{"StringEquals":{"sts:ExternalId":"s3cret-id","aws:PrincipalOrgID":"o-2"}}"#)]);
    let shown: Vec<_> = found.iter().flat_map(|one| &one.conditions).map(ToString::to_string).collect();
    assert_eq!(shown, ["sts:ExternalId StringEquals (hidden)", "aws:PrincipalOrgID StringEquals `o-2`"]);
    assert!(!format!("{found:?}").contains("s3cret"));
}

mod soundness {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::{Caller, Verdict, can_assume};

    fn principal() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            r#""Principal":"*""#,
            r#""Principal":{"AWS":"210987654321"}"#,
            r#""Principal":{"AWS":["444455556666","arn:aws:iam::210987654321:role/x"]}"#,
            r#""NotPrincipal":{"AWS":"444455556666"}"#,
            r#""NotPrincipal":{"AWS":"210987654321"}"#,
        ])
    }

    fn clause() -> impl Strategy<Value = String> {
        let operator = prop::sample::select(vec![
            "StringEquals",
            "StringLike",
            "StringNotEquals",
            "StringEqualsIfExists",
            "StringNotLikeIfExists",
            "ForAnyValue:StringLike",
            "ForAllValues:StringLike",
            "ArnLike",
        ]);
        let key = prop::sample::select(vec![
            ("aws:PrincipalOrgID", "o-exampleorgid"),
            ("aws:PrincipalOrgID", "o-another"),
            ("aws:PrincipalOrgID", "o-a*"),
            ("aws:PrincipalOrgPaths", "o-exampleorgid/*"),
            ("aws:PrincipalOrgPaths", "o-another/r-1/*"),
            ("aws:PrincipalAccount", "444455556666"),
            ("aws:PrincipalAccount", "210987654321"),
            ("aws:PrincipalAccount", "2109*"),
            ("aws:PrincipalArn", "arn:aws:iam::210987654321:role/x"),
            ("aws:PrincipalArn", "arn:aws:iam::*:role/x"),
            ("aws:PrincipalArn", "arn:aws:iam::444455556666:*"),
            ("sts:ExternalId", "id"),
            ("aws:SourceAccount", "444455556666"),
        ]);
        (operator, key).prop_map(|(operator, (key, value))| format!(r#""{operator}":{{"{key}":"{value}"}}"#))
    }

    fn statement() -> impl Strategy<Value = String> {
        let effect = prop::sample::select(vec!["Allow", "Allow", "Deny"]);
        let action = prop::sample::select(vec!["sts:AssumeRole", "sts:*", "sts:TagSession"]);
        let clauses = prop::collection::btree_map("[a-c]", clause(), 0..3);
        (effect, principal(), action, clauses).prop_map(|(effect, principal, action, clauses)| {
            // Each operator once: a duplicate key is not valid.
            let mut by_operator = std::collections::BTreeMap::new();
            for clause in clauses.into_values() {
                by_operator.entry(clause.split('{').next().unwrap_or_default().to_owned()).or_insert(clause);
            }
            let condition = by_operator.into_values().collect::<Vec<_>>().join(",");
            format!(r#"{{"Effect":"{effect}",{principal},"Action":"{action}","Condition":{{{condition}}}}}"#)
        })
    }

    /// Real requests of strangers: an account, its organization if it has one, and an external ID if it passes one.
    fn requests() -> Vec<(Caller, RequestContext)> {
        let mut all = Vec::new();
        for account in ["210987654321", "210987654322", "300000000000"] {
            for organization in [None, Some("o-another"), Some("o-zzz")] {
                for id in [None, Some("id"), Some("x")] {
                    let arn = format!("arn:aws:iam::{account}:role/x");
                    let mut context = RequestContext::complete().with(ACCOUNT, account).with(ARN, &arn);
                    if let Some(organization) = organization {
                        context = context.with(ORGANIZATION, organization);
                        context = context.with(PATHS, &format!("{organization}/r-1/ou-1/"));
                    }
                    if let Some(id) = id {
                        context = context.with(EXTERNAL_ID, id);
                    }
                    all.push((Caller { account: account.parse().unwrap(), arn: Some(arn) }, context));
                }
            }
        }
        all
    }

    proptest! {
        /// Whoever outside the organization can assume the role is found, and not said to need what it does not need.
        #[test]
        fn every_stranger_that_can_assume_the_role_is_found(statements in prop::collection::vec(statement(), 1..4)) {
            let statements: Vec<_> = statements.iter().map(String::as_str).collect();
            let document = trust(&statements);
            let found: Vec<_> = access(&statements).into_iter().filter(|one| one.can != Can::Never).collect();
            for (caller, context) in requests() {
                if !matches!(can_assume(&document, &caller, &context), Verdict::Allowed(_)) {
                    continue;
                }
                let covers = |one: &&OutsideAccess| {
                    one.principal == Principal::Anyone || one.principal.account().as_ref() == Some(&caller.account)
                };
                let covering: Vec<_> = found.iter().filter(covers).collect();
                prop_assert!(!covering.is_empty(), "{caller:?} is not found");
                if context.exact(EXTERNAL_ID).is_none() {
                    let is_said = covering.iter().any(|one| one.external_id == ExternalIdCheck::NotRequired);
                    prop_assert!(is_said, "{caller:?} needs no external ID");
                }
            }
        }
    }
}
